"""From the venue into the store: what it prints is taken, what it did not print is quiet."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.given import NOON
from tests.trading.practice_exchange.desk import FixedClock
from trading.backfill import Backfill
from trading.candle_store import Added, CandleStore, Series
from trading.candles import Gap, Timeframe
from trading.errors import ExchangeNetworkError
from trading.practice_exchange.fault_control import set_fault
from trading.practice_exchange.server import PracticeExchange
from trading.venues.kraken import KrakenVenue

SERIES = Series("kraken", "BTC/USD", Timeframe.M1)
MINUTE = timedelta(minutes=1)


class Rig:
    """A practice exchange whose time only the test moves, a store, and the venue's public side."""

    def __init__(self, practice: PracticeExchange, clock: FixedClock, home: Path) -> None:
        self.practice, self.clock = practice, clock
        self.store = CandleStore(home)
        self.venue = KrakenVenue(
            api_url=practice.url, key="", secret="", timeout_s=3, rate_limit_ms=0, clock=clock
        )
        self.venue.instruments()
        self.fill = Backfill(self.store, self.venue, clock)

    def fault(self, **fields: str) -> None:
        """Let something happen at the exchange."""
        with self.practice.exchange.lock:
            set_fault(self.practice.exchange, fields, self.clock())


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Give one at noon."""
    clock = FixedClock(NOON)
    with PracticeExchange.running(clock=clock, seed=7, keys=[]) as practice:
        yield Rig(practice, clock, tmp_path)


def test_an_empty_store_gets_what_the_venue_has(rig: Rig) -> None:
    """All but the bar that is open; the same again adds nothing."""
    filled = rig.fill(SERIES)
    assert (filled.added.new, filled.gaps) == (719, ())
    assert rig.store.candles(SERIES)[-1].opened_at == NOON - MINUTE
    assert rig.fill(SERIES).added == Added(0, 0)


def test_a_gap_longer_than_the_venues_candles_is_filled_out_of_its_trades(rig: Rig) -> None:
    """The bars are those that it would have printed, to the last unit of volume."""
    rig.fill(SERIES)
    rig.clock.advance(3600 * 12)
    there = rig.venue.candles("BTC/USD", "1m")
    rig.clock.advance(3600 * 3)
    told: list[int] = []
    due = rig.fill.due(SERIES)
    filled = rig.fill(SERIES, walked=told.append)
    assert (filled.gaps, due, sum(told)) == ((), 15 * 60 + 1, 15 * 60)
    stored = rig.store.candles(SERIES, begin=there[0].opened_at, end=there[-1].opened_at)
    assert stored == list(there[:-1])


def test_candles_from_before_the_stored_ones_come_out_of_trades(rig: Rig) -> None:
    """From the first trade after the moment that was named."""
    filled = rig.fill(SERIES, begin=NOON - timedelta(hours=14))
    assert filled.gaps == ()
    stored = rig.store.stored(SERIES)
    assert (stored.first, stored.bars) == (NOON - timedelta(hours=14), 14 * 60)


def test_a_time_without_trades_is_quiet_and_no_gap(rig: Rig) -> None:
    """A quiet minute or a maintenance: the venue's own trades lie around it, and none in it."""
    rig.fill(SERIES)
    rig.clock.advance(3600)
    rig.fault(kind="no_trades", value="40")
    rig.clock.advance(3600 * 12)
    assert rig.fill(SERIES).gaps == ()
    assert rig.store.stored(SERIES).quiet == 40
    silent = rig.store.candles(SERIES, begin=NOON + timedelta(minutes=20))[:40]
    before = rig.store.candles(SERIES, end=silent[0].opened_at, newest=1)[0]
    assert {(bar.open, bar.high, bar.low, bar.close) for bar in silent} == {(before.close,) * 4}


def test_bars_that_the_venue_left_out_are_made_of_its_trades(rig: Rig) -> None:
    """There were trades, so they are no quiet ones."""
    whole = rig.venue.candles("BTC/USD", "1m")
    rig.fault(kind="bars_lost", value="5")
    assert rig.fill(SERIES).gaps == ()
    assert rig.store.candles(SERIES) == list(whole[:-1])


def test_a_venue_that_does_not_answer_leaves_the_gap(rig: Rig) -> None:
    """What was filled before is kept, and what is missing is still told as missing."""
    rig.fill(SERIES)
    rig.clock.advance(3600 * 13)
    rig.fault(kind="blank_200", value="no_result", endpoint="Trades", count="0")
    with pytest.raises(ExchangeNetworkError):
        rig.fill(SERIES)
    assert rig.store.gaps(SERIES) == [Gap(NOON, NOON + timedelta(hours=1, minutes=1), 61)]
    rig.fault(kind="none")
    assert rig.fill(SERIES).gaps == ()
