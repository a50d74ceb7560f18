"""Follow the trend: in while a short average stands above a long one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from trading.candles import Candle
from trading.errors import BadStrategy


@dataclass(frozen=True, slots=True)
class MaCrossover:
    """Fully in while the mean of the last `fast` closes is above the mean of the last `slow`, else out."""

    fast: int = 5
    slow: int = 20
    name: ClassVar[str] = "ma_crossover"

    def __post_init__(self) -> None:
        if not 1 <= self.fast < self.slow:
            raise BadStrategy(name=self.name, why=f"fast ({self.fast}) must be below slow ({self.slow})")

    @property
    def lookback(self) -> int:
        """The candles of the long average."""
        return self.slow

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """1 while the short average is above the long one, else 0."""
        closes = [candle.close for candle in candles]
        fast_sum = sum(closes[-self.fast :], Decimal(0))
        slow_sum = sum(closes[-self.slow :], Decimal(0))
        # Both sides times fast * slow, so that nothing is rounded.
        return Decimal(fast_sum * self.slow > slow_sum * self.fast)
