"""The bot is killed with SIGKILL and started again, at each point of the story; nothing happens twice."""

import pytest

from tests.scenarios.desk import CHECKLIST, Desk, until
from trading.session import SessionState


def test_a_kill_at_every_point_of_the_story_changes_nothing(desk: Desk) -> None:
    """Form, card, click, approval, session and stop each outlive the bot, and none of them counts twice."""
    desk.control("market", pair="BTC/USD", trend="up")
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    desk.otto.fills(notional="90", reason="first small run", checklist=CHECKLIST).submits()
    kill_and_start(desk)
    card = desk.channel("trading-approvals").expects("Otto asks to go live")
    desk.otto.is_told("Asked as")
    desk.olivia.is_told("Otto asks to go live")

    desk.kill_bot()
    desk.olivia.clicks(card, "Approve")  # Slack says that it failed, or hands it over later
    for told in ("dispatch_failed", "operation_timeout", "answered this already", "already approved"):
        desk.olivia.may_be_told(told)
    desk.olivia.may_be_told("Slack let the form expire")
    desk.start_bot()
    desk.olivia.approves(card)
    card.thread.expects("Olivia said yes, with a")
    card.now_reads("Approved by Olivia", buttons=["Go live"])
    desk.otto.is_told("was approved by Olivia")
    assert (desk.recorded("request.vote"), desk.recorded("request.decided")) == (1, 1)

    kill_and_start(desk)
    desk.otto.clicks(card, "Go live").is_told("Starting BTC/USD")
    session = desk.channel("trading-ops").expects("BTC/USD is live")
    session.thread.expects("First order")
    session.thread.may_say("Fill: buy")
    session.now_reads("Open orders 0")
    before = desk.sessions()[0]

    kill_and_start(desk)
    desk.otto.says("/peak status").is_told("BTC/USD ma_crossover live running")
    (after,) = desk.sessions()
    assert (after.id, after.pid, after.state) == (before.id, before.pid, SessionState.RUNNING)

    desk.otto.says("/peak stop BTC/USD")
    desk.olivia.may_be_told("Otto is stopping")
    kill_and_start(desk)
    session.now_reads("BTC/USD has stopped", buttons=[])
    session.now_reads("proven by the venue")
    session.thread.expects("Otto stops it")
    desk.otto.is_told("BTC/USD has stopped")
    assert desk.recorded("session.stop") == 1
    assert len(desk.orders_sent()) == 1


@pytest.mark.parametrize("moment", ["at once", pytest.param("when starting", marks=pytest.mark.prove)])
def test_a_kill_around_go_live_leaves_one_session_or_none(desk: Desk, moment: str) -> None:
    """Whatever the crash interrupts, there is one session at most, and it trades once."""
    desk.control("market", pair="BTC/USD", trend="up")
    card = desk.asks_to_go_live()
    desk.is_approved(card)
    desk.otto.clicks(card, "Go live")
    desk.otto.may_be_told("Starting")
    desk.may_say("First order")
    desk.may_say("Fill: buy")
    if moment != "at once":
        until(lambda: desk.sessions() or None, "No session was written")
    desk.kill_bot()
    desk.start_bot()

    session = desk.channel("trading-ops").expects(
        "BTC/USD is live", buttons=["Pause", "Stop", "Halt everything"]
    )
    session.now_reads("Open orders 0")
    until(lambda: desk.orders_sent() or None, "The session never traded")
    card.now_reads("the session is live", buttons=[])
    assert len(desk.sessions()) == 1
    assert len(desk.orders_sent()) == 1
    assert desk.recorded("session.requested") == 1
    assert desk.recorded("refused") == 0


def test_a_halt_stays_a_halt(desk: Desk) -> None:
    """The latch survives the crash, and is told once; a bot with another key does not come up instead."""
    desk.rita.says("/peak-kill just in case").is_told("HALTED")
    desk.kill_bot()
    desk.start_bot()
    desk.channel("trading-ops").expects("halted everything: just in case").now_reads("proven by the venue")
    desk.olivia.may_be_told("halted everything")
    desk.otto.says("/peak live start ma_crossover BTC/USD").is_told("Everything is halted")
    assert desk.recorded("halt") == 1

    desk.kill_bot()
    desk.environ["PEAK_OPS_SECRET_KEY"] = "x" * 64
    refused = desk.shell("run")
    assert refused.returncode == 2
    assert "PEAK_OPS_SECRET_KEY" in refused.stderr
    assert "signed with another key" in refused.stderr


def kill_and_start(desk: Desk) -> None:
    """Crash it, and start it again."""
    desk.kill_bot()
    desk.start_bot()
