"""What sessions ask of the gateway, and what people ask it to do with sessions."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from trading.after_halt import AfterHalt
from trading.attendance import Attendance
from trading.books import Books
from trading.codec import decode
from trading.errors import NotThisProcess, TradingError, VenueError
from trading.events import EventKind
from trading.gate import Circumstances, Gate
from trading.gateway_server import Connection
from trading.halt import Steps
from trading.market_data import MarketData
from trading.order import Intent, Side
from trading.order_count import OrderCount
from trading.pids import ProcessId, process_of
from trading.reconciliation import Reconciler
from trading.session import SessionState, Stage, TradingSession
from trading.session_states import SessionStates
from trading.stopping import cancel_orders, stop_facts, stop_orders
from trading.venues.venue import Venue
from trading.wire import Answer, Beat, Holding, Outcome, Run, SessionBrief, StopProof

log = structlog.get_logger()

_STOP_WITHIN_S = 30.0
_DETAIL_CHARACTERS_MAX = 300


class NotAttached(TradingError):
    """This connection is not that of session {session_id}. Attach first."""


class NotReady(TradingError):
    """The gateway cannot take sessions now: {why}. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts of one gateway that sessions are served with; `stops_over` waits behind nobody's calls."""

    venue: Venue
    stops_over: Venue
    books: Books
    market: MarketData
    gate: Gate
    reconciler: Reconciler
    states: SessionStates
    attendance: Attendance
    clock: Callable[[], datetime]
    circumstances: Callable[[], Circumstances]
    count: OrderCount
    after_halt: AfterHalt
    filled_soon: Callable[[], None]
    watch: timedelta


