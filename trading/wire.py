"""What goes over the gateway's socket: one JSON object a line, decimals and times as text."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from trading.instrument import Instrument
from trading.order import OrderState, Side
from trading.session import SessionPlan

LINE_BYTES_MAX = 4_000_000
EQUITY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Request:
    """One call to the gateway."""

    call: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: a result, or the error's name and sentence."""

    result: Any = None
    error: str | None = None
    message: str = ""


class Run(StrEnum):
    """What a session is to do next."""

    RUN = "run"
    REDUCE = "reduce"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class SessionBrief:
    """What a session's process needs to begin."""

    plan: SessionPlan
    instrument: Instrument


@dataclass(frozen=True, slots=True)
class Beat:
    """The gateway's answer to a heartbeat; `now` is the only clock a session has.

    `share` is how much of its notional it may use now, 1 for all of it.
    """

    now: datetime
    run: Run
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Holding:
    """A session's own position; `pending` is what its open orders would still add, sells negative."""

    symbol: str
    quantity: Decimal
    pending: Decimal
    cost: Decimal


class Answer(StrEnum):
    """What became of an intent at first."""

    ACCEPTED = "accepted"
    DENIED = "denied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The gateway's answer to an intent; fills come later."""

    state: Answer
    client_order_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices as the gateway last read them, and when the venue last changed any."""

    symbol: str
    bid: Decimal
    ask: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """How one account's gateway stands; `heartbeats` are ages in seconds by session.

    `settings_digest` is that of the settings it was started with.
    """

    exchange: str
    ready: bool
    detail: str
    reconciled_at: datetime | None
    heartbeats: dict[str, float]
    open_orders: int
    halted: bool
    venue_status: str
    clock_skew_s: float | None
    practice: bool
    pid: int
    settings_digest: str = ""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order at the venue; `ours` says whether this desk sent it."""

    ours: bool
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    state: OrderState
    price: Decimal | None = None
    client_order_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class StopProof:
    """How a session was stopped: steps in ms, and whether the venue proved that no order of it is left."""

    proven: bool
    steps: tuple[tuple[str, int], ...]
    open_orders: int
    held: dict[str, Decimal]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HaltProof:
    """How everything was halted: steps in ms, the venue's proof, and what is still held by asset.

    `cancelled` counts orders by what the venue said, -1 where it did not; `foreign` are those among them
    that this desk has not sent.
    """

    proven: bool
    steps: tuple[tuple[str, int], ...]
    orders_open: int
    held: dict[str, Decimal]
    detail: str = ""
    cancelled: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class EquitySummary:
    """Money of one account in one currency; None where a price or a mark is missing.

    `daily_pnl` is today's; `realised`, `unrealised` and `fees` are of all fills there ever were. `points` are
    marks of the last `EQUITY_DAYS`.
    """

    currency: str
    equity: Decimal | None
    daily_pnl: Decimal | None
    realised: Decimal | None
    unrealised: Decimal | None
    fees: Decimal | None
    exposure: Decimal | None
    points: tuple[tuple[datetime, Decimal], ...] = ()
