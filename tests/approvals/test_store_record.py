"""The record in the database."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session

from approvals import audit_store
from approvals.audit import Entry, Head
from approvals.audit_store import AuditStore
from approvals.events import VoteRecorded
from approvals.rows import ENTRY, entry_values
from approvals.store import RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    OTTO,
    ROSTER,
    a_request,
    asked,
    yes,
)
from tests.approvals.stored import SOON


def record(session: Session, count: int) -> AuditStore:
    """A record with some rows."""
    store = AuditStore(session, KEY)
    for number in range(count):
        store.append("request.vote", "olivia", f"req-{number}", {"number": number}, NOON)
    return store


def test_the_record_grows_row_by_row(database: Database) -> None:
    """Rows come back in order, and the chain verifies with the key."""
    with database.transaction() as session:
        assert AuditStore(session, KEY).head() is None
        record(session, 3)
    with database.transaction() as session:
        store = record(session, 2)
        assert [entry.sequence for entry in store.entries()] == [1, 2, 3, 4, 5]
        assert [entry.sequence for entry in store.entries(after=3)] == [4, 5]
        assert [entry.sequence for entry in store.recent(2)] == [5, 4]
        assert (store.at(4), store.at(6)) == (store.recent(2)[1].head, None)
        assert store.head() == store.recent(1)[0].head
        head = store.head()
        assert head is not None
        verdict = store.verify([head])
        assert (verdict.rows, verdict.ok, verdict.head) == (5, True, store.head())


def test_a_long_record_is_walked_in_batches(database: Database) -> None:
    """More rows than one batch holds, none twice and none left out."""
    with database.transaction() as session:
        verdict = record(session, 2_000).verify([Head(1, "0" * 64)])
        assert (verdict.rows, verdict.first_bad) == (2_000, 1)
        assert AuditStore(session, KEY).verify().ok


def test_an_edit_in_the_database_is_found(database: Database) -> None:
    """One letter of one body."""
    with database.transaction() as session:
        record(session, 3)
        edited = update(ENTRY).where(ENTRY.c.sequence == 2).values(body_text='{"number":7}')
        session.connection().execute(edited)
        verdict = AuditStore(session, KEY).verify()
    assert (verdict.ok, verdict.first_bad) == (False, 2)


def test_rule_20_a_record_of_another_key_is_found_in_the_database(database: Database) -> None:
    """Whoever writes the database has not the key, and every row is held against it."""
    with database.transaction() as session:
        assert record(session, 3).verify().ok
        verdict = AuditStore(session, b"a key of the forger's own").verify()
    assert (verdict.ok, verdict.first_bad, verdict.why) == (False, 1, "row 1 was not signed with this key")


def test_a_rolled_back_act_leaves_no_row(database: Database) -> None:
    """The record tells what happened, and an act undone did not."""

    def half_an_act() -> None:
        with database.transaction() as session:
            record(session, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_an_act()
    with database.transaction() as session:
        assert record(session, 1).recent(9)[0].sequence == 1


def test_every_event_stands_in_the_record(database: Database) -> None:
    """Asked, answered, with who counted and by which rule, for whoever reads it later."""
    request = a_request()
    with database.transaction() as session:
        requests, audit = RequestStore(session, KEY), AuditStore(session, KEY)
        audit.record(requests.add(request, asked()), NOON)
        outcome = requests.record_vote(request.id, yes(OLIVIA), ROSTER, SOON)
        assert isinstance(outcome, VoteRecorded)
        audit.record(outcome, SOON)
        created, voted = audit.entries()
    assert (created.kind, created.actor, created.subject) == ("request.created", OTTO.id, request.id)
    assert created.body["digest"] == request.digest
    assert created.body["rule"]["persons"] == 2
    assert (voted.kind, voted.actor, voted.time) == ("request.vote", OLIVIA.id, SOON)
    assert (voted.body["counted"], voted.body["state"]) == (["otto", "olivia"], "approved")


def test_what_one_act_did_is_found_by_its_cause(database: Database) -> None:
    """Exactly its own rows, whatever characters stand in the cause."""
    with database.transaction() as session:
        store = AuditStore(session, KEY)
        for number, cause in enumerate(('action:"1%_', 'action:"1%_', "action:1xx", 'action:"1%')):
            store.append("session.stop", "otto", f"live-{number}", {"cause": cause, "reason": "odd"}, NOON)
        store.append("halt", "otto", "halt-1", {"cause": 'action:"1%_'}, NOON)

        found = store.caused("session.stop", 'action:"1%_')
        assert [entry.subject for entry in found] == ["live-0", "live-1"]


def test_the_newest_row_about_one_thing_is_found(database: Database) -> None:
    """Of that kind and that subject, and no other."""
    with database.transaction() as session:
        store = AuditStore(session, KEY)
        for kind, subject, number in (("a", "x", 1), ("a", "x", 2), ("b", "x", 3), ("a", "y", 4)):
            store.append(kind, "otto", subject, {"number": number}, NOON)

        found = store.newest("a", "x")
        assert found is not None
        assert (found.sequence, found.body) == (2, {"number": 2})
        assert store.newest("b", "y") is None


def test_rows_come_in_the_order_of_their_numbers(database: Database) -> None:
    """Wherever the database keeps them, and only those of the kind and time that are asked for."""
    with database.transaction() as session:
        store = AuditStore(session, KEY)
        for number in range(5):
            at = NOON + timedelta(seconds=number)
            store.append("odd" if number % 2 else "even", "otto", "x", {"cause": "click-1"}, at)
        moved = [entry_values(entry) for entry in list(store.entries())[::-1]]
        session.connection().execute(delete(ENTRY))
        session.connection().execute(ENTRY.insert(), moved)

        def numbers(entries: Iterable[Entry]) -> list[int]:
            return [entry.sequence for entry in entries]

        assert numbers(store.of_kind("even")) == numbers(store.caused("even", "click-1")) == [1, 3, 5]
        assert numbers(store.since("even", NOON)) == [1, 3, 5]
        assert numbers(store.since("even", NOON + timedelta(seconds=2))) == [3, 5]
        assert numbers(store.since("odd", NOON + timedelta(seconds=2))) == [4]
        assert numbers(store.of_kind("none")) == numbers(store.caused("none", "click-1")) == []
        assert numbers(store.entries()) == numbers(reversed(store.recent(9))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("rows", "heard"), [(0, [0]), (3, [3]), (4, [4, 0]), (9, [4, 4, 1])])
def test_a_walk_tells_how_many_came_with_each_batch(database: Database, rows: int, heard: list[int]) -> None:
    """Until one is not full; the walk of a verification tells it too."""
    told: list[int] = []
    with database.transaction() as session, pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit_store, "BATCH", 4)
        patched.setattr(audit_store, "HANDFUL", 3)
        store = record(session, rows)
        assert [row[0] for row in store.rows(walked=told.append)] == list(range(1, rows + 1))
        assert told == heard
        told.clear()
        assert store.verify(walked=told.append).rows == rows
        assert told == heard
