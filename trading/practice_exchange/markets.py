"""All pairs of the exchange at one moment: path, book and tape of each."""

from datetime import datetime
from decimal import Decimal

from trading.practice_exchange.assets import PAIRS, Pair
from trading.practice_exchange.book import Book
from trading.practice_exchange.candles import Tape
from trading.practice_exchange.price_path import PricePath, Trend


class Markets:
    """The price paths and what is derived from them."""

    def __init__(self, seed: int, began_at: datetime, speed: float) -> None:
        self._paths = {pair.id: PricePath(pair, seed, began_at, speed) for pair in PAIRS.values()}
        self._tapes = {pair_id: Tape(path) for pair_id, path in self._paths.items()}

    def path(self, pair: Pair) -> PricePath:
        """The price path of a pair."""
        return self._paths[pair.id]

    def tape(self, pair: Pair) -> Tape:
        """The public trades and bars of a pair."""
        return self._tapes[pair.id]

    def book(self, pair: Pair, now: datetime) -> Book:
        """The order book of a pair."""
        return Book.around(pair, self._paths[pair.id].price(now.timestamp()))

    def control(
        self,
        now: datetime,
        pair: Pair | None = None,
        speed: float | None = None,
        trend: Trend | None = None,
        price: Decimal | None = None,
    ) -> None:
        """Turn the knobs of one pair, or of all."""
        for path in self._paths.values() if pair is None else [self._paths[pair.id]]:
            if speed is not None:
                path.set_speed(speed, now)
            if trend is not None:
                path.set_trend(trend, now, price)
            elif price is not None:
                path.set_price(price, now)
