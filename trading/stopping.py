"""Ending one session: its orders are cancelled, and the venue proves that none is left."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from trading.amount import plain
from trading.books import Books
from trading.errors import VenueError
from trading.halt import Steps, wait_for_arrivals
from trading.order import OrderState
from trading.reconciliation import Reconciler
from trading.venues.venue import Venue
from trading.wire import StopProof

_AGAIN_S = 0.5


def cancel_orders(venue: Venue, books: Books, session_id: str) -> int:
    """Cancel every order of a session that the venue may hold; raises the last `VenueError`."""
    failure: VenueError | None = None
    cancelled = 0
    for order in books.live(session_id):
        if order.venue_order_id is None:
            continue
        try:
            venue.cancel(order.venue_order_id)
            cancelled += 1
        except VenueError as error:
            failure = error
    if failure is not None:
        raise failure
    return cancelled


def stop_orders(
    session_id: str,
    venue: Venue,
    books: Books,
    reconciler: Reconciler,
    *,
    clock: Callable[[], datetime],
    within_s: float,
    steps: Steps,
) -> StopProof:
    """Cancel a session's orders and prove it; the gate lets nothing of this session through any more."""
    until = time.monotonic() + within_s
    detail, left = "", -1
    while True:
        try:
            count = cancel_orders(venue, books, session_id)
            steps.took(f"orders cancelled ({count})")
            arrived = wait_for_arrivals(venue, lambda: books.last_deadline(session_id), clock, until)
            if any(order.state is not OrderState.OPEN for order in books.live(session_id)):
                reconciler.resolve()
            left = _left_at_venue(venue, books, session_id) if arrived else -1
            reconciler.compare_open_orders()
            reconciler.poll_fills()
            detail = _detail(left)
        except VenueError as error:
            detail, left = str(error), -1
        if left == 0 or time.monotonic() >= until:
            break
        threading.Event().wait(_AGAIN_S)
    steps.took("proof" if left == 0 else "no proof")
    return StopProof(left == 0, steps.taken, left, books.held(session_id), detail)


def _detail(left: int) -> str:
    if left < 0:
        return "an order of it that is on its way could still arrive"
    return f"{left} of its orders are still open at the venue" if left else ""


def stop_facts(proof: StopProof) -> dict[str, object]:
    """The proof as an event's facts."""
    return {
        "proven": proof.proven,
        "steps": [list(step) for step in proof.steps],
        "open_orders": proof.open_orders,
        "held": {asset: plain(quantity) for asset, quantity in proof.held.items()},
        "detail": proof.detail,
    }


def _left_at_venue(venue: Venue, books: Books, session_id: str) -> int:
    """How many orders in a validated list are this session's, by the venue's id or by ours."""
    live = books.live(session_id)
    venue_ids = {order.venue_order_id for order in live}
    ours = {order.intent.client_order_id for order in live}
    return sum(o.venue_order_id in venue_ids or o.client_order_id in ours for o in venue.open_orders())
