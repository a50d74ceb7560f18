"""The bot is killed with SIGKILL and started again, at each point of the story; nothing happens twice."""

import pytest

from tests.scenarios.desk import CHECKLIST, Desk, until
from trading.session import SessionState


def test_a_card_still_works_after_a_kill(desk: Desk) -> None:
    """A request waits through the crash, and the same card takes the answer."""
    card = desk.asks_to_go_live()
    desk.kill_bot()
    desk.start_bot()
    desk.is_approved(card)


def test_a_click_while_the_bot_is_down_counts_once(desk: Desk) -> None:
    """Slack says that it failed, or hands it over later; pressed again it counts once either way."""
    card = desk.asks_to_go_live()
    desk.kill_bot()
    desk.olivia.clicks(card, "Approve")
    for told in ("dispatch_failed", "operation_timeout", "answered this already", "already approved"):
        desk.olivia.may_be_told(told)
    desk.start_bot()
    desk.olivia.clicks(card, "Approve")
    card.now_reads("Approved by Olivia", buttons=["Go live"])
    desk.otto.is_told("was approved by Olivia")
    assert desk.recorded("request.vote") == 1
    assert desk.recorded("request.decided") == 1


def test_an_approval_survives_a_kill_and_starts_once(desk: Desk) -> None:
    """Approved before the crash, started after it, by one order and one session."""
    desk.control("market", pair="BTC/USD", trend="up")
    card = desk.asks_to_go_live()
    desk.is_approved(card)
    desk.kill_bot()
    desk.start_bot()
    desk.otto.clicks(card, "Go live").is_told("Starting BTC/USD")
    session = desk.channel("trading-ops").expects("BTC/USD is live")
    session.thread.expects("First order")
    session.thread.may_say("Fill: buy")
    session.now_reads("Open orders 0")
    assert [each.state for each in desk.sessions()] == [SessionState.RUNNING]
    assert len(desk.orders_sent()) == 1


@pytest.mark.parametrize("moment", ["at once", "when starting", "when running"])
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
    if moment == "when running":
        until(lambda: desk.sessions()[0].state is SessionState.RUNNING, "The session never ran")
    desk.kill_bot()
    desk.start_bot()

    session = desk.channel("trading-ops").expects("BTC/USD is live", buttons=["Stop", "Halt everything"])
    session.now_reads("Open orders 0")
    until(lambda: desk.orders_sent() or None, "The session never traded")
    card.now_reads("the session is live", buttons=[])
    assert len(desk.sessions()) == 1
    assert len(desk.orders_sent()) == 1
    assert desk.recorded("session.requested") == 1
    assert desk.recorded("refused") == 0


def test_a_running_session_is_adopted(desk: Desk) -> None:
    """The session's process lives through the crash of the bot, and the new bot can stop it."""
    session = desk.has_live_session()
    before = desk.sessions()[0]
    desk.kill_bot()
    desk.start_bot()
    desk.otto.says("/peak status").is_told("BTC/USD ma_crossover live running")
    after = desk.sessions()[0]
    assert (after.id, after.pid, after.state) == (before.id, before.pid, SessionState.RUNNING)
    desk.otto.says("/peak stop BTC/USD")
    desk.is_stopped(session)
    assert len(desk.orders_sent()) == 1


def test_a_stop_is_finished_after_a_kill(desk: Desk) -> None:
    """A stop that the crash interrupted is taken up and proven."""
    session = desk.has_live_session()
    desk.otto.says("/peak stop BTC/USD")
    desk.olivia.may_be_told("Otto is stopping")
    desk.kill_bot()
    desk.start_bot()
    session.now_reads("BTC/USD has stopped", buttons=[])
    session.now_reads("proven by the venue")
    session.thread.expects("Otto stops it")
    desk.otto.is_told("BTC/USD has stopped")
    assert desk.recorded("session.stop") == 1


def test_a_submitted_form_is_not_lost(desk: Desk) -> None:
    """The form was acknowledged, the bot died before the card: the card comes after the restart, once."""
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    desk.otto.fills(notional="90", reason="first small run", checklist=CHECKLIST).submits()
    desk.kill_bot()
    desk.start_bot()
    desk.channel("trading-approvals").expects("Otto asks to go live")
    desk.otto.is_told("Asked as")
    desk.olivia.is_told("Otto asks to go live")


def test_a_halt_stays_a_halt(desk: Desk) -> None:
    """The latch survives the crash, and is told once."""
    desk.rita.says("/peak-kill just in case").is_told("HALTED")
    desk.kill_bot()
    desk.start_bot()
    desk.channel("trading-ops").expects("halted everything: just in case").now_reads("proven by the venue")
    desk.olivia.may_be_told("halted everything")
    desk.otto.says("/peak live start ma_crossover BTC/USD").is_told("Everything is halted")
    assert desk.recorded("halt") == 1
