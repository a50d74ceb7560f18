"""Many at once on one database: every vote counts once, every act happens once."""

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
from sqlmodel import Session

from approvals.audit_store import AuditStore
from approvals.events import VoteRecorded
from approvals.person import Person, Role, Roster
from approvals.request import RequestId, RequestState
from approvals.store import GrantStore, RequestStore
from bot.database import Database
from bot.errors import DatabaseUnavailable
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

T = TypeVar("T")
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


def in_a_transaction(database: Database, act: Callable[[Session], T]) -> T:
    """What an act gives; where others kept the file for too long, nothing was saved and it is tried again."""
    while True:
        with suppress(DatabaseUnavailable), database.transaction() as session:
            return act(session)


def vote_and_carry_out(database: Database, ids: list[RequestId]) -> tuple[int, int, int]:
    """Vote for everything as everybody, then press Go everywhere; counts what came through."""
    voted = claimed = spent = 0

    def vote(session: Session, request_id: RequestId, person: Person) -> bool:
        outcome = RequestStore(session, KEY).record_vote(request_id, yes(person), CROWD, SOON)
        if isinstance(outcome, VoteRecorded):
            AuditStore(session, KEY).record(outcome, SOON)
        return isinstance(outcome, VoteRecorded)

    def carry_out(session: Session, request_id: RequestId) -> tuple[bool, bool]:
        requests, grants = RequestStore(session, KEY), GrantStore(session)
        has_claimed = requests.claim_execution(request_id, CROWD, SOON)
        return has_claimed, grants.spend(grants.issue(requests.get(request_id)).id, SOON)

    for request_id in ids:
        for person in (RITA, OLIVIA, OTTO):
            voted += in_a_transaction(database, partial(vote, request_id=request_id, person=person))
        has_claimed, has_spent = in_a_transaction(database, partial(carry_out, request_id=request_id))
        claimed, spent = claimed + has_claimed, spent + has_spent
    return voted, claimed, spent


def in_a_process(url: str, ids: list[RequestId], start: object, results: object) -> None:
    """The same, by a process that shares nothing but the database; gives the trouble where there is one."""
    database = Database(url)
    try:
        start.wait(DEADLINE_S)
        results.put(vote_and_carry_out(database, ids))
    except Exception as error:
        results.put(f"{type(error).__name__}: {error}")
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
        done = [results.get(timeout=DEADLINE_S) for _ in workers]
        assert all(isinstance(each, tuple) for each in done), done
        check(database, ids, done)
    finally:
        for worker in workers:
            worker.join(DEADLINE_S)
            worker.kill()
        database.close()
