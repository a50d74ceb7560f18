"""What happened, as it is stored beside the state and told to the desk once."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """Every kind of thing the desk may be told of."""

    SESSION_STARTED = "session.started"
    SESSION_PAUSED = "session.paused"
    SESSION_RESUMED = "session.resumed"
    SESSION_STOPPED = "session.stopped"
    SESSION_HALTED = "session.halted"
    SESSION_FAILED = "session.failed"
    SESSION_SILENT = "session.silent"
    SESSION_UNKNOWN = "session.unknown"
    ORDER_ACCEPTED = "order.accepted"
    ORDER_DENIED = "order.denied"
    ORDER_REJECTED = "order.rejected"
    ORDER_UNKNOWN = "order.unknown"
    FILL = "fill"
    LOSS_REACHED = "loss.reached"
    ACTIVATION_ENDING = "activation.ending"
    ACTIVATION_ENDED = "activation.ended"
    VENUE_ERROR = "venue.error"
    GATEWAY_STALE = "gateway.stale"
    GATEWAY_LOST = "gateway.lost"
    BOOKS_DIFFER = "books.differ"
    BARS_MISSED = "bars.missed"
    DATA_GAP = "data.gap"
    TIMER_FIRED = "timer.fired"
    HALT_PROVEN = "halt.proven"


@dataclass(frozen=True, slots=True)
class TradingEvent:
    """One thing that happened; `facts` holds only JSON values, with decimals and times as text.

    `key` makes the same happening reported twice one row.
    """

    key: str
    kind: EventKind
    at: datetime
    session_id: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
