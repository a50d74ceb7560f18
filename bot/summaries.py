"""What the desk is shown: plain data made by operations, drawn by views and printed by the command line."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One session as people see it; money in `currency`.

    `equity` is what its cap has become: the cap with realised and unrealised PnL, after fees. It and the PnL
    are None while the session holds something without a known price. `at` is when it was read; from `ends_at`
    on it only reduces.
    """

    id: str
    stage: str
    strategy: str
    symbol: str
    timeframe: str
    state: str
    state_reason: str
    started_at: datetime | None
    started_by: str
    request_id: str | None
    pid: int | None
    notional_max: Decimal
    currency: str
    position: Decimal = Decimal(0)
    equity: Decimal | None = None
    daily_pnl: Decimal | None = None
    open_orders: int = 0
    fills: int = 0
    fees: Decimal = Decimal(0)
    proof: str = ""
    silent_since: datetime | None = None
    ends_at: datetime | None = None
    at: datetime | None = None

    @property
    def base(self) -> str:
        """The currency that is bought and sold."""
        return self.symbol.split("/")[0]


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One risk limit and how much of it is used; `unit` is the limits' currency, or %."""

    name: str
    limit: Decimal
    used: Decimal | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class HaltState:
    """Whether everything is halted, and who did it."""

    engaged: bool
    reason: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the person who looks may do, besides looking and halting."""

    start: bool = False
    stop: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """A request that waits for somebody, `left_s` seconds still; `card_url` leads to its card, once known."""

    id: str
    name: str
    title: str
    requested_by: str
    waits_for: str
    expires_at: datetime
    left_s: int
    state: str
    card_url: str = ""


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """The whole desk in one look; `held` is what all sessions together have bought and not sold.

    `cards` are the requests that the person who looks can answer, or has asked for.
    """

    halt: HaltState
    sessions: tuple[SessionSummary, ...]
    pending_approvals: tuple[PendingApproval, ...]
    limits: tuple[LimitUse, ...]
    gateways: tuple[tuple[str, str], ...]
    practice: bool
    at: datetime
    bot: str = ""
    held: tuple[tuple[str, Decimal], ...] = ()
    allowed: Allowed = Allowed()
    cards: tuple["RequestCard", ...] = ()


@dataclass(frozen=True, slots=True)
class HaltStep:
    """One step of a halt: milliseconds since the halt began."""

    name: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class HaltOutcome:
    """What one venue account proved after a halt, and what it still holds.

    `proven_at` is the time of a proof that came after the account had answered without one; `foreign` are the
    orders cancelled with ours that this desk has not sent.
    """

    exchange: str
    steps: tuple[HaltStep, ...]
    proven: bool
    open_orders: int
    held: tuple[tuple[str, Decimal], ...]
    detail: str = ""
    proven_at: datetime | None = None
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Clearing:
    """The end of a halt: who pressed, and who had approved."""

    at: datetime
    by: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HaltSummary:
    """A halt of everything."""

    id: str
    by: str
    reason: str
    at: datetime
    latch_ms: int | None
    outcomes: tuple[HaltOutcome, ...]
    waiting_for: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether every venue account proved that no order is left."""
        return (
            not self.waiting_for and bool(self.outcomes) and all(outcome.proven for outcome in self.outcomes)
        )


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """Something that somebody should look at."""

    id: str
    kind: str
    severity: str
    title: str
    detail: str
    advice: str
    at: datetime
    session_id: str | None = None
    times: int = 1
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check of a report."""

    name: str
    verdict: str
    detail: str
    advice: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """The morning's report, or the same asked for now; `equity_before` is the equity at `before_at`.

    `drilled_at` is when the last drill of an approval was asked, `drill` what became of it.
    """

    id: str
    verdict: str
    at: datetime
    asked_by: str
    checks: tuple[CheckLine, ...]
    sessions: tuple[SessionSummary, ...]
    equity: Decimal | None
    currency: str
    daily_pnl: Decimal | None
    realised: Decimal | None
    unrealised: Decimal | None
    fees: Decimal | None
    exposure: Decimal | None
    machine: tuple[tuple[str, str], ...]
    equity_before: Decimal | None = None
    before_at: datetime | None = None
    points: tuple[tuple[datetime, Decimal], ...] = ()
    drilled_at: datetime | None = None
    drill: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """How a request differs from the last approved one of its kind; no `name` means that there is none.

    Each change is a field of the payload, what stood there, and what stands there now.
    """

    name: str = ""
    at: datetime | None = None
    changes: tuple[tuple[str, str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class RequestCard:
    """An approval request with everything that its card says; `payload` is what will run.

    `could` are those whose yes would bring it further; `asleep` the same with their clocks, when without
    them it cannot be approved and it is night there. `took` says of a drill how long its answer took. `row`
    is where the record has how it was decided or carried out, as a head; empty while it waits.
    """

    id: str
    name: str
    action: str
    title: str
    state: str
    requested_by: str
    reason: str
    digest: str
    payload: dict[str, Any]
    evidence: dict[str, Any]
    yes: tuple[tuple[str, datetime], ...]
    no: tuple[tuple[str, datetime, str], ...]
    missing: str
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    grant_expires_at: datetime | None
    execution: str
    outcome: str
    session_id: str | None = None
    could: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()
    compared: Compared | None = None
    took: str = ""
    row: str = ""


@dataclass(frozen=True, slots=True)
class CastVote:
    """One person's answer as a release document tells of it; `step_up` is how surely it was the person."""

    person: str
    account: str
    word: str
    at: datetime
    step_up: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """A live activation: its card, who answered in what way, the exact text that was approved.

    `row` is the newest row of the record that tells of it, as an anchor is written.
    """

    card: RequestCard
    votes: tuple[CastVote, ...]
    payload_text: str
    carried_out_at: datetime | None
    row: str
    practice: bool


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """A form has to ask for a code; `phrase` is what only its person and the desk know."""

    phrase: str
