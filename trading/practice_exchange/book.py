"""The public order book: levels around the mid price, the same for everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trading.practice_exchange.assets import Pair

LEVELS_MAX = 500
_HALF_SPREAD = Decimal("0.00005")
_VOLUME_STEPS = tuple(Decimal(step) / 10 for step in (7, 12, 4, 15, 9, 21, 6, 18, 10, 26))


@dataclass(frozen=True, slots=True)
class Level:
    """So much can be traded at this price."""

    price: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """Best bid, best ask and the depth behind them, at one moment."""

    pair: Pair
    bid: Decimal
    ask: Decimal
    step: Decimal

    @classmethod
    def around(cls, pair: Pair, mid: Decimal) -> "Book":
        """Lay the book around a mid price, half a basis point to each side and at least one tick."""
        step = max((mid * _HALF_SPREAD).quantize(pair.tick), pair.tick)
        return cls(pair, max(mid - step, pair.tick), mid + step, step)

    def asks(self) -> Iterator[Level]:
        """Offers to sell, cheapest first."""
        for index in range(LEVELS_MAX):
            yield Level(self.ask + self.step * index, self._volume(index))

    def bids(self) -> Iterator[Level]:
        """Offers to buy, dearest first, down to the smallest price."""
        for index in range(LEVELS_MAX):
            price = self.bid - self.step * index
            if price < self.pair.tick:
                return
            yield Level(price, self._volume(index))

    def _volume(self, index: int) -> Decimal:
        return self.pair.level_volume * _VOLUME_STEPS[index % len(_VOLUME_STEPS)]
