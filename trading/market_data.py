"""Prices, candles and instruments as last read, so that ten sessions ask the venue once."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from trading.candles import Candle, Gap, Timeframe, gaps_in
from trading.errors import TradingError, VenueError
from trading.instrument import Instrument
from trading.trade import bars_of, covered_by, read_trades
from trading.venues.venue import Ticker, Venue

_TICKER_AGE_MAX = timedelta(seconds=1)
_CANDLES_AGE_MAX = timedelta(seconds=1)
# A hole that a few pages of trades do not reach over stays one: the calls are those of the whole account.
_PAGES_MAX = 3

log = structlog.get_logger()


class UnknownSymbol(TradingError):
    """{symbol} is not a market of {venue}. Look at /peak help start for what can be traded."""


class MarketData:
    """One venue's market data for every session of a gateway; raises `VenueError` when there is none."""

    def __init__(self, venue: Venue, currency: str, clock: Callable[[], datetime]) -> None:
        self._venue = venue
        self._currency = currency
        self._clock = clock
        self._instruments: dict[str, Instrument] = {}
        self._tickers: dict[str, tuple[datetime, Ticker]] = {}
        self._candles: dict[tuple[str, str], tuple[datetime, tuple[Candle, ...]]] = {}
        self._asking: dict[object, threading.Lock] = {}
        self._lock = threading.Lock()

    def reload(self) -> None:
        """Read all instruments again: their status, steps and minimums change."""
        self._instruments = dict(self._venue.instruments())

    def instrument(self, symbol: str) -> Instrument:
        """A market of this venue; raises `UnknownSymbol`."""
        found = self._instruments.get(symbol)
        if found is None:
            raise UnknownSymbol(symbol=symbol, venue=self._venue.name)
        return found

    def ticker(self, symbol: str) -> Ticker:
        """Best prices, read at most a second ago."""
        self.instrument(symbol)
        with self._one_at_a_time(symbol):
            read_at, known = self._tickers.get(symbol, (None, None))
            now = self._clock()
            if known is None or read_at is None or abs(now - read_at) > _TICKER_AGE_MAX:
                known = self._venue.ticker(symbol)
                self._tickers[symbol] = (now, known)
            return known

    def candles(self, symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
        """The newest candles, the last of them open; read again once the open one must have closed."""
        duration = Timeframe.parse(timeframe).duration
        key = (symbol, timeframe)
        with self._one_at_a_time(key):
            read_at, known = self._candles.get(key, (None, ()))
            now = self._clock()
            is_stale = (
                read_at is None
                or not known
                or now >= known[-1].opened_at + duration
                or now - read_at > duration / 2
            )
            if is_stale and (read_at is None or abs(now - read_at) > _CANDLES_AGE_MAX):
                reply = tuple(self._venue.candles(symbol, timeframe))
                known = self._filled(symbol, Timeframe.parse(timeframe), reply, known)
                self._candles[key] = (now, known)
            return known[-count:]

    def _filled(
        self, symbol: str, timeframe: Timeframe, reply: tuple[Candle, ...], known: tuple[Candle, ...]
    ) -> tuple[Candle, ...]:
        """The reply with its holes filled: by bars that are known, or by what the venue's trades show.

        A minute without a trade is quiet; where trades cannot be read there stays a hole.
        """
        if not gaps_in(reply, timeframe):
            return reply
        # The last one known was open then, and may have been written on.
        bars = {bar.opened_at: bar for bar in known[:-1] if bar.opened_at >= reply[0].opened_at}
        bars |= {candle.opened_at: candle for candle in reply}
        # From the oldest hole on, and if that does not reach so far, once more from the newest.
        for which in (0, -1):
            holes = gaps_in([bars[opened_at] for opened_at in sorted(bars)], timeframe)
            if holes:
                self._fill(symbol, timeframe, holes, holes[which], bars)
        return tuple(bars[opened_at] for opened_at in sorted(bars))

    def _fill(
        self,
        symbol: str,
        timeframe: Timeframe,
        holes: tuple[Gap, ...],
        first: Gap,
        bars: dict[datetime, Candle],
    ) -> None:
        """Add what the trades from a hole's beginning on show of all holes."""
        until = holes[-1].until
        try:
            trades = read_trades(self._venue, symbol, first.began_at, until, pages_max=_PAGES_MAX)
        except VenueError as error:
            log.warning(f"the trades in a hole of {symbol} {timeframe} could not be read: {error}")
            return
        for hole in holes:
            if hole.began_at >= first.began_at:
                before = bars[hole.began_at - timeframe.duration]
                found = bars_of(trades, covered_by(trades, hole, timeframe), timeframe, before)
                bars |= {bar.opened_at: bar for bar in found}

    def newest_bar(self, symbol: str, timeframe: str) -> datetime | None:
        """When the newest candle that was read began; None before any was."""
        _, known = self._candles.get((symbol, timeframe), (None, ()))
        return known[-1].opened_at if known else None

    def rate(self, currency: str) -> Decimal | None:
        """What one unit of a currency is worth in the currency of the limits; None when no market says."""
        if currency == self._currency:
            return Decimal(1)
        straight, inverse = f"{currency}/{self._currency}", f"{self._currency}/{currency}"
        if straight in self._instruments:
            return self.ticker(straight).mid
        if inverse in self._instruments:
            return 1 / self.ticker(inverse).mid
        return None

    def worth(self, asset: str) -> Decimal | None:
        """The same by another name: what one unit of an asset is worth, straight or by way of its quote."""
        direct = self.rate(asset)
        if direct is not None:
            return direct
        for instrument in self._instruments.values():
            if instrument.base == asset and (rate := self.rate(instrument.quote)) is not None:
                return self.ticker(instrument.symbol).mid * rate
        return None

    def mid(self, symbol: str) -> Decimal:
        """The middle of the book."""
        return self.ticker(symbol).mid

    def _one_at_a_time(self, key: object) -> threading.Lock:
        with self._lock:
            return self._asking.setdefault(key, threading.Lock())
