"""The inbox: saved once, whatever Slack repeats and whatever dies."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlmodel import SQLModel, select

from bot import inbox as inbox_module
from bot.database import Database
from bot.inbox import Acceptance, Inbox, Saved
from bot.payloads import read_command, read_event, read_interaction
from bot.tables import InboxRow
from tests.bot.intake import DEADLINE_S, Clock, Gatekeeper, open_database, until
from tests.bot.slack_payloads import OTTO, TEAM, click, command, submission, written


@pytest.fixture
def tables(empty_database: Database) -> Database:
    """A database of each kind with the bot's tables."""
    with empty_database.connection() as connection:
        SQLModel.metadata.create_all(connection)
    return empty_database


@pytest.fixture
def saved() -> list[Saved]:
    """What workers were offered."""
    return []


@pytest.fixture
def inbox(tables: Database, saved: list[Saved]) -> Iterator[Inbox]:
    """A running inbox."""
    inbox = Inbox(tables, Clock(), saved.extend)
    inbox.start()
    yield inbox
    inbox.stop()


def accepted(inbox: Inbox, payload: dict[str, object]) -> Acceptance:
    """Save a command and wait for the disk."""
    return inbox.accept(read_command(payload)).result(DEADLINE_S)


def full() -> None:
    """Stands in for a transaction that the disk does not take."""
    raise OSError("the disk is full")


def rows(database: Database) -> list[InboxRow]:
    """What the table holds."""
    with database.reading() as session:
        found = list(session.exec(select(InboxRow)).all())
        session.expunge_all()
        return found


def test_a_command_is_on_disk_when_its_future_is_resolved(inbox: Inbox, tables: Database) -> None:
    """Whoever waits for the future may acknowledge."""
    assert accepted(inbox, command()).new

    (row,) = rows(tables)
    assert (row.kind, row.state, row.account) == ("command", "received", f"{TEAM}/{OTTO}")


def test_a_repeated_key_is_known_and_offered_once(inbox: Inbox, saved: list[Saved]) -> None:
    """Slack may deliver again; the listener runs for the first delivery only."""
    assert accepted(inbox, command("status")).new
    assert not accepted(inbox, command("status")).new

    assert len(saved) == 1


def test_two_deliveries_in_one_batch_are_saved_once(tables: Database) -> None:
    """A repeat that arrives before the first is on disk is a repeat all the same."""
    offered: list[Saved] = []
    inbox = Inbox(tables, Clock(), offered.extend)
    first, second = inbox.accept(read_command(command())), inbox.accept(read_command(command()))
    inbox.start()

    assert [first.result(DEADLINE_S).new, second.result(DEADLINE_S).new] == [True, False]
    assert len(offered) == 1
    inbox.stop()


def test_slacks_token_is_not_kept(inbox: Inbox, tables: Database, saved: list[Saved]) -> None:
    """The legacy token in every payload is a secret of no use."""
    accepted(inbox, command())

    assert "token" not in json.loads(rows(tables)[0].body)
    assert "token" not in saved[0].payload


def test_a_second_factor_is_not_kept(inbox: Inbox, tables: Database) -> None:
    """A code typed into a form reaches the listener and never the disk."""
    payload = submission(
        {
            "code": {"approval.code": {"type": "plain_text_input", "value": "123456"}},
            "reason": {"reason": {"type": "plain_text_input", "value": "first small run"}},
        }
    )
    delivery = read_interaction(payload)
    assert delivery is not None
    inbox.accept(delivery).result(DEADLINE_S)

    body = rows(tables)[0].body
    assert "123456" not in body
    assert "first small run" in body
    assert "123456" in json.dumps(delivery.payload)


def test_a_code_beside_a_pressed_button_is_not_kept(inbox: Inbox, tables: Database) -> None:
    """A button inside a form carries the half-typed form along, and in two places."""
    payload = click()
    typed = {"values": {"code": {"code": {"type": "plain_text_input", "value": "123456"}}}}
    delivery = read_interaction({**payload, "state": typed, "view": {"id": "V1", "state": typed}})
    assert delivery is not None
    inbox.accept(delivery).result(DEADLINE_S)

    assert "123456" not in rows(tables)[0].body


def test_what_somebody_writes_to_the_bot_is_not_kept(
    inbox: Inbox, tables: Database, saved: list[Saved]
) -> None:
    """It may be a key that was pasted into the wrong window; who wrote is enough for an answer."""
    delivery = read_event(written("sesame"))
    assert delivery is not None
    inbox.accept(delivery).result(DEADLINE_S)

    assert "sesame" not in rows(tables)[0].body
    assert saved[0].payload["event"]["user"] == OTTO


def test_unfinished_rows_come_again_after_a_restart(inbox: Inbox, tables: Database) -> None:
    """What was acknowledged and not finished is not lost with the process."""
    accepted(inbox, command(trigger="1.1.a"))
    accepted(inbox, command(trigger="1.1.b"))
    inbox.done("command:1.1.a").result(DEADLINE_S)

    again, given_up = Inbox(tables, Clock()).pending()

    assert [(row.key, row.redelivered) for row in again] == [("command:1.1.b", True)]
    assert given_up == []


