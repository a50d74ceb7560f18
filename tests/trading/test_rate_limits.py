"""The adapter's own pace keeps within the limits that Kraken sets, and a halt is never shut out by them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.demo import PACES_MS
from tests.trading.rig import TRADING_KEY, Rig, secret_of
from trading.errors import ExchangeNetworkError
from trading.halt import Steps, halt_venue
from trading.practice_exchange.rates import TIERS, RateLimits
from trading.venues import kraken
from trading.venues.kraken import KrakenVenue
from trading.venues.pace import Pace

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TIERS_OF_KRAKEN = ["starter", "intermediate", "pro"]


class Timeline:
    """Stands in for the clock: whoever waits moves it on."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def utc(self) -> datetime:
        return NOON + timedelta(seconds=self.now_s)


@pytest.fixture
def timeline(monkeypatch: pytest.MonkeyPatch) -> Timeline:
    """Give a clock for the pace and the halt that moves only when they wait."""
    line = Timeline()
    monkeypatch.setattr("trading.venues.pace.time", line)
    monkeypatch.setattr("trading.halt.time", line)
    return line


@pytest.mark.parametrize("tier", TIERS_OF_KRAKEN)
def test_a_busy_hour_stays_within_krakens_counter(timeline: Timeline, tier: str) -> None:
    """Looks at the fills without a pause, other reads between, and every call that does not wait."""
    refill_s = kraken._PRIVATE_SHARE * PACES_MS[tier] / 1000
    pace, rates = Pace(refill_s, kraken._PRIVATE_BURST), RateLimits(TIERS[tier])
    timer_due_s = 0.0
    while timeline.now_s < 3600:
        pace.wait(kraken._HISTORY_COST, kraken._HISTORY_SPARE)
        rates.call("desk", "TradesHistory", timeline.utc())
        if timeline.now_s >= timer_due_s:
            timer_due_s = timeline.now_s + 15
            pace.wait()
            rates.call("desk", "OpenOrders", timeline.utc())
            pace.spend()
            rates.call("desk", "CancelAllOrdersAfter", timeline.utc())
    for _ in range(5):  # and a stop or two in the worst moment
        pace.spend()
        rates.call("desk", "CancelAll", timeline.utc())


def test_looks_at_the_fills_leave_calls_to_others(timeline: Timeline) -> None:
    """Whatever the polling uses up, five reads go at once."""
    pace = Pace(1.0, 10)
    for _ in range(20):
        pace.wait(2, 5)
    before_s = timeline.now_s
    for _ in range(5):
        pace.wait()
    assert timeline.now_s == before_s


def test_a_call_that_does_not_wait_is_counted_all_the_same(timeline: Timeline) -> None:
    """The next read pays for it."""
    pace = Pace(1.0, 3)
    for _ in range(5):
        pace.spend()
    assert timeline.now_s == 0
    pace.wait()
    assert timeline.now_s == 3


@pytest.mark.parametrize("tier", TIERS_OF_KRAKEN)
def test_a_halt_that_is_tried_for_an_hour_is_never_shut_out(timeline: Timeline, tier: str) -> None:
    """In maintenance it asks again and again, and every try would have been heard."""
    rates = RateLimits(TIERS[tier])

    class Venue:
        def cancel_all(self) -> int:
            rates.call("emergency", "CancelAll", timeline.utc())
            raise ExchangeNetworkError(detail="EService:Unavailable")

        def open_orders(self) -> list[object]:
            rates.call("emergency", "OpenOrders", timeline.utc())
            raise ExchangeNetworkError(detail="EService:Unavailable")

    while timeline.now_s < 3600:
        halt_venue(
            Venue(),  # type: ignore[arg-type]
            last_deadline=lambda: None,
            clock=timeline.utc,
            within_s=30,
            steps=Steps(),
        )
        rates.call("emergency", "TradesHistory", timeline.utc())  # what was filled last
        timeline.sleep(10)
    assert rates.refused == 0


@pytest.mark.parametrize("tier", TIERS_OF_KRAKEN)
def test_stops_leave_the_calls_of_a_halt(timeline: Timeline, tier: str) -> None:
    """However many sessions are stopped one after the other, a halt over the same key is heard."""
    pace = Pace(kraken._PRIVATE_SHARE * PACES_MS[tier] / 1000, kraken._PRIVATE_BURST)
    rates = RateLimits(TIERS[tier])
    for _ in range(50):
        pace.wait(kraken._STOP_COST)
        for call in ("OpenOrders", "QueryOrders"):
            rates.call("emergency", call, timeline.utc())
    for call in ("CancelAll", "CancelAll", "OpenOrders", "TradesHistory"):
        rates.call("emergency", call, timeline.utc())
    assert rates.refused == 0


@pytest.mark.parametrize("call", ["cancel_all", "arm_timer", "disarm_timer"])
def test_calls_that_kraken_counts_are_counted_by_us(rig: Rig, call: str) -> None:
    """They go at once, and the reads behind them know of it."""
    venue = KrakenVenue(
        api_url=rig.practice.url,
        key=TRADING_KEY,
        secret=secret_of(TRADING_KEY),
        timeout_s=3,
        rate_limit_ms=1000,
        clock=rig.practice.exchange.clock,
    )
    before = venue._private.pace._level
    getattr(venue, call)(*([60] if call == "arm_timer" else []))
    assert venue._private.pace._level < before
