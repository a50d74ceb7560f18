"""An order is given up by the venue's clock: ours may run ahead of it by as much as a start allows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.database import Database
from tests.trading.rig import QUICK, Rig, a_buy, eventually, keys
from tests.trading.stored import with_tables
from trading.killswitch import Latch
from trading.order import OrderState
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.rates import TIERS
from trading.practice_exchange.server import PracticeExchange
from trading.venue_clock import CLOCK_SKEW_S_MAX, venue_clock
from trading.wire import Answer

AHEAD = timedelta(seconds=1.9)
ORDERS_LIVE_2_S = replace(QUICK, order_life_s=2)


def venue_time() -> datetime:
    """Give the time of a venue whose clock is behind ours."""
    return system_clock() - AHEAD


@pytest.fixture
def late_rig(tmp_path: Path) -> Iterator[Rig]:
    """Give a rig whose clock runs ahead of its exchange's."""
    home = tmp_path / "home"
    Latch(home).begin("Olivia", system_clock())
    database = with_tables(Database(f"sqlite:///{home}/peak-ops.db"))
    with PracticeExchange.running(clock=venue_time, seed=7, keys=keys(), tier=TIERS["drill"]) as practice:
        yield Rig(home, database, practice)
    database.close()


def landed(rig: Rig) -> bool:
    """Tell whether the order that was on its way is at the exchange."""
    return bool(calls := rig.calls()) and calls[0].outcome == "ok"


def send_a_slow_order(rig: Rig, ident: str, client: object) -> str:
    """Send an order that arrives after its deadline by our clock and before it by the venue's."""
    intent = a_buy(ident, "0.005", rig.below_market())
    rig.fault(FaultKind.DELAY_S, "3.6", "AddOrder")
    assert client.submit(intent).state is Answer.UNKNOWN  # type: ignore[attr-defined]
    return intent.client_order_id


def test_a_halt_waits_until_the_venue_would_refuse_the_order(late_rig: Rig) -> None:
    """An order that lands late by our clock, and in time by the venue's, does not outlive the proof."""
    rig = late_rig
    with rig.gateway(ORDERS_LIVE_2_S):
        client, ident = rig.attached()
        order = send_a_slow_order(rig, ident, client)
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").proven
        assert landed(rig), "what was on its way has arrived before the proof"
        assert rig.open_at_exchange() == 0
        eventually("the books know", lambda: rig.order(order).state is OrderState.CANCELLED)


def test_an_order_is_given_up_by_the_venues_clock(late_rig: Rig) -> None:
    """Absent after its deadline by our clock says nothing: it is found once it has landed."""
    rig = late_rig
    with rig.gateway(ORDERS_LIVE_2_S):
        client, ident = rig.attached()
        order = send_a_slow_order(rig, ident, client)
        eventually("it is found", lambda: rig.order(order).state is OrderState.OPEN)
        assert rig.open_at_exchange() == 1


def test_a_venue_that_tells_no_time_is_taken_to_be_far_behind(rig: Rig) -> None:
    """Then an order counts as gone only when it is, however far ahead our clock may be at a start."""
    rig.fault(FaultKind.BLANK_200, "no_result", "Time", None)
    told = venue_clock(rig.venue(), system_clock)()
    assert system_clock() - told > timedelta(seconds=CLOCK_SKEW_S_MAX + 1)
