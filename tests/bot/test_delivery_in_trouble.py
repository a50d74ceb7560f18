"""A message, a channel or the database is in trouble: the others go on, nothing is lost or said twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlmodel import Session

from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.outbox import Urgency
from bot.practice.people import GENERAL, TRADING_ALERTS
from tests.bot.faulty_slack import held, in_trouble, lost_after_doing, rate_limited, refused
from tests.bot.intake import DEADLINE_S, until
from tests.bot.outgoing import APPROVALS, OPS, REPORTS, Way, retried, retry, said, way_out


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """An outbox, a line and a workspace; nothing runs yet."""
    with way_out(tmp_path) as way:
        yield way


class Unsteady:
    """A database that does not answer the writers of a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.fails = 0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """The database's own, unless it is to fail."""
        if self.fails:
            self.fails -= 1
            raise DatabaseUnavailable(url="sqlite", reason="database is locked")
        with self._database.transaction() as session:
            yield session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def test_a_crowd_in_one_channel_hides_no_other(way: Way) -> None:
    """Three hundred lines wait for one channel; a halt in another does not wait for them."""
    way.line.fails("chat.postMessage", rate_limited(30), channel=OPS)
    with way.writing() as outbox:
        for number in range(300):
            outbox.post(f"fill:{number}", OPS, said(f"fill {number}"))
    way.outbox.start()
    until(lambda: way.rows()[0].error, "Slack takes nothing for that channel")

    with way.writing() as outbox:
        outbox.post("halt", APPROVALS, said("halted"), Urgency.FIRST)
    until(lambda: way.rows()[-1].state == "sent", "the halt is out")


def test_a_message_that_slack_always_fails_at_is_given_up_in_the_end(way: Way) -> None:
    """It holds its channel for ten minutes, then somebody is told and the next goes out."""
    way.line.fails("chat.postMessage", *[refused("internal_error")] * 100)
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
        outbox.post("two", OPS, said("two"))
    way.outbox.start()
    until(lambda: way.rows()[0].error, "the first try failed")
    assert way.states() == ["waiting", "waiting"]

    way.clock.passes(minutes=11)
    way.line.faults["chat.postMessage"].clear()
    way.line.fails("chat.postMessage", refused("internal_error"))
    way.outbox.wake()
    assert way.given_up().key == "one"
    until(lambda: way.states() == ["failed", "sent"], "the next went out")


def test_an_outage_of_slack_loses_nothing_however_long(way: Way) -> None:
    """A page of HTML is no verdict about the message."""
    way.line.fails("chat.postMessage", *[in_trouble] * 6)
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
    way.outbox.start()
    until(lambda: way.rows()[0].error, "a try failed")
    way.clock.passes(hours=5)
    until(lambda: retry(way) or way.states() == ["sent"], "it is out at last")
    assert (way.texts(OPS), way.lost) == (["one"], [])


def test_what_could_not_be_noted_is_looked_for_and_not_said_twice(way: Way) -> None:
    """Slack was away, then the database fails at the note: neither counts against the message."""
    way.line.fails("chat.postMessage", *[in_trouble] * 5)
    database = Unsteady(way.database)
    way.database = database  # type: ignore[assignment]
    way.outbox = way.another()
    with way.writing() as outbox:
        outbox.post("one", OPS, said("one"))
    said_it = Event()

    def then_fails() -> None:
        database.fails = 1
        said_it.set()

    way.line.fails("chat.postMessage", held(then_fails))
    way.outbox.start()
    until(lambda: retry(way) or said_it.is_set(), "the message reached Slack")
    until(lambda: retry(way) or way.states() == ["sent"], "it is noted")

    assert (way.texts(OPS), way.lost) == (["one"], [])


def test_three_slow_messages_leave_a_sender_to_the_urgent(way: Way) -> None:
    """A halt does not wait until an upload is through."""
    gate = Event()
    slow = held(lambda: gate.wait(DEADLINE_S) and None)
    for channel in (OPS, REPORTS, GENERAL.id, TRADING_ALERTS.id):
        way.line.fails("chat.postMessage", slow, channel=channel)
    with way.writing() as outbox:
        for number, channel in enumerate((OPS, REPORTS, GENERAL.id, TRADING_ALERTS.id)):
            outbox.post(f"slow:{number}", channel, said("slow"))
    way.outbox.start()
    until(lambda: way.line.methods().count("chat.postMessage") == 3, "three are under way")

    with way.writing() as outbox:
        outbox.post("halt", APPROVALS, said("halted"), Urgency.FIRST)
    until(lambda: way.rows()[-1].state == "sent", "the halt is out")
    assert way.states()[:4] == ["waiting"] * 4
    gate.set()
    way.delivered()


def test_a_card_that_was_deleted_and_whose_new_answer_was_lost_hangs_once(way: Way) -> None:
    """What is posted in its place is looked for like any other message."""
    way.cards["7"] = "running"
    way.outbox.start()
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    way.delivered()
    way.line.fails("chat.update", refused("message_not_found"), refused("message_not_found"))
    way.line.fails("chat.postMessage", lost_after_doing)
    way.cards["7"] = "stopped"
    with way.writing() as outbox:
        outbox.card("session:7", OPS)
    retried(way)
    way.delivered()

    assert way.texts(OPS) == ["running", "stopped"]
