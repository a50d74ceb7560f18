"""Many at once on one database: every vote counts once, every act happens once."""

import multiprocessing
import threading
from datetime import timedelta

from approvals.events import VoteRecorded
from approvals.request import RequestId, RequestState
from approvals.store import AuditStore, GrantStore, RequestStore
from bot.database import Database
from tests.approvals.conftest import METADATA, TABLES
from tests.approvals.desk import KEY, NOON, OLIVIA, OTTO, RITA, ROSTER, a_request, a_rule, asked, yes

WORKERS = 4
REQUESTS = 12
SOON = NOON + timedelta(minutes=1)
DEADLINE_S = 90


def file_all(database: Database) -> list[RequestId]:
    """Requests on different accounts, by askers who do not run into their limit."""
    with database.connection() as connection:
        METADATA.create_all(connection, tables=TABLES)
    ids = []
    with database.transaction() as session:
        for number in range(REQUESTS):
            by = (OTTO, RITA, OLIVIA)[number % 3]
            request = a_request(by, rule=a_rule(), cause=f"click-{number}", account=f"venue-{number}")
            RequestStore(session).add(request, asked(by))
            ids.append(request.id)
    return ids


def vote_and_carry_out(database: Database, ids: list[RequestId]) -> tuple[int, int, int]:
    """Vote for everything as everybody, then press Go everywhere; counts what came through."""
    voted = claimed = spent = 0
    for request_id in ids:
        for person in (RITA, OLIVIA, OTTO):
            with database.transaction() as session:
                outcome = RequestStore(session).record_vote(request_id, yes(person), ROSTER, SOON)
                if isinstance(outcome, VoteRecorded):
                    AuditStore(session, KEY).record(outcome, SOON)
                    voted += 1
        with database.transaction() as session:
            requests, grants = RequestStore(session), GrantStore(session)
            claimed += requests.claim_execution(request_id, ROSTER, SOON)
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
    assert len(done) == WORKERS
    assert claimed == spent == REQUESTS
    with database.transaction() as session:
        store = RequestStore(session)
        assert {store.get(request_id).state for request_id in ids} == {RequestState.APPROVED}
        assert sum(len(store.votes(request_id)) for request_id in ids) == voted + REQUESTS
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


def test_rule_03_processes_vote_and_execute_once(database_url: str) -> None:
    """Four processes on one database do the same."""
    database = Database(database_url)
    ids = file_all(database)
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(WORKERS), context.Queue()
    workers = [
        context.Process(target=in_a_process, args=(database_url, ids, start, results)) for _ in range(WORKERS)
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
