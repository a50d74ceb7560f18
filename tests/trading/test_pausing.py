"""What pauses a live session by itself, and that nothing but people let it go on."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.clock import system_clock
from tests.trading.given import the_limits
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.activation_watch import ActivationWatch, told_from
from trading.books import Books
from trading.equity import Daily
from trading.events import EventKind
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.loss_watch import LossWatch
from trading.order import Side
from trading.order_caps import OrderCaps
from trading.session import SessionState
from trading.session_states import SessionStates
from trading.store import SessionStore
from trading.wire import Answer


class Losing:
    """Stands in for the valuation: what the day has cost is said by the test."""

    def __init__(self) -> None:
        self.lost = Decimal(0)
        self.begun = system_clock()

    def daily(self) -> Daily:
        """Of 1,000 in the morning so much is left."""
        return Daily(Decimal(1000), Decimal(1000) - self.lost)

    def day_began_at(self) -> object:
        """This morning."""
        return self.begun


def watch(rig: Rig, losing: Losing) -> LossWatch:
    """The watch over the rig's sessions, with a limit of 50."""
    limits = replace(the_limits(), max_daily_loss_abs=Decimal(50), max_daily_loss_pct=Decimal(100))
    states = SessionStates(rig.database, system_clock)

    def pause(session_id: str, why: str) -> bool:
        return states.move(session_id, SessionState.PAUSED, why, only_from=(SessionState.RUNNING,))

    return LossWatch(
        "kraken", lambda: limits, losing, Books(rig.database, "kraken", "USD", system_clock), states, pause
    )  # type: ignore[arg-type]


def running(rig: Rig) -> str:
    """A live session that runs, by its row alone."""
    session = rig.live_session()
    SessionStates(rig.database, system_clock).move(session.id, SessionState.RUNNING, "go")
    return session.id


def test_the_limit_of_the_days_loss_pauses_what_is_live_and_pages_at_each_quarter(rig: Rig) -> None:
    """Below it nothing; at it a pause and a page; each page once, a further one from 125 and 150 % on."""
    losing, ident = Losing(), running(rig)
    looking = watch(rig, losing)
    pages = []
    for lost in ("0", "-600", "49.99", "50", "50", "62.4", "62.5", "70", "75", "60"):
        losing.lost = Decimal(lost)
        looking.look()
        pages.append(len(rig.events("loss.reached")))
    assert pages == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert rig.state(ident) is SessionState.PAUSED
    assert "has reached its limit, 50 of 50 USD" in rig.session(ident).state_reason
    assert [event.facts["page"] for event in rig.events("loss.reached")] == [1, 2, 3]


def test_a_new_day_lets_nothing_go_on(rig: Rig) -> None:
    """The loss is nought again and the session still paused; a gateway that starts again leaves it so too."""
    losing, ident = Losing(), running(rig)
    losing.lost = Decimal(60)
    watch(rig, losing).look()
    losing.begun += timedelta(days=1)
    losing.lost = Decimal(0)
    watch(rig, losing).look()
    assert rig.state(ident) is SessionState.PAUSED
    with rig.gateway():
        client = rig.client
        client.attach(ident)
        assert rig.state(ident) is SessionState.PAUSED
        outcome = client.submit(a_buy(ident))
        assert (outcome.state, outcome.reason) == (Answer.DENIED, "the session is paused; it may only reduce")


def test_a_gateway_pauses_at_a_loss_that_its_venue_shows(rig: Rig) -> None:
    """By the real marks; the check before a start says it too, and what is held may still be sold."""
    rig.limits = replace(rig.limits, max_daily_loss_abs=Decimal("0.01"))
    rig.prices_stand()
    with rig.gateway(replace(QUICK, equity_s=0.3)) as gateway:
        client, ident = rig.attached()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED  # its fee alone is more than a cent
        eventually("it is paused", lambda: rig.state(ident) is SessionState.PAUSED)
        eventually("it is paged", lambda: rig.events("loss.reached"))
        checks = {check.name: check for check in rig.client.checks("live")}
        assert "it has reached its limit" in checks["loss of the day"].detail
        eventually("it has bought", lambda: rig.filled(ident) == Decimal("0.005"))
        sell = replace(a_buy(ident), side=Side.SELL)
        assert client.submit(sell).state is Answer.ACCEPTED, "paused, it may still sell what it holds"
        assert gateway.ready()


