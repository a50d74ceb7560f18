"""What the account is worth, marked each minute and at the day's start, and the day's loss from it."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from trading.amount import plain
from trading.books import Books
from trading.database import Database
from trading.equity import Daily, day_start, trading_day
from trading.errors import UnknownPrice, VenueError
from trading.market_data import MarketData
from trading.position import Pnl
from trading.store import EquityStore
from trading.venues.venue import Venue
from trading.wire import EquitySummary

# An equity older than this says nothing about now.
_EQUITY_AGE_MAX = timedelta(minutes=3)
_POINTS_FROM = timedelta(days=1)


class Valuation:
    """Marks the worth of one account in the currency of its limits."""

    def __init__(
        self,
        *,
        venue: Venue,
        books: Books,
        market: MarketData,
        database: Database,
        exchange: str,
        currency: str,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
    ) -> None:
        self._venue = venue
        self._books = books
        self._market = market
        self._database = database
        self._exchange = exchange
        self._currency = currency
        self._zone = zone
        self._clock = clock
        self._lock = threading.Lock()
        self._day_mark: Decimal | None = None
        self._equity: tuple[datetime, Decimal] | None = None

    def mark(self) -> None:
        """Reckon the account's worth now and keep it; the first of a day is what that day begins with."""
        balances = self._venue.balances()
        worth, unpriced = self._worth(balances.items())
        now = self._clock()
        day = trading_day(now, self._venue.time(), self._zone)
        detail = {asset: plain(quantity) for asset, quantity in balances.items()}
        with self._database.transaction() as session:
            store = EquityStore(session)
            known = store.day_mark(day, self._exchange)
            store.add(
                self._exchange, now, worth, {"balances": detail, "unpriced": unpriced}, None if known else day
            )
        with self._lock:
            self._day_mark = known.equity if known else worth
            self._equity = (now, worth)

    def refresh(self) -> None:
        """Reckon the worth again without keeping a mark: after a fill, and for whoever asks."""
        worth, _ = self._worth(self._venue.balances().items())
        with self._lock:
            self._equity = (self._clock(), worth)

    def daily(self) -> Daily:
        """The day's loss as the limits want it; a mark that is missing or old stays missing."""
        now = self._clock()
        with self._lock:
            if self._equity is None or now - self._equity[0] > _EQUITY_AGE_MAX:
                return Daily(None, None)
            return Daily(self._day_mark, self._equity[1])

    def refresh_prices(self) -> None:
        """Price every symbol that we hold or have on order, for the limits."""
        with self._books.lock:
            symbols = {order.intent.symbol for order in self._books.live()}
            symbols |= {p.symbol for p in self._books.account().positions if p.quantity}
        for symbol in symbols:
            instrument = self._market.instrument(symbol)
            mid, rate = self._market.ticker(symbol).mid, self._market.rate(instrument.quote)
            with self._books.lock:
                self._books.exposure.mark(symbol, mid, rate)

    def summary(self) -> EquitySummary:
        """The account's money for reports, as of now; as of the last mark while the venue does not answer."""
        with suppress(VenueError):
            self.refresh()
        daily = self.daily()
        now = self._clock()
        since = min(now - _POINTS_FROM, day_start(now.astimezone(self._zone).date(), self._zone))
        with self._database.reading() as session:
            points = EquityStore(session).marks(since, self._exchange)
        pnl, priced = self._pnl()
        with self._books.lock:
            exposure = self._books.exposure.total
        return EquitySummary(
            currency=self._currency,
            equity=daily.equity,
            daily_pnl=None if daily.loss is None else -daily.loss,
            realised=pnl.realised,
            unrealised=pnl.unrealised if priced else None,
            fees=pnl.fees,
            exposure=exposure,
            points=tuple((point.at, point.equity) for point in points),
        )

    def _pnl(self) -> tuple[Pnl, bool]:
        """Profit of our own fills, and whether the open part of it could be priced."""
        positions = self._books.account().positions
        rates = {quote: rate for quote in {p.quote for p in positions} if (rate := self._market.rate(quote))}
        prices = self._market.prices(p.symbol for p in positions if p.quantity)
        try:
            return self._books.account().pnl(self._currency, prices, rates), True
        except UnknownPrice:
            return Pnl(Decimal(0), Decimal(0), Decimal(0)), False

    def _worth(self, balances: Iterable[tuple[str, Decimal]]) -> tuple[Decimal, list[str]]:
        total = Decimal(0)
        unpriced = []
        for asset, quantity in balances:
            if not quantity:
                continue
            worth = self._market.worth(asset)
            if worth is None:
                unpriced.append(asset)
            else:
                total += quantity * worth
        return total, unpriced
