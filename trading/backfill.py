"""Candles from the venue into the store: its newest bars, and what is missing out of its own trades."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trading.candle_store import Added, CandleStore, Series
from trading.candles import Candle, Gap, Timeframe, closed
from trading.trade import NS, Trade, bars_of, covered_by, read_trades

# What is added from trades at once: a long way back is kept piece by piece, whatever interrupts it.
BARS_A_PIECE = 720

Walked = Callable[[int], None]


class History(Protocol):
    """Who has a venue's candles and trades."""

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """The newest candles, oldest first, the last one open."""

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """One page of the public trades later than a moment, and where the next page begins."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a backfill came to."""

    added: Added
    gaps: tuple[Gap, ...]


class Backfill:
    """Fills a series; what is stored already stays as it is."""

    def __init__(self, store: CandleStore, venue: History, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._venue = venue
        self._clock = clock

    def due(self, series: Series, begin: datetime | None = None) -> int:
        """About how many bars there are to fill: what a progress bar counts to."""
        stored, now = self._store.stored(series), self._clock()
        since_last = (now - stored.last) // series.timeframe.duration if stored.last else 0
        before = (stored.first or now) - begin if begin else None
        earlier = max(0, before // series.timeframe.duration) if before else 0
        return since_last + earlier + sum(gap.missing for gap in self._store.gaps(series))

    def __call__(
        self, series: Series, begin: datetime | None = None, walked: Walked = lambda n: None
    ) -> Filled:
        """Take the venue's newest bars, then ask its trades for every gap, the oldest last.

        From `begin` on, where that is before the first bar. Raises `VenueError`; what came before is kept.
        """
        reply = self._venue.candles(series.symbol, series.timeframe)
        added = self._store.add(series, closed(reply, series.timeframe, self._clock()))
        new, differing = added.new, added.differing
        walked(new)
        if begin is not None:
            new += self._begin(series, begin)
        for gap in reversed(self._store.gaps(series)):
            for piece in self._pieces(series, gap):
                new += self._store.add(series, piece).new
                walked(len(piece))
        return Filled(Added(new, differing), tuple(self._store.gaps(series)))

    def _begin(self, series: Series, begin: datetime) -> int:
        """Have a first bar at or after `begin`, so that all up to the stored ones is a gap."""
        first = self._store.stored(series).first
        if first is None or first <= begin:
            return 0
        page, _ = self._venue.trades(series.symbol, int(begin.timestamp()) * NS - 1_000)
        if not page or page[0].at >= first:
            return 0
        duration, opened_at = series.timeframe.duration, whole_bar(page[0].at, series.timeframe)
        opening = Gap(opened_at, opened_at + duration, 1)
        bars = self._ask(series, opening, _priced(page[0], opened_at - duration))
        return self._store.add(series, bars).new

    def _pieces(self, series: Series, gap: Gap) -> Iterator[list[Candle]]:
        duration = series.timeframe.duration
        began_at = gap.began_at
        while began_at < gap.until:
            until = min(gap.until, began_at + BARS_A_PIECE * duration)
            (before,) = self._store.candles(series, newest=1, end=began_at)
            bars = self._ask(series, Gap(began_at, until, (until - began_at) // duration), before)
            if not bars:
                return
            yield bars
            began_at = bars[-1].opened_at + duration

    def _ask(self, series: Series, gap: Gap, before: Candle) -> list[Candle]:
        trades = read_trades(self._venue, series.symbol, gap.began_at, gap.until)
        return bars_of(trades, covered_by(trades, gap, series.timeframe), series.timeframe, before)


def whole_bar(moment: datetime, timeframe: Timeframe) -> datetime:
    """The opening of the bar that a moment lies in."""
    return datetime.fromtimestamp(
        int(moment.timestamp()) // timeframe.duration_s * timeframe.duration_s, moment.tzinfo
    )


def _priced(trade: Trade, opened_at: datetime) -> Candle:
    return Candle(opened_at, trade.price, trade.price, trade.price, trade.price, trade.quantity)