def test_a_limit_that_was_tightened_pauses_too(rig: Rig) -> None:
    """A gateway that was told of a tighter daily loss while it runs pauses and pages by that one."""
    rig.prices_stand()
    with rig.gateway(replace(QUICK, equity_s=0.3)):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED  # its fee alone is more than a cent
        rig.client.tighten(replace(rig.limits, max_daily_loss_abs=Decimal("0.01")), "tighter")
        eventually("it is paused", lambda: rig.state(ident) is SessionState.PAUSED)
        assert "of 0.01 USD" in rig.session(ident).state_reason
        eventually("it is paged", lambda: rig.events("loss.reached"))


def test_one_order_more_than_an_hour_may_have_pauses_the_session(rig: Rig) -> None:
    """What was sent counts and what was denied does not; the way out stays open. No restart begins anew."""
    rig.caps = OrderCaps(an_hour=2, a_day=10)
    with rig.gateway(replace(QUICK, watch_s=0)):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "9")).state is Answer.DENIED
        for _ in range(2):
            assert client.submit(a_buy(ident, "0.002")).state is Answer.ACCEPTED
        assert rig.state(ident) is SessionState.RUNNING
        assert client.submit(a_buy(ident, "0.002")).state is Answer.DENIED
        assert rig.state(ident) is SessionState.PAUSED
        assert rig.session(ident).state_reason.startswith("it has sent 2 orders within an hour")
        eventually("it has bought", lambda: rig.filled(ident) == Decimal("0.004"))
        assert client.submit(replace(a_buy(ident, "0.004"), side=Side.SELL)).state is Answer.ACCEPTED
    with rig.gateway(replace(QUICK, watch_s=0)):
        client = GatewayClient(socket_path(rig.home, "kraken"), timeout_s=30)
        client.attach(ident)
        assert rig.resume(ident)
        assert client.submit(a_buy(ident, "0.002")).state is Answer.DENIED
        assert rig.state(ident) is SessionState.PAUSED


def test_an_activation_ends_after_its_time_and_says_so_before(rig: Rig) -> None:
    """Told once when the end is near, once at the end; then the session only reduces."""
    ident = running(rig)
    session = rig.session(ident)
    now = [system_clock()]
    ends = session.created_at + timedelta(days=7)
    states = SessionStates(rig.database, lambda: now[0])
    with rig.database.transaction() as transaction:
        assert SessionStore(transaction).move(session, replace(session, ends_at=ends))

    def pause(session_id: str, why: str, told_otherwise: bool) -> bool:
        assert told_otherwise
        return states.move(session_id, SessionState.PAUSED, why, only_from=(SessionState.RUNNING,))

    told = []
    for at in (ends - timedelta(hours=25), ends - timedelta(hours=24), ends - timedelta(hours=1), ends, ends):
        now[0] = at
        ActivationWatch(states, pause, lambda: now[0]).look()
        told.append([event.kind for event in rig.events("activation")])
    soon, over = EventKind.ACTIVATION_ENDING, EventKind.ACTIVATION_ENDED
    assert told == [[], [soon], [soon], [soon, over], [soon, over]]
    assert rig.state(ident) is SessionState.PAUSED
    assert "its activation ended at" in rig.session(ident).state_reason


@pytest.mark.parametrize(("lasts", "before"), [(timedelta(days=7), 24 * 3600), (timedelta(hours=1), 900)])
def test_the_end_of_a_short_activation_is_told_later(lasts: timedelta, before: int) -> None:
    """A day before, or when a quarter of its time is left."""
    begun = system_clock()
    assert begun + lasts - told_from(begun, begun + lasts) == timedelta(seconds=before)
