"""Buy weakness: in after a fall went too far, out once it has been made good."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar

from trading.candles import Candle
from trading.errors import BadStrategy

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RsiReversion:
    """Fully in from an RSI of at most `lower` until one of at least `upper`, or for `hold` bars at most.

    The RSI is the plain one (Cutler's): rises over rises and falls of the last `period` bars, in percent,
    50 when nothing moved. It needs no start-up, so a restart decides as if it had never stopped.
    """

    period: int = 14
    lower: int = 30
    upper: int = 55
    hold: int = 96
    name: ClassVar[str] = "rsi_reversion"

    def __post_init__(self) -> None:
        if not 0 < self.lower < self.upper < 100:
            why = f"lower ({self.lower}) must be below upper ({self.upper}), both between 0 and 100"
            raise BadStrategy(name=self.name, why=why)
        if self.period < 2 or self.hold < 1:
            raise BadStrategy(name=self.name, why="period must be at least 2 and hold at least 1")

    @property
    def lookback(self) -> int:
        """The bars of one RSI and as many more as a position is held."""
        return self.period + self.hold

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """1 when the newest crossing among the last `hold` bars was one of `lower`, else 0."""
        closes = [candle.close for candle in candles]
        changes = [later - earlier for earlier, later in pairwise(closes)]
        ups = [max(change, _ZERO) for change in changes]
        downs = [max(-change, _ZERO) for change in changes]
        rises = sum(ups[-self.period :], _ZERO)
        falls = sum(downs[-self.period :], _ZERO)
        for newest in range(len(changes) - 1, self.period - 2, -1):
            # The RSI is at most `lower` just when rises : falls is at most lower : (100 - lower).
            if (rises or falls) and rises * (100 - self.lower) <= falls * self.lower:
                return Decimal(1)
            if (rises or falls) and rises * (100 - self.upper) >= falls * self.upper:
                return Decimal(0)
            oldest = newest - self.period
            rises += ups[oldest] - ups[newest]
            falls += downs[oldest] - downs[newest]
        return Decimal(0)
