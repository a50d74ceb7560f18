"""Follow strength: in while the price stands higher than some bars ago."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from trading.candles import Candle
from trading.errors import BadStrategy


@dataclass(frozen=True, slots=True)
class Momentum:
    """Fully in while the last close is over `threshold_pct` percent above that of `bars` ago, else out."""

    bars: int = 12
    threshold_pct: Decimal = Decimal(0)
    name: ClassVar[str] = "momentum"

    def __post_init__(self) -> None:
        if self.bars < 1:
            raise BadStrategy(name=self.name, why=f"bars is {self.bars}, but it must be at least 1")

    @property
    def lookback(self) -> int:
        """The last candle and as many as it looks back."""
        return self.bars + 1

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """1 while the gain is above the threshold, else 0."""
        before, last = candles[-1 - self.bars].close, candles[-1].close
        return Decimal((last - before) * 100 > before * self.threshold_pct)
