"""Prices without any network: the practice exchange's own paths, in the process that asks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from trading.candles import Candle, Timeframe
from trading.errors import ExchangeOrderError
from trading.instrument import Instrument
from trading.practice_exchange.assets import PAIRS, Pair
from trading.practice_exchange.candles import Bar
from trading.practice_exchange.markets import Markets
from trading.trade import NS, Trade
from trading.venues.venue import Ticker, VenueStatus

SEED = 7
TRADES_MAX = 1000


class DummyMarket:
    """A market that is always open; its prices follow from the clock alone."""

    def __init__(self, clock: Callable[[], datetime], speed: float = 1.0) -> None:
        self._clock = clock
        self._markets = Markets(SEED, clock(), speed)
        self._pairs = {pair.symbol: pair for pair in PAIRS.values()}

    def time(self) -> datetime:
        """Our own clock, in whole seconds as venues tell it."""
        return self._clock().replace(microsecond=0)

    def status(self) -> VenueStatus:
        """Always open."""
        return VenueStatus.ONLINE

    def instruments(self) -> Mapping[str, Instrument]:
        """The pairs of the practice exchange."""
        found = {}
        for symbol, pair in self._pairs.items():
            base, quote = symbol.split("/")
            found[symbol] = Instrument(symbol, base, quote, pair.tick, pair.lot, pair.ordermin, pair.costmin)
        return found

    def ticker(self, symbol: str) -> Ticker:
        """The prices of now."""
        now = self._clock()
        book = self._markets.book(self._pair(symbol), now)
        return Ticker(symbol, book.bid, book.ask, now)

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """The newest bars, the last one open."""
        minutes = Timeframe.parse(timeframe).duration_s // 60
        begin = {} if since is None else {"since_s": since.timestamp()}
        bars = self._markets.tape(self._pair(symbol)).bars(minutes, self._clock().timestamp(), **begin)
        return [_candle(bar) for bar in bars]

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """The first trades later than that moment."""
        prints = self._markets.tape(self._pair(symbol)).prints_after(
            after_ns / NS, self._clock().timestamp(), TRADES_MAX
        )
        found = [Trade(datetime.fromtimestamp(each.at_s, UTC), each.price, each.volume) for each in prints]
        return found, prints[-1].at_s * NS if prints else after_ns

    def _pair(self, symbol: str) -> Pair:
        pair = self._pairs.get(symbol)
        if pair is None:
            raise ExchangeOrderError(detail=f"there is no {symbol} here")
        return pair


def _candle(bar: Bar) -> Candle:
    opened_at = datetime.fromtimestamp(bar.start_s, UTC)
    return Candle(opened_at, bar.open, bar.high, bar.low, bar.close, bar.volume)
