"""A venue that fills on paper: a public market's prices, and an account that lies in a file of ours."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Protocol

from trading.candles import Candle
from trading.codec import Unreadable, decode, encode
from trading.equity import Transfer
from trading.errors import ExchangeOrderError, TradingError
from trading.fill import Fill
from trading.instrument import Instrument
from trading.order import Intent, OrderType, Side
from trading.session import Stage
from trading.trade import Trade
from trading.venues.venue import KeyRights, Ticker, Turn, VenueOrder, VenueOrderState, VenueStatus
from trading.whole_file import write_whole

# So many of its orders and executions a paper account remembers; the books have them all.
_REMEMBERED = 500
_CENT = Decimal("0.00001")


class PaperAccountUnreadable(TradingError):
    """The paper account in {file} cannot be read: {why}. Move the file away, then stop its sessions.

    The next start begins a new account, which holds nothing of what their books say.
    """


class Market(Protocol):
    """The part of a venue that anybody may ask, without a key."""

    def time(self) -> datetime:
        """Its own clock."""

    def status(self) -> VenueStatus:
        """Whether it is open for business."""

    def instruments(self) -> Mapping[str, Instrument]:
        """All markets by symbol."""

    def ticker(self, symbol: str) -> Ticker:
        """The best prices now."""

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """Candles, the last one open."""

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """One page of public trades, and where the next one begins."""


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """How an order is executed: in equal parts, each a latency after the one before.

    Each part takes the far side of the book as it is then, worse by the slippage; the fee is a share of what
    changes hands, in the quote currency.
    """

    fee_share: Decimal = Decimal("0.004")
    slippage_share: Decimal = Decimal("0.0005")
    latency_s: float = 0.4
    parts: int = 2


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order of a paper account; `due_at` is when its next part is executed."""

    order: VenueOrder
    due_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaperAccount:
    """What the account holds and has done; `count` numbers its orders and executions."""

    balances: dict[str, Decimal]
    orders: tuple[PaperOrder, ...] = ()
    fills: tuple[Fill, ...] = ()
    count: int = 0


@dataclass(slots=True)
class _Kept:
    """The account, in memory as it is in its file."""

    path: Path
    account: PaperAccount = field(default_factory=lambda: PaperAccount({}))

    def load(self) -> None:
        try:
            self.account = decode(PaperAccount, json.loads(self.path.read_text("utf-8")))
        except (OSError, ValueError, RecursionError, Unreadable) as error:
            raise PaperAccountUnreadable(file=self.path, why=str(error) or type(error).__name__) from error

    def save(self, account: PaperAccount) -> None:
        write_whole(self.path, [json.dumps(encode(account))])
        self.account = account


