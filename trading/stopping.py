"""Ending one session: its orders are cancelled, and the venue proves that none is left."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from trading.amount import plain
from trading.books import Books
from trading.errors import VenueError
from trading.halt import Pause, Steps, wait_for_arrivals
from trading.order import Order
from trading.reconciliation import Reconciler
from trading.venues.venue import Venue, VenueOrder
from trading.wire import StopProof


def cancel_orders(venue: Venue, books: Books, session_id: str, until: float = float("inf")) -> int:
    """Cancel every order of a session that the venue may hold; raises the last `VenueError`.

    A venue that fails is not asked any more once `until` is over, on the monotonic clock.
    """
    failure: VenueError | None = None
    cancelled = 0
    for order in books.live(session_id):
        if order.venue_order_id is None:
            continue
        if failure is not None and time.monotonic() >= until:
            break
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
    pause = Pause()
    while True:
        detail, left = "", -1
        try:
            count = cancel_orders(venue, books, session_id, until)
            steps.took(f"orders cancelled ({count})")
            venue.pace_stop()
            reconciler.resolve(venue, session_id)  # what is found need not be waited for
            arrived = wait_for_arrivals(venue, lambda: books.last_deadline(session_id), clock, until)
            reconciler.resolve(venue, session_id)
            ours = books.live(session_id)
            listed = reconciler.align_open_orders(venue)
            left = _count(ours, listed) if arrived else -1
            detail = _detail(left)
        except VenueError as error:
            detail = str(error)
        if left == 0 or time.monotonic() >= until:
            break
        pause.wait(until)
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


def _count(ours: Sequence[Order], listed: Sequence[VenueOrder]) -> int:
    """How many orders in a validated list are among these, by the venue's id or by ours."""
    venue_ids = {order.venue_order_id for order in ours}
    idents = {order.intent.client_order_id for order in ours}
    return sum(o.venue_order_id in venue_ids or o.client_order_id in idents for o in listed)
