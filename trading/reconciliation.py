"""Our books against the venue's: at the start, after each order, and whenever an answer was lost."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from trading.amount import plain
from trading.books import Books
from trading.order import Order, OrderState
from trading.venue_clock import ARRIVAL_SPARE, venue_clock
from trading.venues.venue import Venue, VenueOrder, VenueOrderState

log = structlog.get_logger()

# Executions may be listed late or with a time a little before the order's own.
_OVERLAP = timedelta(seconds=30)
_NEVER_TRADED_BACK = timedelta(minutes=5)


class Reconciler:
    """Brings orders and fills in line with the venue; raises `VenueError` when the venue cannot be asked.

    A query that failed leaves everything as it was: unknown, never flat. Where a method takes a `venue`, that
    is another connection to ask over: a stop or a halt does not wait behind the account's other calls.
    """

    def __init__(self, venue: Venue, books: Books, clock: Callable[[], datetime]) -> None:
        self._venue = venue
        self._books = books
        self._clock = clock
        self._absent: set[str] = set()
        self._resolving = threading.Lock()
        self._polled_at: datetime | None = None
        self.foreign: tuple[VenueOrder, ...] = ()

    def reconcile(self) -> list[str]:
        """Everything there is: open orders, fills, orders without an answer; gives what did not agree."""
        differences = self.compare_open_orders()
        self.poll_fills()
        self.resolve()
        return differences

    def poll_fills(self, venue: Venue | None = None) -> int:
        """Book executions that are new; gives how many."""
        asked_at = self._clock()
        known = (self._books.oldest_live_at(), self._polled_at or self._books.last_fill_at())
        since = min(filter(None, known), default=asked_at - _NEVER_TRADED_BACK)
        booked = sum(self._books.book(fill) for fill in (venue or self._venue).fills(since - _OVERLAP))
        self._polled_at = asked_at
        return booked

    def resolve(self, venue: Venue | None = None, session_id: str | None = None) -> None:
        """Look for each order without an answer by our own id, of one session or of all.

        Only absence after its deadline, by the venue's clock, counts, and only twice: then the venue never
        had it.
        """
        with self._resolving:
            unresolved = self._books.unresolved(session_id)
            if not unresolved:
                return
            asked = venue or self._venue
            venue_now = venue_clock(asked, self._clock)
            for order in unresolved:
                self._resolve(order, venue_now(), asked)

    def _resolve(self, order: Order, asked_at: datetime, venue: Venue) -> None:
        ident = order.intent.client_order_id
        found = venue.find_order(ident)
        if found is not None:
            self._absent.discard(ident)
            log.info("order found again", order=ident, venue_order=found.venue_order_id, state=found.state)
            self.settle(self._books.accepted(order, found.venue_order_id), found, venue)
        elif order.deadline is None or asked_at <= order.deadline + ARRIVAL_SPARE:
            return
        elif ident in self._absent:
            self._absent.discard(ident)
            self._books.rejected(order, "the venue never had it: absent twice after its deadline")
        else:
            self._absent.add(ident)

    def compare_open_orders(self) -> list[str]:
        """Bring the open orders in line, and say which of those at the venue are not ours."""
        self.align_open_orders()
        return [
            f"foreign order {o.venue_order_id}: {o.side} {plain(o.quantity)} {o.symbol}" for o in self.foreign
        ]

    def align_open_orders(self, venue: Venue | None = None) -> list[VenueOrder]:
        """Close what the venue no longer lists, book what it has filled, and give what it lists."""
        asked = venue or self._venue
        before = [order for order in self._books.live() if order.state is OrderState.OPEN]
        listed = {order.venue_order_id: order for order in asked.open_orders()}
        unresolved = {order.intent.client_order_id for order in self._books.unresolved()}
        self.foreign = tuple(
            order
            for order in listed.values()
            if self._books.by_venue_id(order.venue_order_id) is None
            and order.client_order_id not in unresolved
        )
        vanished = [order for order in before if order.venue_order_id not in listed]
        open_still = [(order, listed[i]) for order in before if (i := order.venue_order_id) in listed]
        self._close(vanished, asked)
        if any(found.filled_quantity > order.filled_quantity for order, found in open_still):
            self.poll_fills(asked)
        return list(listed.values())

    def foreign_cancelled(self, since: datetime, venue: Venue) -> int:
        """How many orders were cancelled since then that we have not sent."""
        return sum(
            self._books.by_venue_id(order.venue_order_id) is None
            and (order.client_order_id is None or self._books.order(order.client_order_id) is None)
            for order in venue.cancelled_since(since)
        )

    def _close(self, vanished: list[Order], venue: Venue) -> None:
        """Settle what is open in our books alone: a few queries, however many orders a halt has cancelled."""
        idents = {order.venue_order_id: order for order in vanished if order.venue_order_id}
        if not idents:
            return
        found = venue.orders_called(list(idents))
        if any(each.filled_quantity > idents[ident].filled_quantity for ident, each in found.items()):
            self.poll_fills(venue)
        for ident, order in idents.items():
            ours = order.intent.client_order_id
            became = found.get(ident) or venue.find_order(ours)
            if became is None:
                log.warning("an open order of ours is not at the venue", order=ours)
            else:
                self.settle(self._books.order(ours) or order, became, venue)

    def settle(self, order: Order, found: VenueOrder, venue: Venue) -> None:
        """Close an order that is over at the venue, but not before all its executions are in our books."""
        if not found.state.is_over:
            return
        ident = order.intent.client_order_id
        if found.filled_quantity > self._books.filled(ident):
            for fill in venue.fills(order.created_at - _OVERLAP):
                self._books.book(fill)
        if found.filled_quantity > self._books.filled(ident):
            return
        state = OrderState.FILLED if found.state is VenueOrderState.CLOSED else OrderState.CANCELLED
        self._books.closed(order, state, f"{found.state} at the venue")
