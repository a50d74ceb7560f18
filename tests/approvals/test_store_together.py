"""Many at once on one database: every vote counts once, every act happens once."""

import multiprocessing
import threading
from datetime import timedelta

import pytest

from approvals.audit_store import AuditStore
from approvals.events import VoteRecorded
from approvals.person import Role, Roster
from approvals.request import RequestId, RequestState
from approvals.store import GrantStore, RequestStore
from bot.database import Database
from tests.approvals.conftest import METADATA, TABLES
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    OTTO,
    RITA,
    ROSTER,
    a_person,
    a_request,
    a_rule,
    asked,
    yes,
)

WORKERS = 4
REQUESTS = 12
PROVE = pytest.param(8, 200, marks=[pytest.mark.prove, pytest.mark.timeout(1_800)], id="eight, 200 requests")
# A person may ask four times here: five in an hour are the limit.
EACH = 4
MORE = tuple(a_person(f"Asker {number}", f"T1/U1{number:02}", Role.OPERATOR) for number in range(50))
ASKERS = (OTTO, RITA, OLIVIA, *MORE)
CROWD = Roster((*ROSTER, *MORE))
SOON = NOON + timedelta(minutes=1)
DEADLINE_S = 1_500


def file_all(database: Database, count: int = REQUESTS) -> list[RequestId]:
    """Requests on different accounts, by askers who do not run into their limit."""
    with database.connection() as connection:
        METADATA.create_all(connection, tables=TABLES)
    ids = []
    with database.transaction() as session:
        for number in range(count):
            by = ASKERS[number // EACH]
            request = a_request(
                by, rule=a_rule(), cause=f"click-{number}", account=f"venue-{number}", roster=CROWD
            )
            RequestStore(session, KEY).add(request, asked(by))
            ids.append(request.id)
    return ids


def vote_and_carry_out(database: Database, ids: list[RequestId]) -> tuple[int, int, int]:
    """Vote for everything as everybody, then press Go everywhere; counts what came through."""
    voted = claimed = spent = 0
    for request_id in ids:
        for person in (RITA, OLIVIA, OTTO):
            with database.transaction() as session:
                outcome = RequestStore(session, KEY).record_vote(request_id, yes(person), CROWD, SOON)
                if isinstance(outcome, VoteRecorded):
                    AuditStore(session, KEY).record(outcome, SOON)
                    voted += 1
        with database.transaction() as session:
            requests, grants = RequestStore(session, KEY), GrantStore(session)
            claimed += requests.claim_execution(request_id, CROWD, SOON)
            spent += grants.spend(grants.issue(requests.get(request_id)).id, SOON)
    return voted, claimed, spent


def in_a_process(url: str, ids: list[RequestId], start: object, results: object) -> None:
    """The same, by a process that shares nothing but the database."""
    database = Database(url)
    start.wait(DEADLINE_S)
    results.put(vote_and_carry_out(database, ids))
    database.close()


def check(database: Database, ids: list[RequestId], done: list[tuple[int, int, int]]) -> None:
    """Each request has its two or three votes, one claim and one spent grant between all workers."""
    voted, claimed, spent = (sum(column) for column in zip(*done, strict=True))
    assert claimed == spent == len(ids)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert {store.get(request_id).state for request_id in ids} == {RequestState.APPROVED}
        assert sum(len(store.votes(request_id)) for request_id in ids) == voted + len(ids)
        verdict = AuditStore(session, KEY).verify()
    assert (verdict.ok, verdict.rows) == (True, voted)


def test_rule_03_threads_vote_and_execute_once(empty_database: Database) -> None:
    """Four threads of one bot press everything at the same time."""
    ids = file_all(empty_database)
    done: list[tuple[int, int, int]] = []
    start = threading.Barrier(WORKERS)

    def work() -> None:
        start.wait(DEADLINE_S)
        done.append(vote_and_carry_out(empty_database, ids))

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    check(empty_database, ids, done)


@pytest.mark.parametrize(
    ("processes", "requests"), [pytest.param(WORKERS, REQUESTS, id="four, 12 requests"), PROVE]
)
def test_rule_03_processes_vote_and_execute_once(database_url: str, processes: int, requests: int) -> None:
    """Processes that share nothing but the database do the same."""
    database = Database(database_url)
    ids = file_all(database, requests)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # the libraries are imported once, not by each of them
    start, results = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=in_a_process, args=(database_url, ids, start, results))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        check(database, ids, [results.get(timeout=DEADLINE_S) for _ in workers])
    finally:
        for worker in workers:
            worker.join(DEADLINE_S)
            worker.kill()
        database.close()