def test_a_row_that_ends_the_process_three_times_is_given_up(inbox: Inbox, tables: Database) -> None:
    """One poisonous click must not keep the bot from starting."""
    accepted(inbox, command())

    starts = [Inbox(tables, Clock()).pending() for _ in range(3)]

    assert [len(again) for again, _ in starts] == [1, 1, 0]
    assert [row.key for row in starts[2][1]] == ["command:1.2.abc"]


def test_a_row_that_was_given_up_comes_until_it_is_marked(inbox: Inbox, tables: Database) -> None:
    """A bot that dies before it could tell the person tells at its next start."""
    accepted(inbox, command())
    for _ in range(3):
        Inbox(tables, Clock()).pending()
    again, given_up = Inbox(tables, Clock()).pending()
    assert (again, [row.key for row in given_up]) == ([], ["command:1.2.abc"])

    inbox.failed("command:1.2.abc", 3).result(DEADLINE_S)

    assert Inbox(tables, Clock()).pending() == ([], [])


def test_a_row_of_another_hour_is_given_up(inbox: Inbox, tables: Database) -> None:
    """The desk is another by then: a stop of yesterday must not meet the session of today."""
    accepted(inbox, command())
    later = Clock()
    later.passes(minutes=15)
    assert [row.late for row in Inbox(tables, later).pending()[0]] == [False]

    later.passes(seconds=1)
    again, given_up = Inbox(tables, later).pending()

    assert again == []
    assert [(row.late, row.received_at) for row in given_up] == [(True, Clock()())]


def test_a_mark_that_could_not_be_written_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the row would run again at the next start, although it was done; whoever waits learns at once."""
    monkeypatch.setattr(inbox_module, "MARK_AGAIN_S", 0.01)
    database = open_database(tmp_path)
    inbox = Inbox(database, Clock())
    inbox.start()
    accepted(inbox, command())
    with monkeypatch.context() as patched:
        patched.setattr(database, "writing", full)
        with pytest.raises(OSError, match="disk is full"):
            inbox.done("command:1.2.abc").result(DEADLINE_S)
        with pytest.raises(OSError, match="disk is full"):
            accepted(inbox, command(trigger="1.1.b"))

    until(lambda: [row.state for row in rows(database)] == ["done"], "the mark was written")
    inbox.stop()


def test_rows_are_kept_for_a_day(tables: Database) -> None:
    """A key is remembered longer than Slack repeats, and not for ever; unfinished rows stay."""
    clock = Clock()
    inbox = Inbox(tables, clock)
    inbox.start()
    for trigger in ("1.1.done", "1.1.open"):
        accepted(inbox, command(trigger=trigger))
    inbox.done("command:1.1.done").result(DEADLINE_S)
    clock.passes(hours=25)
    accepted(inbox, command(trigger="1.1.next"))
    inbox.stop()

    assert [row.key for row in rows(tables)] == ["command:1.1.open", "command:1.1.next"]


def test_a_batch_that_cannot_be_saved_fails_and_the_next_one_is_saved(tmp_path: Path) -> None:
    """A full disk is told to whoever waits; the writer goes on."""
    database = open_database(tmp_path)
    faulty = Faulty(database)
    inbox = Inbox(faulty, Clock())
    inbox.start()

    with pytest.raises(OSError, match="disk is full"):
        accepted(inbox, command(trigger="1.1.a"))
    assert accepted(inbox, command(trigger="1.1.a")).new
    inbox.stop()


def test_what_arrives_while_the_disk_is_busy_shares_one_transaction(tmp_path: Path) -> None:
    """The price of a full sync is shared by everybody who waits for it."""
    gate = Gatekeeper()
    slow = Slow(open_database(tmp_path), gate)
    inbox = Inbox(slow, Clock())
    inbox.start()
    first = inbox.accept(read_command(command(trigger="1.1.0")))
    assert gate.arrived.wait(DEADLINE_S)
    others = [inbox.accept(read_command(command(trigger=f"1.1.{n}"))) for n in range(1, 20)]
    gate.open()

    assert all(each.result(DEADLINE_S).new for each in (first, *others))
    assert slow.transactions == 2
    inbox.stop()


class Faulty:
    """A database whose first transaction finds the disk full."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._failed = False

    def writing(self) -> AbstractContextManager[Connection]:
        """Fail once."""
        if not self._failed:
            self._failed = True
            raise OSError("the disk is full")
        return self._database.writing()


class Slow:
    """A database that counts its transactions and waits before each."""

    def __init__(self, database: Database, wait: Callable[[], None]) -> None:
        self._database = database
        self._wait = wait
        self.transactions = 0

    def writing(self) -> AbstractContextManager[Connection]:
        """Count, wait, go on."""
        self.transactions += 1
        self._wait()
        return self._database.writing()
