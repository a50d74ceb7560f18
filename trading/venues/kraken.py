"""Kraken's spot account through ccxt."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from trading.candles import Candle
from trading.equity import Transfer
from trading.errors import BadInstrument, ExchangeNetworkError, ExchangeOrderError
from trading.fill import Fill
from trading.instrument import Instrument
from trading.order import Intent, OrderType, Side
from trading.session import Stage
from trading.trade import Trade
from trading.venues.ccxt_errors import translated
from trading.venues.connection import Connection
from trading.venues.kraken_object import kraken_at
from trading.venues.kraken_replies import instrument_of
from trading.venues.pace import Pace
from trading.venues.venue import (
    KeyRights,
    OrderPlaced,
    Ticker,
    Turn,
    VenueOrder,
    VenueOrderState,
    VenueStatus,
)

# Kraken's smallest counter holds 15 calls and forgets one in 3.03 s. Five are left to the calls that do not
# wait, and the looks at the fills leave as many more to what somebody waits for.
_PRIVATE_BURST = 10
_PRIVATE_SHARE = 3.1
_HISTORY_SPARE = 5
_PUBLIC_BURST = 10
_ORDER_BURST = 50
# A try at a stop asks for the open orders and for what became of its own.
_STOP_COST = 2
_HISTORY_COST = 2
_BOOK_LEVELS = 100
_ATTEMPTS = 3
_PAGES_MAX = 200
_ORDERS_A_QUERY = 50
_TIMEFRAME_MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240, "1d": 1440}


class KrakenVenue:
    """One Kraken account; `api_url` lets a local server speak for Kraken.

    Private calls go in turn over one connection, because Kraken wants the nonces of a key in order; public
    ones have a connection of their own. With `throttled=False` nothing waits and nothing is asked again by
    itself, so that each call ends within its timeout: that is for emergencies, which ask again. With
    `validate_only=True` Kraken checks orders and places none: what it has for a testnet.
    """

    name = "kraken"

    def __init__(
        self,
        *,
        api_url: str | None,
        key: str,
        secret: str,
        timeout_s: float,
        rate_limit_ms: int,
        clock: Callable[[], datetime],
        throttled: bool = True,
        validate_only: bool = False,
    ) -> None:
        settings = {
            "apiKey": key,
            "secret": secret,
            "timeout": int(timeout_s * 1000),
            "enableRateLimit": False,
            "options": {"maxRetriesOnFailure": 0},
        }
        refill_s = rate_limit_ms / 1000 if throttled else 0.0
        attempts = _ATTEMPTS if throttled else 1
        private = Pace(_PRIVATE_SHARE * refill_s, _PRIVATE_BURST)
        self._stops = Pace(_PRIVATE_SHARE * rate_limit_ms / 1000, _PRIVATE_BURST)
        self._private = Connection(kraken_at(api_url, settings), private, attempts)
        self._public = Connection(kraken_at(api_url, settings), Pace(refill_s, _PUBLIC_BURST), attempts)
        self._clock = clock
        self.validate_only = validate_only
        self.stages = frozenset({Stage.TESTNET if validate_only else Stage.LIVE})
        self._orders = Pace(refill_s, _ORDER_BURST)
        self._instruments: dict[str, Instrument] = {}
        self._symbols: dict[str, str] = {}
        self._pairs: dict[str, str] = {}

    def pace_order(self) -> None:
        """AddOrder costs nothing in ccxt's limiter, but Kraken counts orders all the same."""
        self._orders.wait()

    def pace_stop(self) -> None:
        """Let five go at once, throttled or not: the halts over the same key need the rest."""
        self._stops.wait(_STOP_COST)

    def turn(self) -> Turn:
        """Hold the account's connection."""
        return self._private.lock

    def time(self) -> datetime:
        """Kraken's clock; it tells whole seconds."""
        reply = self._public.read(lambda kraken: kraken.publicGetTime())
        return datetime.fromtimestamp(int(reply["result"]["unixtime"]), UTC)

    def status(self) -> VenueStatus:
        """What Kraken's status page says; a word it does not know yet counts as maintenance."""
        reply = self._public.read(lambda kraken: kraken.publicGetSystemStatus())
        try:
            return VenueStatus(reply["result"]["status"])
        except ValueError:
            return VenueStatus.MAINTENANCE

    def instruments(self) -> Mapping[str, Instrument]:
        """Every spot market, read afresh; one described so that it cannot be traded is left out."""
        reply = self._public.read(lambda kraken: kraken.publicGetAssetPairs())
        found: dict[str, Instrument] = {}
        pairs: dict[str, str] = {}
        names: dict[str, str] = {}
        with translated():
            for pair, row in reply["result"].items():
                if "." in pair or ":" in pair:
                    continue  # dark pools and synthetic pairs share the symbols of real ones
                base, quote = self._asset(row["base"]), self._asset(row["quote"])
                symbol = f"{base}/{quote}"
                pairs[symbol] = pair
                names[pair] = names[row["altname"]] = symbol
                with suppress(BadInstrument):
                    found[symbol] = instrument_of(symbol, base, quote, row)
        self._instruments, self._pairs, self._symbols = found, pairs, names
        return found

    def ticker(self, symbol: str) -> Ticker:
        """Best bid and ask from the order book, where each level has its time; Kraken's Ticker has none."""
        request = {"pair": self._pair(symbol), "count": _BOOK_LEVELS}
        reply = self._public.read(lambda kraken: kraken.publicGetDepth(request))
        with translated():
            book = next(iter(reply["result"].values()))
            bids, asks = book["bids"], book["asks"]
            ticker = Ticker(
                symbol=symbol,
                bid=Decimal(bids[0][0]) if bids else Decimal(0),
                ask=Decimal(asks[0][0]) if asks else Decimal(0),
                at=datetime.fromtimestamp(max((int(level[2]) for level in (*bids, *asks)), default=0), UTC),
            )
        if not 0 < ticker.bid <= ticker.ask:
            raise ExchangeNetworkError(detail=f"no price for {symbol}: bid {ticker.bid}, ask {ticker.ask}")
        return ticker

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """Up to 720 candles, oldest first, the last one open."""
        request: dict[str, Any] = {"pair": self._pair(symbol), "interval": _TIMEFRAME_MINUTES[timeframe]}
        if since is not None:
            request["since"] = int(since.timestamp())
        reply = self._public.read(lambda kraken: kraken.publicGetOHLC(request))
        with translated():
            rows = next(value for key, value in reply["result"].items() if key != "last")
            return [
                Candle(
                    opened_at=datetime.fromtimestamp(int(row[0]), UTC),
                    open=Decimal(row[1]),
                    high=Decimal(row[2]),
                    low=Decimal(row[3]),
                    close=Decimal(row[4]),
                    volume=Decimal(row[6]),
                )
                for row in rows
            ]

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """Public trades later than a moment, a page of a thousand at most, and the moment to go on from."""
        request = {"pair": self._pair(symbol), "since": after_ns}
        reply = self._public.read(lambda kraken: kraken.publicGetTrades(request))
        with translated():
            last_ns = int(reply["result"].pop("last"))
            (rows,) = reply["result"].values()
            found = [
                Trade(datetime.fromtimestamp(float(row[2]), UTC), Decimal(row[0]), Decimal(row[1]))
                for row in rows
            ]
        return found, last_ns

    def balances(self) -> Mapping[str, Decimal]:
        """Everything in the account, under the names that symbols use."""
        reply = self._private.read(lambda kraken: kraken.privatePostBalanceEx())
        with translated():
            return {
                self._asset(asset): Decimal(str(row["balance"])) for asset, row in reply["result"].items()
            }

    def transfers(self, since: datetime) -> Sequence[Transfer]:
        """Deposits and withdrawals, each of which Kraken's ledger lists by itself, fifty a page."""
        found = []
        for kind in ("deposit", "withdrawal"):
            rows = _paged("ledger", partial(self._ledger, kind, since))
            with translated():
                found += [
                    Transfer(self._asset(row["asset"]), Decimal(row["amount"]) - Decimal(row["fee"]))
                    for row in rows.values()
                ]
        return found

    def send(self, intent: Intent, deadline: datetime) -> str | None:
        """Send AddOrder exactly once, with our id and its deadline; fees are taken in the quote currency."""
        instrument = self._instruments.get(intent.symbol)
        if instrument is None:
            raise ExchangeOrderError(detail=f"{intent.symbol} is not a market of Kraken")
        request = {
            "pair": self._pair(intent.symbol),
            "type": intent.side.value,
            "ordertype": intent.type.value,
            "volume": f"{instrument.round_quantity(intent.quantity):f}",
            "cl_ord_id": intent.client_order_id,
            "deadline": deadline.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "oflags": "fciq",
        }
        if intent.type is OrderType.LIMIT:
            if intent.limit_price is None:
                raise ExchangeOrderError(detail="a limit order needs its limit price")
            request["price"] = f"{instrument.round_price(intent.limit_price):f}"
        if self.validate_only:
            request["validate"] = "true"
        reply = self._private.once(lambda kraken: kraken.privatePostAddOrder(request))
        identifiers = reply["result"].get("txid") or []
        if self.validate_only:
            if identifiers:
                raise OrderPlaced(detail=f"{identifiers}")
            return None
        if not isinstance(identifiers, list) or not identifiers:
            raise ExchangeNetworkError(detail="AddOrder answered without an order id")
        return str(identifiers[0])

    def cancel(self, venue_order_id: str) -> None:
        """Cancel one order."""
        try:
            self._private.once(lambda kraken: kraken.privatePostCancelOrder({"txid": venue_order_id}))
        except ExchangeOrderError as error:
            if "Unknown order" not in str(error):
                raise

    def cancel_all(self) -> int:
        """Cancel everything in the account."""
        reply = self._private.once(lambda kraken: kraken.privatePostCancelAll(), cost=1)
        return int(reply["result"]["count"])

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every open order of the account."""
        reply = self._private.read(lambda kraken: kraken.privatePostOpenOrders())
        with translated():
            return [self._order(*item) for item in reply["result"]["open"].items()]

    def find_order(self, client_order_id: str) -> VenueOrder | None:
        """Look among the open orders first, then among the closed: so none slips through while it closes."""
        request = {"cl_ord_id": client_order_id}
        reply = self._private.read(lambda kraken: kraken.privatePostOpenOrders(request))
        with translated():
            rows = list(reply["result"]["open"].items())
        reply = self._private.read(lambda kraken: kraken.privatePostClosedOrders(request))
        with translated():
            rows += reply["result"]["closed"].items()
            orders = [self._order(*item) for item in rows]
        return next((order for order in orders if order.client_order_id == client_order_id), None)

    def orders_called(self, venue_order_ids: Sequence[str]) -> Mapping[str, VenueOrder]:
        """Fifty orders with each call; Kraken may refuse a call as a whole for an order it does not know."""
        found: dict[str, VenueOrder] = {}
        for begin in range(0, len(venue_order_ids), _ORDERS_A_QUERY):
            request = {"txid": ",".join(venue_order_ids[begin : begin + _ORDERS_A_QUERY])}
            with suppress(ExchangeOrderError):
                found |= self._queried(request)
        return found

    def cancelled_since(self, at: datetime) -> Sequence[VenueOrder]:
        """Every order that was cancelled from then on; Kraken gives 50 a page of all that ended."""
        rows = _paged("closed", lambda offset: self._closed(at, offset))
        with translated():
            orders = [self._order(*item) for item in rows.items()]
        return [order for order in orders if order.state is VenueOrderState.CANCELED]

    def fills(self, since: datetime) -> Sequence[Fill]:
        """Every execution from then on; Kraken gives 50 a page and its own names of the markets."""
        if not self._instruments:
            self.instruments()
        rows = _paged("trades", lambda offset: self._history(since, offset))
        with translated():
            fills = [self._fill(*item) for item in rows.items()]
        return sorted((fill for fill in fills if fill.at >= since), key=lambda fill: fill.at)

    def arm_timer(self, timeout_s: int) -> None:
        """Have everything cancelled in `timeout_s` whole seconds; nought would disarm, so it is refused."""
        if timeout_s < 1:
            raise ValueError("a dead-man timer of less than one second would disarm it")
        self._set_timer(timeout_s)

    def disarm_timer(self) -> None:
        """Send the nought that takes the timer back."""
        self._set_timer(0)

    def key_rights(self) -> KeyRights:
        """What Kraken says this key may do."""
        reply = self._private.read(lambda kraken: kraken.privatePostGetApiKeyInfo())
        with translated():
            rights = [str(right) for right in reply["result"]["permissions"]]
        return KeyRights(
            may_trade=any("modify-trades" in right for right in rights),
            may_withdraw=any(right.startswith("withdraw") for right in rights),
            detail=", ".join(rights),
        )

    def _set_timer(self, timeout_s: int) -> None:
        request = {"timeout": timeout_s}
        self._private.once(lambda kraken: kraken.privatePostCancelAllOrdersAfter(request), cost=1)

    def _queried(self, request: Mapping[str, str]) -> dict[str, VenueOrder]:
        reply = self._private.read(lambda kraken: kraken.privatePostQueryOrders(request))
        with translated():
            return {ident: self._order(ident, row) for ident, row in reply["result"].items()}

    def _asset(self, name: str) -> str:
        """Kraken's XXBT and ZUSD under the names that symbols use."""
        return str(self._public.exchange.safe_currency_code(name))

    def _closed(self, since: datetime, offset: int) -> dict[str, Any]:
        page = {"start": int(since.timestamp()) - 1, "ofs": offset, "closetime": "close"}
        reply = self._private.read(lambda kraken: kraken.privatePostClosedOrders(page))
        return dict(reply["result"])

    def _ledger(self, kind: str, since: datetime, offset: int) -> dict[str, Any]:
        page = {"type": kind, "start": since.timestamp(), "ofs": offset}
        reply = self._private.read(lambda kraken: kraken.privatePostLedgers(page), _HISTORY_COST)
        return dict(reply["result"])

    def _history(self, since: datetime, offset: int) -> dict[str, Any]:
        # Kraken's start is exclusive and in whole seconds.
        page = {"start": int(since.timestamp()) - 1, "ofs": offset}
        reply = self._private.read(
            lambda kraken: kraken.privatePostTradesHistory(page), _HISTORY_COST, _HISTORY_SPARE
        )
        return dict(reply["result"])

    def _pair(self, symbol: str) -> str:
        if symbol not in self._pairs:
            raise ExchangeOrderError(detail=f"{symbol} is not a market of Kraken")
        return self._pairs[symbol]

    def _order(self, venue_order_id: str, row: Mapping[str, Any]) -> VenueOrder:
        described = row["descr"]
        price = Decimal(described.get("price") or 0)
        return VenueOrder(
            venue_order_id=venue_order_id,
            client_order_id=row.get("cl_ord_id"),
            symbol=self._symbols.get(described["pair"], described["pair"]),
            side=Side(described["type"]),
            quantity=Decimal(row["vol"]),
            filled_quantity=Decimal(row["vol_exec"]),
            state=VenueOrderState(row["status"]),
            price=price or None,
        )

    def _fill(self, fill_id: str, row: Mapping[str, Any]) -> Fill:
        symbol = self._symbols.get(row["pair"], row["pair"])
        instrument = self._instruments.get(symbol)
        return Fill(
            fill_id=fill_id,
            client_order_id=None,
            venue_order_id=row["ordertxid"],
            session_id=None,
            symbol=symbol,
            side=Side(row["type"]),
            quantity=Decimal(row["vol"]),
            price=Decimal(row["price"]),
            fee=Decimal(row["fee"]),
            fee_currency=instrument.quote if instrument else "",
            at=datetime.fromtimestamp(float(row["time"]), UTC),
            cost=Decimal(row["cost"]),
        )


def _paged(name: str, read: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """All rows of what Kraken gives page by page; `read` is given how many there are already."""
    rows: dict[str, Any] = {}
    for _ in range(_PAGES_MAX):
        result = read(len(rows))
        rows |= result[name]
        if not result[name] or len(rows) >= int(result.get("count", 0)):
            break
    return rows
