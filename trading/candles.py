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
