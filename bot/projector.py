"""From what trading reports to what the desk sees: each event once, with its record, in one transaction."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from approvals.events import ExecutionChanged
from approvals.request import ExecutionState, RequestId
from bot.errors import DatabaseUnavailable
from bot.operations.alerts import raise_alert
from bot.operations.desk import Desk
from bot.operations.late_proof import take_late_proof
from bot.operations.request_card import subject as request_subject
from bot.operations.sessions import subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.sessions import SESSION_LINES, fill_line, order_line, state_line
from bot.views.wording import with_limit_words
from trading.events import EventKind, TradingEvent
from trading.session import TradingSession

log = logging.getLogger(__name__)

BATCH = 50
POLL_S = 0.1
# So often a batch may fail as a whole before its events are turned one by one.
FAILURES_MAX = 5

# kind -> severity, what to do next. These raise an alert.
ALERTS: dict[EventKind, tuple[str, str]] = {
    EventKind.ORDER_DENIED: ("medium", "Look at /peak risk: is the order too large, or the limit too tight?"),
    EventKind.ORDER_REJECTED: ("medium", "Read the venue's reason; stop the session if it comes again."),
    EventKind.ORDER_UNKNOWN: (
        "high",
        "It is being looked up at the venue and is never sent again. See /peak orders.",
    ),
    EventKind.VENUE_ERROR: (
        "medium",
        "Reads are tried again by themselves. Look at the venue's status page.",
    ),
    EventKind.SESSION_FAILED: (
        "high",
        "The gateway cancels its open orders: see with /peak orders that none is left. It may still hold.",
    ),
    EventKind.SESSION_SILENT: ("high", "Its open orders are being cancelled. Stop it, or halt everything."),
    EventKind.SESSION_PAUSED: (
        "medium",
        "It opens nothing, and may still sell what it holds. Two people let it go on, by /peak resume; "
        "/peak stop ends it.",
    ),
    EventKind.LOSS_REACHED: (
        "high",
        "Nothing opens before the next day, and then only what two people resume. Open /peak risk.",
    ),
    EventKind.ACTIVATION_ENDING: ("medium", "Stop it, then ask for a new start, if it shall go on."),
    EventKind.ACTIVATION_ENDED: ("medium", "Stop it; then a new start can be asked for. It may still hold."),
    EventKind.SESSION_UNKNOWN: (
        "high",
        "The venue did not prove the stop. Look at the venue's own page now.",
    ),
    EventKind.GATEWAY_LOST: ("high", "It is being started again; live sessions stay paused."),
    EventKind.GATEWAY_STALE: (
        "high",
        "Nothing starts until its live sessions are stopped; then the bot replaces it. See /peak readiness.",
    ),
    EventKind.BOOKS_DIFFER: (
        "high",
        "Our books and the venue's differ. Compare with /peak orders, halt when in doubt.",
    ),
    EventKind.BARS_MISSED: (
        "high",
        "It decides on nothing until bars come, and holds what it holds. Look at the venue's status page.",
    ),
    EventKind.DATA_GAP: (
        "medium",
        "Nothing opens on it, selling goes on. It is asked again with each bar; see the venue's status.",
    ),
    EventKind.TIMER_FIRED: (
        "high",
        "The venue has cancelled all orders by its own timer. Find out who fell silent.",
    ),
}

_TITLES: dict[EventKind, str] = {
    EventKind.ORDER_DENIED: "Order blocked",
    EventKind.ORDER_REJECTED: "The venue rejected an order",
    EventKind.ORDER_UNKNOWN: "An order's fate is unknown",
    EventKind.VENUE_ERROR: "Venue error",
    EventKind.SESSION_FAILED: "A session failed",
    EventKind.SESSION_SILENT: "A session fell silent",
    EventKind.SESSION_PAUSED: "A session is paused",
    EventKind.LOSS_REACHED: "The loss of the day has reached its limit",
    EventKind.ACTIVATION_ENDING: "An activation ends soon",
    EventKind.ACTIVATION_ENDED: "An activation has ended",
    EventKind.SESSION_UNKNOWN: "A session ended without proof",
    EventKind.GATEWAY_LOST: "The gateway was lost",
    EventKind.GATEWAY_STALE: "The gateway goes by old settings",
    EventKind.BOOKS_DIFFER: "The books differ",
    EventKind.BARS_MISSED: "A session gets no bars",
    EventKind.DATA_GAP: "Candles are missing",
    EventKind.TIMER_FIRED: "The dead-man timer fired",
}

# A process that was killed falls silent and has failed: one trouble, one alert.
_FOLDED = {EventKind.SESSION_SILENT: "session.lost", EventKind.SESSION_FAILED: "session.lost"}

_CARD_KINDS = frozenset(
    {
        EventKind.SESSION_STARTED,
        EventKind.SESSION_PAUSED,
        EventKind.SESSION_RESUMED,
        EventKind.SESSION_STOPPED,
        EventKind.SESSION_HALTED,
        EventKind.SESSION_FAILED,
        EventKind.SESSION_SILENT,
        EventKind.SESSION_UNKNOWN,
        EventKind.FILL,
        EventKind.ORDER_ACCEPTED,
    }
)

_ALERTED_ORDERS = frozenset({EventKind.ORDER_DENIED, EventKind.ORDER_REJECTED, EventKind.ORDER_UNKNOWN})

# A busy session's orders and fills would have every Home tab drawn again and again.
_ORDERS = frozenset({EventKind.FILL, EventKind.ORDER_ACCEPTED})

_OUTCOMES = {
    EventKind.SESSION_STARTED: (ExecutionState.EXECUTED, "the session is live"),
    EventKind.SESSION_FAILED: (ExecutionState.FAILED, "the session did not start"),
    EventKind.SESSION_HALTED: (ExecutionState.FAILED, "everything was halted before it started"),
    EventKind.SESSION_STOPPED: (ExecutionState.FAILED, "it was stopped before it started"),
    EventKind.SESSION_UNKNOWN: (ExecutionState.UNKNOWN, "nobody knows whether it started"),
}


class Projector:
    """A thread that turns stored events into cards, lines, alerts and record rows."""

    def __init__(self, storage: Storage, desk: Desk, follow: Callable[[], None] = lambda: None) -> None:
        self._storage = storage
        self._desk = desk
        self._follow = follow
        self._failures = 0
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()
        self._thread.join(5)

    def project(self) -> int:
        """Turn what is waiting; how many events there were. What keeps failing is set aside with an alert."""
        with self._storage.reading() as tx:
            if not tx.events.unprojected(1):
                return 0
        try:
            count = self._one_by_one() if self._failures >= FAILURES_MAX else self._together()
        except Exception:
            self._failures += 1
            raise
        self._failures = 0
        return count

    def _together(self) -> int:
        with self._storage.transaction() as tx:
            events = tx.events.unprojected(BATCH)
            for event in events:
                self._tell(tx, event)
            tx.events.mark_projected([event.key for event in events], tx.now)
            return len(events)

    def _one_by_one(self) -> int:
        with self._storage.reading() as tx:
            events = tx.events.unprojected(BATCH)
        for event in events:
            try:
                with self._storage.transaction() as tx:
                    self._tell(tx, event)
                    tx.events.mark_projected([event.key], tx.now)
            except DatabaseUnavailable:
                raise  # no fault of the event
            except Exception as error:
                log.exception("projector: the event %s is set aside", event.key)
                self._set_aside(event, error)
        return len(events)

    def _set_aside(self, event: TradingEvent, error: Exception) -> None:
        with self._storage.transaction() as tx:
            tx.events.mark_projected([event.key], tx.now)
            raise_alert(
                tx,
                self._desk,
                f"unprojected:{event.key}",
                "event.unprojected",
                "high",
                "Something that happened could not be shown",
                f"{event.key}: {type(error).__name__}",
                "Look at the session with /peak status, and into logs/peak-ops.log for this key.",
                event.session_id,
            )

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self.project() == BATCH
                self._follow()
            except Exception:
                log.exception("projector: this batch will be tried again")
                busy = False
            if not busy:
                self._stopping.wait(POLL_S)

    def _tell(self, tx: Transaction, event: TradingEvent) -> None:
        tx.audit.append(event.kind, "peak-ops", event.session_id or "desk", event.facts, event.at)
        if event.session_id is not None:
            if event.kind in _CARD_KINDS:
                told_at_home = event.kind not in _ORDERS
                tx.outbox.card(
                    subject(event.session_id), self._desk.channels.ops, Urgency.NEXT, at_home=told_at_home
                )
            self._line(tx, event, event.session_id)
            self._finish(tx, event, event.session_id)
        if event.kind is EventKind.HALT_PROVEN:
            take_late_proof(tx, self._desk, event)
        if event.kind in ALERTS:
            self._alert(tx, event)

    def _alert(self, tx: Transaction, event: TradingEvent) -> None:
        session = tx.sessions.get(event.session_id) if event.session_id else None
        if event.kind is EventKind.SESSION_SILENT and session is not None and session.state.is_over:
            return  # how it ended has its own alert
        if event.facts.get("told_otherwise"):
            return  # so has why it was paused
        severity, advice = ALERTS[event.kind]
        raise_alert(
            tx,
            self._desk,
            event.key,
            _alert_kind(event),
            str(event.facts.get("severity", severity)),
            _title(event, session),
            _detail(event),
            advice,
            event.session_id,
        )

    def _line(self, tx: Transaction, event: TradingEvent, session_id: str) -> None:
        if event.kind is EventKind.FILL:
            view = fill_line(event.facts)
        elif event.kind is EventKind.ORDER_ACCEPTED:
            first = tx.orders.has_one(session_id)
            view = order_line({**event.facts, "first": "yes"} if first else event.facts)
        elif event.kind in SESSION_LINES:
            view = state_line(event.kind, event.facts)
        else:
            return
        tx.outbox.post(event.key, self._desk.channels.ops, view, Urgency.NEXT, thread_of=subject(session_id))

    def _finish(self, tx: Transaction, event: TradingEvent, session_id: str) -> None:
        if event.kind not in _OUTCOMES:
            return
        session = tx.sessions.get(session_id)
        if session is None or session.request_id is None:
            return
        request = tx.requests.get(RequestId(session.request_id))
        if request.execution is not ExecutionState.CLAIMED:
            return
        state, outcome = _OUTCOMES[event.kind]
        done = tx.requests.finish_execution(
            request.id, state, _because(event.kind, outcome, event.facts), tx.now
        )
        tx.record(ExecutionChanged(done))
        tx.outbox.card(request_subject(request.id), self._desk.channels.approvals, Urgency.FIRST)


def _alert_kind(event: TradingEvent) -> str:
    """What is one trouble with an alert that is open: a further page of a loss never is."""
    page = f":{event.facts['page']}" if event.kind is EventKind.LOSS_REACHED else ""
    return f"{_FOLDED.get(event.kind, event.kind)}{page}"


def _because(kind: EventKind, outcome: str, facts: dict[str, Any]) -> str:
    """The outcome and its reason; one that started has only that of its request, which the card shows."""
    reason = facts.get("reason") if kind is not EventKind.SESSION_STARTED else None
    return f"{outcome}: {reason}" if reason else outcome


def _title(event: TradingEvent, session: TradingSession | None) -> str:
    about = event.facts.get("symbol") or (session.plan.symbol if session else event.facts.get("exchange"))
    return f"{_TITLES[event.kind]}: {about}" if about else _TITLES[event.kind]


def _detail(event: TradingEvent) -> str:
    """What happened, in words; the reason comes from whoever reported it."""
    facts = event.facts
    told = str(facts.get("message") or facts.get("reason") or facts.get("detail") or "")
    if error := facts.get("error"):
        return f"{error}: {told}"
    if event.kind is EventKind.SESSION_SILENT:
        count = facts.get("open_orders", "unknown")
        return f"No sign of life since {event.at:%H:%M:%S} UTC. Open orders: {count}."
    if event.kind in _ALERTED_ORDERS:
        return f"{with_limit_words(told).removesuffix('.')}. {_order(facts)}" if told else _order(facts)
    process = f" (process {facts['pid']})" if "pid" in facts else ""
    if event.kind is EventKind.GATEWAY_LOST:
        return told or f"Its process{process} ended; found at {event.at:%H:%M:%S} UTC."
    return f"{told}{process}"


def _order(facts: dict[str, Any]) -> str:
    """Which order it is, with the ids under which it can be looked for."""
    price = f"at {facts['limit_price']}" if facts.get("limit_price") else "at the market price"
    at_venue = f", at the venue {facts['venue_order_id']}" if facts.get("venue_order_id") else ""
    said = f"{facts.get('side')} {facts.get('quantity')} {facts.get('symbol')} {price}"
    ours = f"; ours {facts['client_order_id']}" if facts.get("client_order_id") else ""
    return f"Order: {said}{ours}{at_venue}"