class PaperVenue:
    """A venue account of which only the prices are real; it needs no key, and places nothing anywhere.

    `money` is what a new account begins with, by currency. Every write is in the file before it counts.
    """

    name = "paper"
    validate_only = False
    stages = frozenset({Stage.SHADOW})

    def __init__(
        self,
        market: Market,
        path: Path,
        money: Mapping[str, Decimal],
        clock: Callable[[], datetime],
        terms: PaperTerms | None = None,
    ) -> None:
        self._market = market
        self._clock = clock
        self._terms = terms or PaperTerms()
        self._lock = threading.RLock()
        self._instruments: Mapping[str, Instrument] = {}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._kept = _Kept(path)
        if path.exists():
            self._kept.load()
        else:
            self._kept.save(PaperAccount(dict(money)))

    def pace_order(self) -> None:
        """Nobody counts."""

    def pace_stop(self) -> None:
        """Nobody counts."""

    def turn(self) -> Turn:
        """Hold the account."""
        return self._lock

    def time(self) -> datetime:
        """The market's clock."""
        return self._market.time()

    def status(self) -> VenueStatus:
        """As the market says."""
        return self._market.status()

    def instruments(self) -> Mapping[str, Instrument]:
        """As the market lists them."""
        self._instruments = self._market.instruments()
        return self._instruments

    def ticker(self, symbol: str) -> Ticker:
        """The market's prices."""
        return self._market.ticker(symbol)

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """The market's candles."""
        return self._market.candles(symbol, timeframe, since)

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """The market's trades."""
        return self._market.trades(symbol, after_ns)

    def balances(self) -> Mapping[str, Decimal]:
        """What the account holds on paper."""
        return self._kept.account.balances

    def transfers(self, since: datetime) -> Sequence[Transfer]:
        """Nothing is ever paid in or out."""
        return ()

    def send(self, intent: Intent, deadline: datetime) -> str | None:
        """Take an order that the account can pay for; its executions come later, by `fills`."""
        price = self._price(intent.side, self._market.ticker(intent.symbol))
        with self._lock:
            now, account = self._clock(), self._kept.account
            if now > deadline:
                raise ExchangeOrderError(detail="it arrived after its deadline")
            base, _, quote = intent.symbol.partition("/")
            asset, wanted = (base, intent.quantity)
            if intent.side is Side.BUY:
                asset, wanted = quote, intent.quantity * price * (1 + self._terms.fee_share)
            if account.balances.get(asset, Decimal(0)) < wanted:
                raise ExchangeOrderError(detail=f"the paper account has not enough {asset}")
            number = account.count + 1
            order = VenueOrder(
                venue_order_id=f"PAPER-{number:06d}",
                client_order_id=intent.client_order_id,
                symbol=intent.symbol,
                side=intent.side,
                quantity=intent.quantity,
                filled_quantity=Decimal(0),
                state=VenueOrderState.OPEN,
                price=intent.limit_price if intent.type is OrderType.LIMIT else None,
            )
            placed = PaperOrder(order, now + timedelta(seconds=self._terms.latency_s))
            self._kept.save(replace(account, orders=(*account.orders, placed)[-_REMEMBERED:], count=number))
            return order.venue_order_id

    def cancel(self, venue_order_id: str) -> None:
        """Cancel what is left of one order."""
        self._cancel(lambda order: order.venue_order_id == venue_order_id)

    def cancel_all(self) -> int:
        """Cancel every open order."""
        return self._cancel(lambda order: True)

    def open_orders(self) -> Sequence[VenueOrder]:
        """What is open, whether or not the market answers."""
        return [each.order for each in self._kept.account.orders if not each.order.state.is_over]

    def find_order(self, client_order_id: str) -> VenueOrder | None:
        """The order with this client id."""
        orders = (each.order for each in reversed(self._kept.account.orders))
        return next((order for order in orders if order.client_order_id == client_order_id), None)

    def orders_called(self, venue_order_ids: Sequence[str]) -> Mapping[str, VenueOrder]:
        """The orders with these ids."""
        wanted = set(venue_order_ids)
        return {
            each.order.venue_order_id: each.order
            for each in self._kept.account.orders
            if each.order.venue_order_id in wanted
        }

    def cancelled_since(self, at: datetime) -> Sequence[VenueOrder]:
        """What was cancelled from then on."""
        return [
            each.order
            for each in self._kept.account.orders
            if each.order.state is VenueOrderState.CANCELED and each.closed_at and each.closed_at >= at
        ]

    def fills(self, since: datetime) -> Sequence[Fill]:
        """Executions from then on; what is due by now is executed first, at the prices of now."""
        for symbol in {order.symbol for order in self._due()}:
            self._execute(symbol, self._market.ticker(symbol))
        return [fill for fill in self._kept.account.fills if fill.at >= since]

    def arm_timer(self, timeout_s: int) -> None:
        """Nothing of ours rests at a venue."""

    def disarm_timer(self) -> None:
        """Nothing of ours rests at a venue."""

    def key_rights(self) -> KeyRights:
        """There is no key."""
        return KeyRights(may_trade=False, may_withdraw=False, detail="no key: orders are filled on paper")

    def _due(self) -> list[VenueOrder]:
        now = self._clock()
        orders = self._kept.account.orders
        return [each.order for each in orders if not each.order.state.is_over and each.due_at <= now]

    def _price(self, side: Side, quote: Ticker) -> Decimal:
        """The far side of the book, worse by the slippage."""
        if side is Side.BUY:
            return quote.ask * (1 + self._terms.slippage_share)
        return quote.bid * (1 - self._terms.slippage_share)

    def _execute(self, symbol: str, quote: Ticker) -> None:
        """Execute one part of each order of a symbol that is due, if its limit allows it."""
        with self._lock:
            due = {order.venue_order_id for order in self._due() if order.symbol == symbol}
            for place, each in enumerate(self._kept.account.orders):
                if each.order.venue_order_id not in due:
                    continue
                price = self._rounded(symbol, self._price(each.order.side, quote))
                limit = each.order.price
                if limit is not None and (price - limit) * each.order.side.sign > 0:
                    continue
                self._fill(place, each, self._part(each.order), price)

    def _part(self, order: VenueOrder) -> Decimal:
        """So much is executed at once: an equal part, the last one with what is left over."""
        left = order.quantity - order.filled_quantity
        part = order.quantity / self._terms.parts
        instrument = self._instruments.get(order.symbol)
        if instrument is not None:
            part = instrument.round_quantity(part)
        return part if part > 0 and 2 * part <= left else left

    def _rounded(self, symbol: str, price: Decimal) -> Decimal:
        instrument = self._instruments.get(symbol)
        return instrument.round_price(price) if instrument else price

    def _fill(self, place: int, each: PaperOrder, quantity: Decimal, price: Decimal) -> None:
        account, now, order = self._kept.account, self._clock(), each.order
        base, _, quote = order.symbol.partition("/")
        cost = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
        fee = (cost * self._terms.fee_share).quantize(_CENT, ROUND_HALF_UP)
        fill = Fill(
            fill_id=f"PAPER-FILL-{account.count + 1:06d}",
            client_order_id=None,
            venue_order_id=order.venue_order_id,
            session_id=None,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            fee_currency=quote,
            at=now,
            cost=cost,
        )
        filled = order.filled_quantity + quantity
        is_whole = filled >= order.quantity
        after = replace(
            order, filled_quantity=filled, state=VenueOrderState.CLOSED if is_whole else order.state
        )
        orders = list(account.orders)
        later = now + timedelta(seconds=self._terms.latency_s)
        orders[place] = PaperOrder(after, later, now if is_whole else None)
        sign = order.side.sign
        balances = {**account.balances}
        balances[base] = balances.get(base, Decimal(0)) + sign * quantity
        balances[quote] = balances.get(quote, Decimal(0)) - sign * cost - fee
        fills = (*account.fills, fill)[-_REMEMBERED:]
        self._kept.save(PaperAccount(balances, tuple(orders), fills, account.count + 1))

    def _cancel(self, meant: Callable[[VenueOrder], bool]) -> int:
        with self._lock:
            now, cancelled, orders = self._clock(), 0, []
            for each in self._kept.account.orders:
                if not each.order.state.is_over and meant(each.order):
                    cancelled += 1
                    each = PaperOrder(replace(each.order, state=VenueOrderState.CANCELED), each.due_at, now)
                orders.append(each)
            if cancelled:
                self._kept.save(replace(self._kept.account, orders=tuple(orders)))
            return cancelled
