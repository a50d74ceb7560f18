"""What the market printed: public trades, and the bars that they make."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from trading.candles import Candle, Gap, Timeframe, quiet

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Trade:
    """One public trade: its price in the quote currency, its quantity in the base."""

    at: datetime
    price: Decimal
    quantity: Decimal


class Trades(Protocol):
    """Who knows the public trades of a venue."""

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """One page of those later than a moment in Unix nanoseconds, and where the next page begins."""


def bars_of(trades: Iterable[Trade], gap: Gap, timeframe: Timeframe, before: Candle) -> list[Candle]:
    """Every bar of a gap, made of all the trades in it; one without a trade is quiet, at the last price."""
    printed: dict[int, list[Trade]] = {}
    for trade in trades:
        if gap.began_at <= trade.at < gap.until:
            number = (trade.at - gap.began_at) // timeframe.duration
            printed.setdefault(number, []).append(trade)
    bars = [before]
    for number in range(gap.missing):
        opened_at = gap.began_at + number * timeframe.duration
        inside = printed.get(number)
        bars.append(_bar(opened_at, inside) if inside else quiet(bars[-1], opened_at))
    return bars[1:]


def covered_by(trades: Sequence[Trade], gap: Gap, timeframe: Timeframe) -> Gap:
    """The part of a gap of which all trades are known: the bars that are over before the last one of them."""
    reached = min(trades[-1].at, gap.until) if trades else gap.began_at
    whole = max(0, (reached - gap.began_at) // timeframe.duration)
    return Gap(gap.began_at, gap.began_at + whole * timeframe.duration, whole)


def read_trades(
    venue: Trades,
    symbol: str,
    begin: datetime,
    until: datetime,
    *,
    pages_max: int | None = None,
) -> list[Trade]:
    """The public trades from a moment to the first one after another, as far as so many pages reach."""
    found: list[Trade] = []
    after_ns, pages = int(begin.timestamp()) * NS - 1_000, 0
    while pages_max is None or pages < pages_max:
        page, after_ns = venue.trades(symbol, after_ns)
        pages += 1
        found += page
        if not page or page[-1].at >= until:
            break
    return found


def _bar(opened_at: datetime, trades: Sequence[Trade]) -> Candle:
    prices = [trade.price for trade in trades]
    volume = sum((trade.quantity for trade in trades), Decimal(0))
    return Candle(opened_at, prices[0], max(prices), min(prices), prices[-1], volume)