class SessionDesk:
    """Serves attached sessions; a call for a session comes from its own connection or is refused."""

    def __init__(self, tools: Tools) -> None:
        self._t = tools
        self._stops: dict[str, threading.Lock] = {}

    def attach(self, connection: Connection, session_id: str) -> SessionBrief:
        """Take a process as this session's; one that starts is running from now on."""
        session = self._t.states.get(session_id)
        if why := self._t.circumstances().shut:
            raise NotReady(why=why)
        self._take_process(session, ProcessId.of(connection.pid))
        brief = SessionBrief(session.plan, self._t.market.instrument(session.plan.symbol))
        connection.session_id = session_id
        self._t.attendance.attached(session_id, connection)
        if session.state is SessionState.STARTING:
            self._t.states.move(
                session_id, SessionState.RUNNING, session.reason, only_from=(SessionState.STARTING,)
            )
        return brief

    def _take_process(self, session: TradingSession, process: ProcessId | None) -> None:
        """One process a session, for ever: no other goes on where the first one died."""
        known = process_of(session.pid, session.pid_started_at)
        if process is None:
            raise NotThisProcess(session_id=session.id, why="it is gone already")
        if known not in (None, process):
            raise NotThisProcess(session_id=session.id, why="the session has or had another one")
        if session.starts_too_late(self._t.clock()):
            raise NotThisProcess(session_id=session.id, why="the start was asked for too long ago")
        if known is None and not self._t.states.set_process(session.id, process):
            raise NotThisProcess(session_id=session.id, why="the session has another one since this moment")

    def heartbeat(self, connection: Connection, session_id: str) -> Beat:
        """Note that it lives and say what it is to do."""
        if not self._t.attendance.heard(session_id, connection):
            raise NotAttached(session_id=session_id)
        session = self._t.states.get(session_id)
        state = session.state
        run = {SessionState.RUNNING: Run.RUN, SessionState.PAUSED: Run.REDUCE}.get(state, Run.STOP)
        if run is not Run.STOP and self._t.circumstances().shut:
            run = Run.PAUSE
        return Beat(self._t.clock(), run, self._t.after_halt.share(session.plan.stage))

    def goodbye(self, connection: Connection, session_id: str) -> bool:
        """The session ends on purpose; what it left open is cancelled, and it is watched until that is."""
        self._own(connection, session_id)
        self.cancel_left_open(session_id)
        if self._t.books.live(session_id):
            log.error("session left with orders open; they are cancelled again", session=session_id)
            return True
        self._t.attendance.left(session_id, connection)
        log.info("Shutdown complete", session=session_id)
        return True

    def position(self, connection: Connection, session_id: str) -> Holding:
        """What the session holds and has on order."""
        self._own(connection, session_id)
        symbol = self._t.states.get(session_id).plan.symbol
        with self._t.books.lock:
            position = self._t.books.position(session_id, symbol)
            pending = self._t.books.pending(session_id, symbol)
        return Holding(symbol, position.quantity, pending[Side.BUY] - pending[Side.SELL], position.cost)

    def submit(self, connection: Connection, intent: dict[str, Any]) -> Outcome:
        """Take an intent to the gate."""
        wanted = decode(Intent, intent)
        self._own(connection, wanted.session_id)
        session = self._t.states.get(wanted.session_id)
        if why := self._t.count.used_up(session):
            self.pause(session.id, why)
        outcome = self._t.gate.submit(wanted)
        if outcome.state is not Answer.DENIED:
            self._t.count.sent(session)
        self._t.filled_soon()
        if outcome.state in (Answer.DENIED, Answer.REJECTED) and self._is_watched(session):
            self.pause(session.id, f"an order was {outcome.state} while it was new: {outcome.reason}")
        return outcome

    def report(self, connection: Connection, session_id: str, kind: str, detail: str) -> bool:
        """A fault in the session's own code: it pauses, the others go on."""
        self._own(connection, session_id)
        words = " ".join(f"{kind}: {detail}".split())
        said = "".join(letter for letter in words if letter.isprintable())[:_DETAIL_CHARACTERS_MAX]
        log.error("session reports a fault", session=session_id, detail=said)
        return self.pause(session_id, said)

    def pause(self, session_id: str, reason: str, told_otherwise: bool = False) -> bool:
        """Let it only reduce until it is resumed; `told_otherwise` says that another alert tells why."""
        return self._t.states.move(
            session_id,
            SessionState.PAUSED,
            reason,
            only_from=(SessionState.RUNNING,),
            facts={"told_otherwise": True} if told_otherwise else None,
        )

    def pause_all(self, reason: str) -> None:
        """Pause every running session."""
        for session in self._t.states.open():
            if session.state is SessionState.RUNNING:
                self.pause(session.id, reason)

    def stop(self, session_id: str, reason: str) -> StopProof:
        """End a session; it is stopped with the venue's proof, and unknown without."""
        with self._stops.setdefault(session_id, threading.Lock()):
            return self._stop(session_id, reason)

    def finish_stops(self) -> None:
        """Take up stops that somebody began and did not end: the bot or a gateway before this one."""
        for session in self._t.states.open():
            begun = self._stops.setdefault(session.id, threading.Lock())
            if session.state is SessionState.STOPPING and begun.acquire(blocking=False):
                try:
                    self._stop(session.id, session.state_reason)
                finally:
                    begun.release()

    def _stop(self, session_id: str, reason: str) -> StopProof:
        steps = Steps()
        self._t.states.move(
            session_id,
            SessionState.STOPPING,
            reason,
            only_from=(SessionState.STARTING, SessionState.RUNNING, SessionState.PAUSED),
        )
        begun = time.monotonic()
        self._t.gate.wait_shut(_STOP_WITHIN_S)  # an order that is being sent shall be in the books
        steps.took("no new orders")
        proof = stop_orders(
            session_id,
            self._t.stops_over,
            self._t.books,
            self._t.reconciler,
            clock=self._t.clock,
            within_s=_STOP_WITHIN_S - (time.monotonic() - begun),
            steps=steps,
        )
        wanted = SessionState.STOPPED if proof.proven else SessionState.UNKNOWN
        self._t.states.move(
            session_id,
            wanted,
            reason,
            only_from=(SessionState.STOPPING, SessionState.UNKNOWN),
            facts=stop_facts(proof),
        )
        return proof

    def tend_silent(self) -> None:
        """Tell of each session that fell silent, and cancel what any of them has open."""
        for session_id in self._t.attendance.newly_silent():
            session = self._t.states.get(session_id)
            if not session.state.is_over and session.state is not SessionState.STOPPING:
                self._tell_silent(session)
        for session_id in self._t.attendance.silent():
            self.cancel_left_open(session_id)
            if self._t.states.get(session_id).state.is_over and not self._t.books.live(session_id):
                self._t.attendance.forget(session_id)

    def _tell_silent(self, session: TradingSession) -> None:
        open_orders = len(self._t.books.live(session.id))
        log.error("session fell silent", session=session.id, open_orders=open_orders)
        self._t.states.tell(
            EventKind.SESSION_SILENT,
            f"session.silent:{session.id}:{self._t.clock().isoformat()}",
            {"symbol": session.plan.symbol, "open_orders": open_orders},
            session.id,
        )

    def cancel_left_open(self, session_id: str) -> None:
        """Cancel a session's open orders and bring the books in line."""
        if not self._t.books.live(session_id):
            return
        try:
            cancel_orders(self._t.venue, self._t.books, session_id)
            self._t.reconciler.compare_open_orders()
        except VenueError as error:
            log.error(f"[EXCHANGE] {error.name}: {error}", session=session_id)

    def live_attached(self) -> tuple[bool, bool]:
        """Whether live sessions are attached, and whether each that has something open is heard."""
        silent = self._t.attendance.silent()
        attached = self._t.attendance.ages()
        live = [
            session.id
            for session in self._t.states.open()
            if session.plan.stage is Stage.LIVE and session.id in attached
        ]
        return bool(live), all(i not in silent or not self._t.books.live(i) for i in live)

    def _own(self, connection: Connection, session_id: str) -> None:
        if connection.session_id != session_id:
            raise NotAttached(session_id=session_id)

    def _is_watched(self, session: TradingSession) -> bool:
        """Whether a live session is still so new that a blocked order pauses it."""
        now = self._t.circumstances()
        if session.plan.stage is not Stage.LIVE or now.shut or now.reducing_only:
            return False
        return session.started_at is None or self._t.clock() - session.started_at < self._t.watch
