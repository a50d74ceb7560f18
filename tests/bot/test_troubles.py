"""What went wrong is told to whoever has to know, and nothing is claimed that is not known."""

from pathlib import Path

import pytest

from bot.delivery import Lost
from bot.halt_route import HaltCall
from bot.inbox import Saved
from bot.operations.asker import Asker
from bot.outbox import MessageKind
from bot.payloads import Kind
from bot.troubles import Troubles
from tests.approvals.desk import NOON, OTTO
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig
from tests.bot.slack_payloads import command

KEY = "command:1.2.abc"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A desk over a database file."""
    return Rig(open_database(tmp_path), tmp_path)


def given_up(*, late: bool) -> Saved:
    """Otto's command of this noon."""
    account = str(OTTO.accounts[0])
    payload = command("stop BTC/USD")
    return Saved(KEY, Kind.COMMAND, account, payload, 3, redelivered=True, received_at=NOON, late=late)


def test_who_asked_too_long_ago_is_told_what_and_when(rig: Rig) -> None:
    """Neither that it was done nor that it was not: the bot went down in between."""
    rig.clock.passes(days=2)

    Troubles(rig.storage, rig.desk).failed(given_up(late=True))

    (told,) = rig.outgoing("reply")
    assert told.body["text"].startswith(
        "“/peak stop BTC/USD” of 23 November 12:00 UTC was not seen to its end"
    )
    assert [alert.kind for alert in rig.read(lambda tx: tx.alerts.recent(5))] == ["listener.failed"]


def test_an_act_that_has_its_answer_is_no_trouble(rig: Rig) -> None:
    """Only the note of its end was lost."""
    with rig.storage.transaction() as tx:
        Asker(OTTO.accounts[0], KEY).told(tx, "BTC/USD has stopped.")

    Troubles(rig.storage, rig.desk).failed(given_up(late=True))

    assert [row.body["text"] for row in rig.outgoing("reply")] == ["BTC/USD has stopped."]
    assert rig.read(lambda tx: tx.alerts.recent(5)) == []


@pytest.mark.parametrize(("kind", "alerts"), [(MessageKind.POST, 1), (MessageKind.HOME, 0)])
def test_a_message_that_is_lost_is_an_alert_and_a_home_tab_is_not(
    rig: Rig, kind: MessageKind, alerts: int
) -> None:
    """Nobody is told anything by a Home tab, so nobody misses it; it is drawn again when it is opened."""
    Troubles(rig.storage, rig.desk).undeliverable(Lost("one", kind, "C0OPS", 2, "user_not_found"))

    told = rig.read(lambda tx: tx.alerts.recent(5))
    assert len(told) == alerts
    assert all("A message to the channel for ops (C0OPS)" in alert.detail for alert in told)


def test_the_same_trouble_is_told_once(rig: Rig) -> None:
    """A bot that dies right after it has told tells nothing new at its next start."""
    for _ in range(2):
        rig.clock.passes(seconds=1)
        Troubles(rig.storage, rig.desk).failed(given_up(late=False))

    assert len(rig.outgoing("reply")) == 1
    (alert,) = rig.read(lambda tx: tx.alerts.recent(5))
    assert alert.times == 1
    assert alert.detail.startswith("Otto: ")


def test_a_halt_that_was_not_answered_at_once_is_answered_by_direct_message(rig: Rig) -> None:
    """Without an address the outbox finds the person."""
    call = HaltCall(str(OTTO.accounts[0]), "odd", "halt:1", "C0OPS", None, answers_in_ack=False)

    Troubles(rig.storage, rig.desk).unanswered(call, "HALTED in 0.01 s: no new order passes.")

    (told,) = rig.outgoing("reply")
    assert told.target == {"account": "T1/U1", "channel": None, "response_url": None}
    assert told.body["text"].startswith("HALTED")
