"""The venue's own timer runs out where nobody refreshes it, and the desk hears of that."""

from dataclasses import replace

from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.keys import MAIN_ACCOUNT
from trading.wire import Answer

SHORT = replace(QUICK, timer_s=2, timer_refresh_s=0.2)


def test_a_timer_that_ran_out_is_told_by_the_next_gateway(rig: Rig) -> None:
    """The one before it crashed with an order open: the venue has cancelled it."""
    timer = rig.practice.exchange.timer(MAIN_ACCOUNT)
    with rig.gateway(SHORT):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        eventually("it is armed", lambda: timer.fires_at)
    eventually("it has fired", lambda: timer.fired and not rig.open_at_exchange())
    assert rig.events("timer") == []
    with rig.gateway(SHORT):
        (told,) = eventually("it is told", lambda: rig.events("timer.fired"))  # type: ignore[misc]
    assert told.facts["exchange"] == "kraken"
    assert "for 2 s, and not again" in told.facts["detail"]


def test_a_timer_that_could_not_be_refreshed_is_told_and_set_again(rig: Rig) -> None:
    """The venue was in maintenance for longer than it runs."""
    timer = rig.practice.exchange.timer(MAIN_ACCOUNT)
    with rig.gateway(SHORT):
        rig.attached()
        eventually("it is armed", lambda: timer.fires_at)
        rig.set_fault(FaultKind.MAINTENANCE)
        eventually("it is told", lambda: rig.events("timer.fired"))
        rig.mend()
        eventually("it is armed again", lambda: timer.fires_at)
    assert len(rig.events("timer.fired")) == 1


def test_a_timer_that_is_refreshed_is_not_told_of(rig: Rig) -> None:
    """Nor one that was taken back, nor one that the next gateway finds still running."""
    timer = rig.practice.exchange.timer(MAIN_ACCOUNT)
    long, sessions = replace(SHORT, timer_s=60), []
    for _ in range(2):
        with rig.gateway(long):
            sessions.append(rig.attached()[1])
            first = eventually("it is armed", lambda: timer.fires_at)
            eventually("it is refreshed", lambda f=first: timer.fires_at != f)
    with rig.gateway(long):
        for session in sessions:
            assert rig.client.stop_session(session, "enough").proven
        eventually("it is taken back", lambda: timer.fires_at is None)
    assert (rig.events("timer"), timer.fired) == ([], 0)
