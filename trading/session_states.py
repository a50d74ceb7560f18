"""Moves of sessions from state to state, each with its event in one transaction."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from trading.database import Database
from trading.errors import NoSuchSession
from trading.events import EventKind, TradingEvent
from trading.pids import ProcessId, process_of
from trading.session import SessionState, TradingSession
from trading.store import EventStore, SessionStore

_KINDS = {
    SessionState.RUNNING: EventKind.SESSION_STARTED,
    SessionState.PAUSED: EventKind.SESSION_PAUSED,
    SessionState.STOPPED: EventKind.SESSION_STOPPED,
    SessionState.HALTED: EventKind.SESSION_HALTED,
    SessionState.FAILED: EventKind.SESSION_FAILED,
    SessionState.UNKNOWN: EventKind.SESSION_UNKNOWN,
}

_NOT_OVER = tuple(state for state in SessionState if not state.is_over)


def move_event(
    before: TradingSession, after: TradingSession, at: datetime, facts: Mapping[str, Any] | None = None
) -> TradingEvent | None:
    """What is told of a move, to be stored with it; None for one that is not told by itself."""
    kind = _KINDS.get(after.state)
    if kind is None:
        return None
    if before.state is SessionState.PAUSED and after.state is SessionState.RUNNING:
        kind = EventKind.SESSION_RESUMED
    return TradingEvent(
        key=f"{kind}:{after.id}:{at.isoformat()}",
        kind=kind,
        at=at,
        session_id=after.id,
        facts={"before": before.state.value, "reason": after.state_reason, **(facts or {})},
    )


class SessionStates:
    """The sessions of one exchange, or of all when `exchange` is None."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], exchange: str | None = None
    ) -> None:
        self._database = database
        self._exchange = exchange
        self._clock = clock
        self._processes: set[ProcessId] = set()

    def get(self, session_id: str) -> TradingSession:
        """One session of this exchange; raises `NoSuchSession`."""
        with self._database.reading() as session:
            found = SessionStore(session).get(session_id)
        if found is None or self._exchange not in (None, found.plan.exchange):
            raise NoSuchSession(session_id=session_id)
        self._note(found)
        return found

    def open(self) -> list[TradingSession]:
        """Every session that is not over."""
        with self._database.reading() as session:
            found = [
                item
                for item in SessionStore(session).all_open()
                if self._exchange in (None, item.plan.exchange)
            ]
        self._note(*found)
        return found

    def move(
        self,
        session_id: str,
        wanted: SessionState,
        reason: str,
        *,
        only_from: tuple[SessionState, ...] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> bool:
        """Move a session and tell of it; False when it is not in a state from which that is wanted.

        Raises `IllegalTransition` when `only_from` is left out and no session may make this move.
        """
        now = self._clock()
        with self._database.transaction() as session:
            sessions = SessionStore(session)
            before = sessions.get(session_id)
            if before is None:
                raise NoSuchSession(session_id=session_id)
            if before.state is wanted or (only_from and before.state not in only_from):
                return False
            after = before.moved(wanted, now, reason)
            if not sessions.move(before, after):
                return False
            if (event := move_event(before, after, now, facts)) is not None:
                EventStore(session).add(event)
        return True

    def end_halted(self, session_id: str, reason: str, facts: Mapping[str, Any]) -> None:
        """Every session ends with a halt, whatever it was doing."""
        self.move(session_id, SessionState.HALTED, reason, only_from=_NOT_OVER, facts=facts)

    def set_process(self, session_id: str, process: ProcessId) -> bool:
        """Note which process a session is; False when it is another one already."""
        self._processes.add(process)
        with self._database.transaction() as session:
            return SessionStore(session).set_process(session_id, process.pid, process.started_at)

    def is_process(self, pid: int) -> bool:
        """Whether a session's process has this pid, or has started the one that has it.

        Told from what was read before, for a halt must not wait for a database: a process runs its strategy
        only after it has attached, and by then it is known here. The gateway's own process is none.
        """
        if pid == os.getpid():
            return False
        try:
            found = ProcessId.of(pid), ProcessId.of(os.getsid(pid))
        except ProcessLookupError:
            return True  # gone already, so whatever it wanted nobody waits for
        return any(process in self._processes for process in found)

    def _note(self, *sessions: TradingSession) -> None:
        for session in sessions:
            if process := process_of(session.pid, session.pid_started_at):
                self._processes.add(process)

    def tell(
        self, kind: EventKind, key: str, facts: Mapping[str, Any], session_id: str | None = None
    ) -> None:
        """Store an event that goes with no move."""
        with self._database.transaction() as session:
            EventStore(session).add(
                TradingEvent(key=key, kind=kind, at=self._clock(), session_id=session_id, facts=dict(facts))
            )
