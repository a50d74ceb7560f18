"""The long proofs of `make prove`: silence that takes its time, and kills at random moments."""

import os
import random
import signal
import time

import pytest

from tests.scenarios.desk import Desk, until
from trading.session import SessionState

pytestmark = pytest.mark.prove

KILLS = 12


def test_a_session_that_falls_silent_raises_an_alert(desk: Desk) -> None:
    """Its process is stopped but not dead: nothing is heard of it for a while, and the desk is told."""
    desk.has_live_session()
    pid = until(lambda: desk.sessions()[0].pid, "The session has no process")
    os.kill(pid, signal.SIGSTOP)
    try:
        alert = desk.channel("trading-alerts").expects(
            "A session fell silent: BTC/USD", buttons=["Acknowledge", "Halt everything"]
        )
        desk.otto.clicks(alert, "Acknowledge")
        alert.now_reads("acknowledged by Otto")
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_kill_at_a_random_moment_starts_one_session_or_none(desk: Desk, seed: int) -> None:
    """Somewhere between the click on Go live and the first fill the bot dies; it trades once all the same."""
    desk.may_say("First order")
    desk.may_say("Fill: buy")
    desk.control("market", pair="BTC/USD", trend="up")
    card = desk.asks_to_go_live()
    desk.is_approved(card)
    desk.press_at_once([desk.otto], card, "Go live")
    time.sleep(random.Random(seed).uniform(0, 1.2))  # the moment itself is what is tried
    desk.kill_bot()
    desk.start_bot()
    until(lambda: desk.orders_sent() or None, "The session never traded")
    card.now_reads("the session is live", buttons=[])
    desk.channel("trading-ops").expects("BTC/USD is live")
    assert desk.recorded("session.requested") == 1
    assert [session.state for session in desk.sessions()] == [SessionState.RUNNING]
    assert len(desk.orders_sent()) == 1
