"""Bars out of public trades: what was printed, what was quiet, what is not known yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tests.trading.given import NOON, D, candles_of
from trading.candles import Candle, Gap, Timeframe, gaps_in
from trading.market_data import MarketData
from trading.trade import NS, Trade, bars_of, covered_by

M1 = Timeframe.M1
MINUTE = timedelta(minutes=1)
BEFORE = candles_of(["100"], NOON - MINUTE)[0]
GAP = Gap(NOON, NOON + 4 * MINUTE, 4)


def trade(second: int, price: str, quantity: str = "1") -> Trade:
    """A trade so many seconds after noon."""
    return Trade(NOON + timedelta(seconds=second), D(price), D(quantity))


def test_a_bar_is_made_of_all_the_trades_in_it() -> None:
    """First, highest, lowest, last, and their sum; the first moment counts, the last does not."""
    trades = [trade(-1, "1"), trade(0, "101"), trade(30, "99", "0.5"), trade(59, "102"), trade(240, "7")]
    first, *others = bars_of(trades, GAP, M1, BEFORE)
    assert first == Candle(NOON, D(101), D(102), D(99), D(102), D("2.5"))
    assert [(bar.close, bar.volume) for bar in others] == [(D(102), D(0))] * 3


def test_only_bars_that_are_over_count_as_known() -> None:
    """Up to the last trade that was read; without any, nothing is known."""
    assert covered_by([], GAP, M1).missing == 0
    assert covered_by([trade(-30, "1")], GAP, M1).missing == 0
    assert covered_by([trade(125, "1")], GAP, M1) == Gap(NOON, NOON + 2 * MINUTE, 2)
    assert covered_by([trade(999, "1")], GAP, M1) == GAP


class Sparse:
    """A market that trades each second minute; its candles leave the others out, as some venues do."""

    name = "sparse"

    def __init__(self) -> None:
        self.asked = 0

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """A bar each two minutes."""
        return [candle for at in range(0, 60, 2) for candle in candles_of([100 + at], NOON + at * MINUTE)]

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """All of them, of each bar one."""
        self.asked += 1
        found = [trade(at * 60, str(100 + at)) for at in range(0, 60, 2)]
        return [each for each in found if each.at.timestamp() * NS > after_ns], after_ns


def test_a_market_with_many_quiet_minutes_is_asked_once() -> None:
    """One page shows what was quiet in all holes, and the next time they are known."""
    venue, now = Sparse(), [NOON]
    market = MarketData(venue, "USD", lambda: now[0])  # type: ignore[arg-type]
    for _ in range(2):
        found = market.candles("BTC/USD", "1m", 720)
        assert (gaps_in(found, M1), len(found), venue.asked) == ((), 59, 1)
        assert sum(bar.volume == 0 for bar in found) == 29
        now[0] += timedelta(hours=2)
    assert found[1].close == Decimal(100)
