"""Our own books of one account: orders, fills, positions, and the exposure that follows from them.

Every change is in the database, with its event, before it counts in memory.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trading.amount import plain
from trading.checkpoint import WORTH_KEEPING, Checkpoint, Folded
from trading.database import Database
from trading.events import EventKind, TradingEvent
from trading.exposure import Exposure
from trading.fill import Fill
from trading.order import Order, OrderState, Side
from trading.position import Book, Position
from trading.store import CheckpointStore, EventStore, FillStore, OrderStore, SessionStore

_UNSENT = frozenset({OrderState.INTENDED})
_UNRESOLVED = _UNSENT | {OrderState.UNKNOWN}
_LIVE = _UNRESOLVED | {OrderState.OPEN}


class Books:
    """Orders and fills of one exchange; `lock` is held by whoever decides on what it reads."""

    def __init__(
        self, database: Database, exchange: str, currency: str, clock: Callable[[], datetime]
    ) -> None:
        self.lock = threading.RLock()
        self.exposure = Exposure(currency)
        self._database = database
        self._exchange = exchange
        self._clock = clock
        self._live: dict[str, Order] = {}
        self._known: dict[str, Order] = {}
        self._by_venue_id: dict[str, str] = {}
        self._folded = Folded(Checkpoint())
        self._booked: set[str] = set()

    def load(self, price_of: Callable[[str], Decimal]) -> None:
        """Read everything from the database again; what is still open is counted at `price_of` its symbol.

        Nothing is booked between the reading and the end of it; the prices, which take time, come before.
        What it comes to is kept, so that the next start need fold only what is booked from now on.
        """
        if checkpoint := self._load(price_of):
            with self._database.transaction() as session:
                CheckpointStore(session).save(self._exchange, checkpoint)

    def load_without_prices(self) -> None:
        """Read what a halt needs to know, without asking the venue for anything and without writing."""
        self._load(lambda _: Decimal(0))

    def _load(self, price_of: Callable[[str], Decimal]) -> Checkpoint | None:
        with self._database.reading() as session:
            open_orders = OrderStore(session).open_orders(self._exchange)
        prices = {symbol: price_of(symbol) for symbol in {order.intent.symbol for order in open_orders}}
        with self.lock:
            orders, self._folded, checkpoint = self._stored()
            self.exposure = Exposure(self.exposure.currency)
            self._known = orders
            self._by_venue_id = {o.venue_order_id: ident for ident, o in orders.items() if o.venue_order_id}
            self._live = {ident: order for ident, order in orders.items() if order.state.may_be_live}
            for position in self._folded.account.positions:
                self.exposure.hold(position.symbol, position.quantity)
            for order in self._live.values():
                self.exposure.reserve(order, order.intent.limit_price or prices[order.intent.symbol])
        return checkpoint

    def _stored(self) -> tuple[dict[str, Order], Folded, Checkpoint | None]:
        """The orders that still matter, filled as their fills say; all fills, folded; what to keep of it."""
        with self._database.reading() as session:
            store, fills = OrderStore(session), FillStore(session)
            sessions = [s for s in SessionStore(session).all_open() if s.plan.exchange == self._exchange]
            orders = {o.intent.client_order_id: o for s in sessions for o in store.by_session(s.id)}
            orders |= {o.intent.client_order_id: o for o in store.open_orders(self._exchange)}
            filled = fills.filled_of(orders)
            begin = CheckpointStore(session).get(self._exchange)
            later = fills.after(begin.sequence, self._exchange)
            is_whole = fills.extent(self._exchange, until=begin.sequence) == (begin.sequence, begin.fills)
            if not (is_whole and begin.goes_before(later)):
                begin, later = Checkpoint(), fills.all(self._exchange)
            extent = fills.extent(self._exchange)
        folded = Folded(begin)
        for fill in later:
            folded.apply(fill)
        keep = folded.checkpoint(*extent) if len(later) >= WORTH_KEEPING else None
        known = {i: replace(o, filled_quantity=filled.get(i, Decimal(0))) for i, o in orders.items()}
        return known, folded, keep

    def order(self, client_order_id: str) -> Order | None:
        """One order of ours, whatever became of it."""
        with self.lock:
            if found := self._known.get(client_order_id):
                return found
        with self._database.reading() as session:
            return OrderStore(session).get(client_order_id)

    def by_venue_id(self, venue_order_id: str) -> Order | None:
        """The order of ours that the venue knows by this id."""
        with self.lock:
            return self._known.get(self._by_venue_id.get(venue_order_id, ""))

    def live(self, session_id: str | None = None) -> list[Order]:
        """Orders that the venue may be holding, of one session or of all.

        Read without the lock: whoever holds it may wait for the database, and a halt asks for this.
        """
        return [o for o in self._live.copy().values() if session_id in (None, o.intent.session_id)]

    def unresolved(self, session_id: str | None = None) -> list[Order]:
        """Orders whose fate is not known: sent without an answer, or saved just before a crash."""
        return [order for order in self.live(session_id) if order.state is not OrderState.OPEN]

    def last_deadline(self, session_id: str | None = None) -> datetime | None:
        """Until when an order without an answer could still arrive at the venue."""
        return max((o.deadline for o in self.unresolved(session_id) if o.deadline), default=None)

    def position(self, session_id: str, symbol: str) -> Position:
        """What a session holds by its own fills."""
        with self.lock:
            return self._folded.sessions.get(session_id, Book()).position(symbol)

    def pending(self, session_id: str, symbol: str) -> dict[Side, Decimal]:
        """What a session's open orders would still buy and sell."""
        open_quantity = {Side.BUY: Decimal(0), Side.SELL: Decimal(0)}
        for order in self.live(session_id):
            if order.intent.symbol == symbol:
                open_quantity[order.intent.side] += order.open_quantity
        return open_quantity

    def account(self) -> Book:
        """The positions of all sessions together."""
        return self._folded.account

    def held(self, session_id: str | None = None) -> dict[str, Decimal]:
        """The net of our own fills by asset, without what is flat."""
        with self.lock:
            book = (
                self._folded.account if session_id is None else self._folded.sessions.get(session_id, Book())
            )
            totals: dict[str, Decimal] = {}
            for position in book.positions:
                base = position.symbol.partition("/")[0]
                totals[base] = totals.get(base, Decimal(0)) + position.quantity
        return {base: quantity for base, quantity in totals.items() if quantity}

    def oldest_live_at(self) -> datetime | None:
        """When the oldest order was written down that the venue may still hold."""
        return min((order.created_at for order in self.live()), default=None)

    def last_fill_at(self) -> datetime | None:
        """When we last traded, by the venue's clock."""
        return self._folded.newest_at

    def deny(self, order: Order, why: str) -> None:
        """Write down an order that was not sent."""
        denied = order.moved(OrderState.DENIED, self._clock(), why)
        with self.lock:
            with self._database.transaction() as session:
                OrderStore(session).add(denied)
                EventStore(session).add(_order_event(EventKind.ORDER_DENIED, denied, self._clock()))
            self._remember(denied)

    def intend(self, order: Order, price: Decimal) -> None:
        """Write down an order that is about to be sent, and count it against the limits."""
        with self._database.transaction() as session:
            OrderStore(session).add(order)
        with self.lock:
            self._remember(order)
            self.exposure.reserve(order, price)

    def accepted(self, order: Order, venue_order_id: str) -> Order:
        """The venue took it."""
        known = replace(order, venue_order_id=venue_order_id)
        return self._move(known, OrderState.OPEN, EventKind.ORDER_ACCEPTED, only_from=_UNRESOLVED)

    def rejected(self, order: Order, why: str) -> Order:
        """The venue refused it, or never had it."""
        return self._move(order, OrderState.REJECTED, EventKind.ORDER_REJECTED, why, only_from=_UNRESOLVED)

    def unknown(self, order: Order, why: str) -> Order:
        """No answer came."""
        return self._move(order, OrderState.UNKNOWN, EventKind.ORDER_UNKNOWN, why, only_from=_UNSENT)

    def withdrawn(self, order: Order, why: str) -> Order:
        """It was written down but never sent."""
        return self._move(order, OrderState.DENIED, EventKind.ORDER_DENIED, why, only_from=_UNSENT)

    def closed(self, order: Order, state: OrderState, why: str = "") -> Order:
        """Nothing more of it can be executed."""
        return self._move(order, state, None, why, only_from=_LIVE)

    def filled(self, client_order_id: str) -> Decimal:
        """How much of an order was executed, by the fills that are stored."""
        with self._database.reading() as session:
            return FillStore(session).filled(client_order_id)

    def book(self, found: Fill) -> bool:
        """Take an execution in, once; False when it is known already or not ours."""
        with self.lock:
            order = self.by_venue_id(found.venue_order_id)
            if order is None or found.fill_id in self._booked:
                return False
            fill = replace(
                found, client_order_id=order.intent.client_order_id, session_id=order.intent.session_id
            )
            with self._database.transaction() as session:
                fills = FillStore(session)
                if not fills.add(fill, self._exchange):
                    self._booked.add(fill.fill_id)
                    return False
                filled = fills.filled(order.intent.client_order_id)
                state = OrderState.FILLED if filled >= order.intent.quantity else order.state
                after = replace(order, filled_quantity=filled, state=state, updated_at=self._clock())
                OrderStore(session).update(after)
                EventStore(session).add(_fill_event(fill, after))
            self._booked.add(fill.fill_id)
            self._folded.apply(fill)
            self._remember(after)
            self.exposure.fill(fill)
            return True

    def _move(
        self,
        order: Order,
        wanted: OrderState,
        kind: EventKind | None,
        why: str = "",
        *,
        only_from: frozenset[OrderState],
    ) -> Order:
        """Move an order as it is now, whatever the caller has read; one that has moved on stays as it is."""
        ident = order.intent.client_order_id
        with self.lock:
            known = self._known.get(ident, order)
            if known.state not in only_from:
                return known
            with self._database.transaction() as session:
                after = replace(
                    known.moved(wanted, self._clock(), why),
                    venue_order_id=known.venue_order_id or order.venue_order_id,
                    filled_quantity=FillStore(session).filled(ident),
                )
                OrderStore(session).update(after)
                if kind is not None:
                    EventStore(session).add(_order_event(kind, after, self._clock()))
            self._remember(after)
            if not after.state.may_be_live:
                self.exposure.release(ident)
        return after

    def _remember(self, order: Order) -> None:
        ident = order.intent.client_order_id
        self._known[ident] = order
        if order.venue_order_id:
            self._by_venue_id[order.venue_order_id] = ident
        if order.state.may_be_live:
            self._live[ident] = order
        else:
            self._live.pop(ident, None)


