"""What the account is worth, marked each minute and at the day's start, and the day's loss from it."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from trading.amount import plain
from trading.books import Books
from trading.database import Database
from trading.equity import Daily, EquityPoint, Transfer, trading_day
from trading.errors import UnknownPrice, VenueError
from trading.market_data import MarketData, UnknownSymbol
from trading.store import EquityStore
from trading.venues.venue import Venue
from trading.wire import EQUITY_DAYS, EquitySummary

# An equity older than this says nothing about now.
_EQUITY_AGE_MAX = timedelta(minutes=3)
_POINTS_FROM = timedelta(days=EQUITY_DAYS)
_KEPT_FOR = _POINTS_FROM + timedelta(days=1)
_POINTS_MAX = 1000


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
        self._begun: EquityPoint | None = None
        self._equity: tuple[datetime, Decimal] | None = None
        self._transfers: Sequence[Transfer] = ()
        self._net_deposits = Decimal(0)
        self._looked_with: Mapping[str, Decimal] | None = None

    def mark(self) -> None:
        """Reckon the account's worth now and keep it; the first of a day is what that day begins with."""
        balances = self._venue.balances()
        worth, unpriced = _worth(balances.items(), self._market.worth)
        now = self._clock()
        day = trading_day(now, self._venue.time(), self._zone)
        detail = {asset: plain(quantity) for asset, quantity in balances.items()}
        with self._database.transaction() as session:
            store = EquityStore(session)
            known = store.day_mark(day, self._exchange)
            store.add(
                self._exchange, now, worth, {"balances": detail, "unpriced": unpriced}, None if known else day
            )
            store.forget(now - _KEPT_FOR, self._exchange)
        begun = known or EquityPoint(now, worth)
        with self._lock:
            if begun != self._begun:
                self._begun, self._transfers = begun, ()
                self._looked_with = None if known else balances
        self._reckon(balances, look=True)

    def refresh(self, *, after_fill: bool = False) -> None:
        """Reckon the worth again without keeping a mark: after a fill, and for whoever asks.

        A fill explains why a balance has changed; what else changed it is looked up with the next mark.
        """
        self._reckon(self._venue.balances(), look=not after_fill)

    def _reckon(self, balances: Mapping[str, Decimal], *, look: bool) -> None:
        """Keep the worth of these balances, and of what was paid in and out since the day began.

        The venue is asked for payments only when a balance has changed, as each question counts there.
        """
        with self._lock:
            begun, asks = self._begun, look and balances != self._looked_with
        if begun is not None and asks:
            transfers = self._venue.transfers(begun.at)
            with self._lock:
                self._transfers, self._looked_with = transfers, balances
            balances = self._venue.balances()  # what was paid in meanwhile counts in both
        price = cache(self._market.worth)  # one for both, or a move between them would be a profit
        worth, _ = _worth(balances.items(), price)
        paid, _ = _worth(((each.asset, each.quantity) for each in self._transfers), price)
        with self._lock:
            self._equity, self._net_deposits = (self._clock(), worth), paid

    def day_began_at(self) -> datetime | None:
        """When the mark was made that the day began with; None while there is none."""
        with self._lock:
            return self._begun.at if self._begun else None

    def daily(self) -> Daily:
        """The day's loss as the limits want it; a mark that is missing or old stays missing."""
        now = self._clock()
        with self._lock:
            if self._equity is None or now - self._equity[0] > _EQUITY_AGE_MAX:
                return Daily(None, None)
            mark = self._begun.equity if self._begun else None
            return Daily(mark, self._equity[1], self._net_deposits)

    def refresh_prices(self) -> None:
        """Price every symbol that we hold or have on order, for the limits.

        One that the venue does not answer for keeps no other from its price; one that it trades no more has
        none, and nothing opens by it.
        """
        failure: VenueError | None = None
        with self._books.lock:
            symbols = {order.intent.symbol for order in self._books.live()}
            symbols |= {p.symbol for p in self._books.account().positions if p.quantity}
        for symbol in symbols:
            try:
                instrument = self._market.instrument(symbol)
                mid, rate = self._market.ticker(symbol).mid, self._market.rate(instrument.quote)
            except UnknownSymbol:
                continue
            except VenueError as error:
                failure = error
                continue
            with self._books.lock:
                self._books.exposure.mark(symbol, mid, rate)
        if failure is not None:
            raise failure

    def summary(self) -> EquitySummary:
        """The account's money for reports, as of now; as of the last mark while the venue does not answer."""
        with suppress(VenueError):
            self.refresh()
        daily = self.daily()
        with self._database.reading() as session:
            points = EquityStore(session).marks(self._clock() - _POINTS_FROM, self._exchange)
        realised, unrealised, fees = self._pnl()
        with self._books.lock:
            exposure = self._books.exposure.total
        return EquitySummary(
            currency=self._currency,
            equity=daily.equity,
            daily_pnl=None if daily.loss is None else -daily.loss,
            realised=realised,
            unrealised=unrealised,
            fees=fees,
            exposure=exposure,
            points=tuple((point.at, point.equity) for point in _thinned(points)),
        )

    def _pnl(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Realised and unrealised profit and fees of our own fills, each None where it cannot be priced."""
        book = self._books.account()
        positions = book.positions
        rates = self._known((quote, self._market.rate) for quote in {p.quote for p in positions})
        prices = self._known((p.symbol, self._market.mid) for p in positions if p.quantity)
        try:
            realised, fees = book.settled(self._currency, rates)
        except UnknownPrice:
            return None, None, None
        try:
            return realised, book.pnl(self._currency, prices, rates).unrealised, fees
        except UnknownPrice:
            return realised, None, fees

    def _known(self, wanted: Iterable[tuple[str, Callable[[str], Decimal | None]]]) -> dict[str, Decimal]:
        """What could be read; what the venue does not tell is left out."""
        found = {}
        for name, read in wanted:
            with suppress(VenueError, UnknownSymbol):
                if (value := read(name)) is not None:
                    found[name] = value
        return found


def _worth(
    balances: Iterable[tuple[str, Decimal]], price: Callable[[str], Decimal | None]
) -> tuple[Decimal, list[str]]:
    total = Decimal(0)
    unpriced = []
    for asset, quantity in balances:
        if not quantity:
            continue
        worth = price(asset)
        if worth is None:
            unpriced.append(asset)
        else:
            total += quantity * worth
    return total, unpriced


def _thinned(points: Sequence[EquityPoint]) -> Sequence[EquityPoint]:
    """So many that a chart shows no less, with the newest among them."""
    step = -(-len(points) // _POINTS_MAX) or 1
    return points[::-1][::step][::-1]
