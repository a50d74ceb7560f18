"""Candles, and which of them may be decided on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from trading.amount import is_positive
from trading.errors import BadCandle, BadTimeframe


class Timeframe(StrEnum):
    """How long one bar lasts."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @classmethod
    def parse(cls, text: str) -> "Timeframe":
        """Read a bar length; raises `BadTimeframe` with those allowed."""
        try:
            return cls(text)
        except ValueError:
            raise BadTimeframe(text=text[:20], allowed=", ".join(cls)) from None

    @property
    def duration_s(self) -> int:
        """Seconds from a bar's opening to its close."""
        return int(self.value[:-1]) * {"m": 60, "h": 3_600, "d": 86_400}[self.value[-1]]

    @property
    def duration(self) -> timedelta:
        """Time from a bar's opening to its close."""
        return timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar: prices in the quote currency, volume in the base; refuses what no market can have printed."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    def __post_init__(self) -> None:
        for name in ("open", "high", "low", "close"):
            if not is_positive(getattr(self, name)):
                raise BadCandle(opened_at=self.opened_at, why=f"{name} is {getattr(self, name)}")
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise BadCandle(opened_at=self.opened_at, why="open or close lies outside of low and high")
        if not (self.volume.is_finite() and self.volume >= 0):
            raise BadCandle(opened_at=self.opened_at, why=f"volume is {self.volume}")


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that are missing between two that are there; `until` is the opening of the first one after it."""

    began_at: datetime
    until: datetime
    missing: int

    def line(self, symbol: str, timeframe: str) -> str:
        """What logs and people are told; `until` keeps its date where that is another day."""
        same_day = self.began_at.date() == self.until.date()
        until = f"{self.until:%H:%MZ}" if same_day else f"{self.until:%Y-%m-%dT%H:%MZ}"
        return (
            f"[DATA] Gap detected: {symbol} {timeframe} {self.began_at:%Y-%m-%dT%H:%MZ}..{until} "
            f"({self.missing} missing)"
        )


def gaps_in(candles: Sequence[Candle], timeframe: Timeframe) -> tuple[Gap, ...]:
    """Where bars are missing between the first and the last; they must be in order."""
    return tuple(
        Gap(opened_at, later.opened_at, (later.opened_at - opened_at) // timeframe.duration)
        for earlier, later in pairwise(candles)
        if later.opened_at > (opened_at := earlier.opened_at + timeframe.duration)
    )


def quiet(before: Candle, opened_at: datetime) -> Candle:
    """The bar of a time without trades, as Kraken writes it: flat at the last price, with no volume."""
    price = before.close
    return Candle(opened_at, price, price, price, price, Decimal(0))


def closed(reply: Sequence[Candle], timeframe: Timeframe, now: datetime) -> tuple[Candle, ...]:
    """The candles of one venue reply that will not change any more; call it once on each reply.

    The newest is left out whatever our clock says: the venue may have written it before it closed.
    Raises `BadCandle` when the reply is out of order or holds a bar twice.
    """
    for earlier, later in pairwise(reply):
        if later.opened_at <= earlier.opened_at:
            raise BadCandle(opened_at=later.opened_at, why="it is doubled or out of order")
    return tuple(candle for candle in reply[:-1] if candle.opened_at + timeframe.duration <= now)


def is_stale(candle: Candle, timeframe: Timeframe, now: datetime) -> bool:
    """Whether a closed bar ended more than one interval ago, too long to act on."""
    return now - (candle.opened_at + timeframe.duration) > timeframe.duration