def _order_event(kind: EventKind, order: Order, at: datetime) -> TradingEvent:
    intent = order.intent
    return TradingEvent(
        key=f"{kind}:{intent.client_order_id}",
        kind=kind,
        at=at,
        session_id=intent.session_id,
        facts={
            "client_order_id": intent.client_order_id,
            "venue_order_id": order.venue_order_id,
            "symbol": intent.symbol,
            "side": intent.side.value,
            "quantity": plain(intent.quantity),
            "type": intent.type.value,
            "limit_price": plain(intent.limit_price) if intent.limit_price else None,
            "reason": order.reason,
        },
    )


def _fill_event(fill: Fill, order: Order) -> TradingEvent:
    return TradingEvent(
        key=f"fill:{fill.fill_id}",
        kind=EventKind.FILL,
        at=fill.at,
        session_id=fill.session_id,
        facts={
            "fill_id": fill.fill_id,
            "client_order_id": fill.client_order_id,
            "symbol": fill.symbol,
            "side": fill.side.value,
            "quantity": plain(fill.quantity),
            "price": plain(fill.price),
            "notional": plain(fill.notional),
            "fee": plain(fill.fee),
            "fee_currency": fill.fee_currency,
            "order_filled": plain(order.filled_quantity),
            "order_quantity": plain(order.intent.quantity),
        },
    )
