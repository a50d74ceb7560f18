"""A trading session and the states it may pass through."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from approvals.grant import Grant
from trading.errors import IllegalTransition, UnapprovedSession

# Both persons are there when a start is pressed; one that could not be carried out soon is asked for again.
START_WITHIN = timedelta(minutes=2)


class Stage(StrEnum):
    """How real a session is."""

    SHADOW = "shadow"
    TESTNET = "testnet"
    LIVE = "live"


class SessionState(StrEnum):
    """Where a session stands."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    HALTED = "halted"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether nothing of this session runs any more; an unknown one may still hold orders."""
        return self in (SessionState.STOPPED, SessionState.HALTED, SessionState.FAILED)


_NEXT: dict[SessionState, frozenset[SessionState]] = {
    SessionState.STARTING: frozenset(
        {
            SessionState.RUNNING,
            SessionState.STOPPING,
            SessionState.HALTED,
            SessionState.FAILED,
            SessionState.UNKNOWN,
        }
    ),
    SessionState.RUNNING: frozenset(
        {
            SessionState.PAUSED,
            SessionState.STOPPING,
            SessionState.HALTED,
            SessionState.FAILED,
            SessionState.UNKNOWN,
        }
    ),
    SessionState.PAUSED: frozenset(
        {
            SessionState.RUNNING,
            SessionState.STOPPING,
            SessionState.HALTED,
            SessionState.FAILED,
            SessionState.UNKNOWN,
        }
    ),
    SessionState.STOPPING: frozenset(
        {SessionState.STOPPED, SessionState.HALTED, SessionState.FAILED, SessionState.UNKNOWN}
    ),
    SessionState.UNKNOWN: frozenset({SessionState.STOPPED, SessionState.HALTED, SessionState.FAILED}),
    SessionState.STOPPED: frozenset(),
    SessionState.HALTED: frozenset(),
    SessionState.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What a session will do: exactly what was approved. `notional_max` is in the quote currency.

    `class_path` is the strategy's class as `module:Class`, a shipped one of that name when empty;
    `source_digest` is that of the file it was approved with, and nothing else runs.
    """

    stage: Stage
    exchange: str
    strategy: str
    symbol: str
    timeframe: str
    notional_max: Decimal
    parameters: tuple[tuple[str, str], ...] = ()
    class_path: str = ""
    source_digest: str = ""


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One run of one strategy on one symbol."""

    id: str
    plan: SessionPlan
    state: SessionState
    started_by: str
    reason: str
    created_at: datetime
    request_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ends_at: datetime | None = None
    pid: int | None = None
    pid_started_at: float | None = None
    state_reason: str = ""

    def __post_init__(self) -> None:
        if self.plan.stage is Stage.LIVE and not self.request_id:
            raise UnapprovedSession(session_id=self.id)

    @classmethod
    def live(
        cls,
        session_id: str,
        plan: SessionPlan,
        grant: Grant,
        payload_text: str,
        by: str,
        reason: str,
        now: datetime,
        ends_at: datetime | None = None,
    ) -> "TradingSession":
        """A live session; there is no other way to start one.

        Raises what `Grant.covers` raises when the grant is late or was given for something else.
        """
        grant.covers(payload_text, "live.activate", now)
        return cls(
            id=session_id,
            plan=plan,
            state=SessionState.STARTING,
            started_by=by,
            reason=reason,
            created_at=now,
            request_id=grant.request_id,
            ends_at=ends_at,
        )

    def starts_too_late(self, now: datetime) -> bool:
        """Whether it waits for its process since longer than people wait with it."""
        return self.state is SessionState.STARTING and now - self.created_at > START_WITHIN

    def moved(self, state: SessionState, at: datetime, reason: str = "") -> "TradingSession":
        """The same session in another state; refuses a move that no session may make."""
        if state not in _NEXT[self.state]:
            raise IllegalTransition(session_id=self.id, state=self.state, wanted=state)
        started = at if state is SessionState.RUNNING and self.started_at is None else self.started_at
        ended = at if state.is_over else self.ended_at
        return replace(self, state=state, state_reason=reason, started_at=started, ended_at=ended)
