"""Keeps the gateways and the sessions' processes as the database wants them; a thread of the bot."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import structlog

from trading.database import Database
from trading.errors import TradingError
from trading.events import EventKind
from trading.forks import Forks
from trading.gateway_client import GatewayClient
from trading.gateway_files import forget_session, gateway_process, note_session, socket_path
from trading.pids import ProcessId, process_of, readable
from trading.preview import CANDLES, Preview, PreviewTask, with_verdicts
from trading.process import SessionTask
from trading.session import SessionPlan, SessionState, Stage, TradingSession
from trading.session_states import SessionStates

log = structlog.get_logger()

_LOOK_EVERY_S = 0.5
_PING_EVERY_S = 10.0
_UNANSWERED_FOR_S = 30.0
_BACK_OFF_S = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0)
_LINGERS_S = 15.0
_BY_ITSELF = (SessionState.STARTING, SessionState.RUNNING, SessionState.PAUSED)


@dataclass(slots=True)
class _Watched:
    """What the supervisor remembers of one exchange's gateway."""

    process: ProcessId | None = None
    child: subprocess.Popen[bytes] | None = None
    launches: int = 0
    launched_at: float = float("-inf")
    pinged_at: float = float("-inf")
    answered_at: float = field(default_factory=time.monotonic)
    ready: bool = False
    is_replaced: bool = False
    is_told: bool = False


class Supervisor:
    """Starts, adopts and ends processes; `launch_gateway` starts a gateway, with its keys in its environment.
    `strategies` is where strategies are looked for, for the processes that run them alone. `settings` has
    the digest of the settings that each exchange's gateway should go by; one with others is replaced.
    While `may_act` says no, nothing is looked after; a session for which `may_start` says no has failed.

    It never lets a live session go on by itself: one that lost its process has failed, and one that lost
    its gateway is paused until people resume it.
    """

    def __init__(
        self,
        home: Path,
        database: Database,
        clock: Callable[[], datetime],
        launch_gateway: Callable[[str], subprocess.Popen[bytes]],
        *,
        exchanges: Iterable[str] = (),
        strategies: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
        may_act: Callable[[], bool] = lambda: True,
        may_start: Callable[[TradingSession], bool] = lambda session: True,
        call_timeout_s: float = 45,
    ) -> None:
        self._home = home
        self._clock = clock
        self._launch_gateway = launch_gateway
        self._call_timeout_s = call_timeout_s
        self._states = SessionStates(database, clock)
        self._settings: dict[str, tuple[str, ...]] = {
            exchange: (digest,) for exchange, digest in (settings or {}).items()
        }
        self._may_act = may_act
        self._may_start = may_start
        self._forks = Forks(home, strategies)
        self._gateways: dict[str, _Watched] = {name: _Watched() for name in exchanges}
        self._sessions: dict[str, ProcessId] = {}
        self._over_since: dict[str, float] = {}
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin to look after things; what runs already is adopted."""
        self._thread.start()

    def stop(self) -> None:
        """Look after nothing any more; gateways and sessions live on."""
        self._stopped = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        self._forks.close()

    def accept(self, exchange: str, *settings: str) -> None:
        """From now on a gateway of this exchange is old unless it goes by one of these settings."""
        watched = self._gateways[exchange]
        watched.is_replaced = watched.is_told = False
        self._settings[exchange] = settings

    def wake(self) -> None:
        """Look at once."""
        try:
            os.write(self._wake_in, b"!")
        except BlockingIOError:
            return  # woken often enough already

    def gateway(self, exchange: str) -> GatewayClient:
        """The way to an exchange's gateway, which is started if it does not run."""
        if exchange not in self._gateways:
            self._gateways[exchange] = _Watched()
            self.wake()
        return GatewayClient(socket_path(self._home, exchange), self._call_timeout_s)

    def preview(self, plan: SessionPlan) -> Preview:
        """The orders that a start would send now, sent nowhere."""
        client = self.gateway(plan.exchange)
        task = PreviewTask(
            plan=plan,
            instrument=client.instrument(plan.symbol),
            candles=client.candles(plan.symbol, plan.timeframe, CANDLES),
            now=self._clock(),
            position=Decimal(0),
            quote=client.ticker(plan.symbol),
        )
        return with_verdicts(self._forks.preview(task), plan.symbol, client.check)

    def _run(self) -> None:
        while not self._stopped:
            try:
                if self._may_act():
                    self._look()
                self._wait()
            except Exception:
                log.exception("supervisor stumbled")
                threading.Event().wait(_LOOK_EVERY_S)
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _look(self) -> None:
        sessions = self._states.open()
        for session in sessions:
            self._gateways.setdefault(session.plan.exchange, _Watched())
        for exchange, watched in list(self._gateways.items()):
            self._tend_gateway(exchange, watched)
        # A start may have to wait for the forkserver, so what runs already comes first.
        for session in sorted(sessions, key=lambda each: each.state is SessionState.STARTING):
            try:
                self._tend_session(session)
            except TradingError as error:
                log.error("session not tended, tried again", session=session.id, why=str(error))
        self._end_lingering({session.id for session in sessions})

    def _wait(self) -> None:
        """Until somebody wakes us, a process we watch ends, or it is time to look again."""
        gateways = [watched.process for watched in list(self._gateways.values())]
        processes = [process for process in (*self._sessions.values(), *gateways) if process is not None]
        handles = [handle for process in processes if (handle := process.handle()) is not None]
        try:
            if self._wake_out in readable([self._wake_out, *handles], _LOOK_EVERY_S):
                os.read(self._wake_out, 4096)
        finally:
            for handle in handles:
                os.close(handle)

    def _tend_gateway(self, exchange: str, watched: _Watched) -> None:
        if watched.child is not None and watched.child.poll() is not None:
            log.warning("gateway process ended", exchange=exchange, code=watched.child.returncode)
            watched.child = None
        running = gateway_process(self._home, exchange)
        if watched.process is not None and running != watched.process:
            self._gateway_lost(exchange, watched.process)
            watched.ready = False
        if running is not None and running != watched.process:
            log.info("gateway adopted", exchange=exchange, pid=running.pid)
            watched.answered_at = time.monotonic()
        watched.process = running
        if running is not None:
            self._ping(exchange, watched, running)
        elif watched.child is None:
            self._launch(exchange, watched)

    def _launch(self, exchange: str, watched: _Watched) -> None:
        """Start a gateway, each time more patiently while it does not stay."""
        now = time.monotonic()
        if now - watched.launched_at > 2 * _BACK_OFF_S[-1]:
            watched.launches = 0
        patience_s = _BACK_OFF_S[min(watched.launches, len(_BACK_OFF_S) - 1)]
        if now - watched.launched_at < patience_s:
            return
        watched.launches += 1
        watched.launched_at = now
        watched.child = self._launch_gateway(exchange)
        log.info("gateway started", exchange=exchange, pid=watched.child.pid)

    def _ping(self, exchange: str, watched: _Watched, running: ProcessId) -> None:
        """Tell the gateway that the bot lives, and end one that has not answered for long."""
        now = time.monotonic()
        if watched.ready and now - watched.pinged_at < _PING_EVERY_S:
            return
        watched.pinged_at = now
        client = GatewayClient(socket_path(self._home, exchange), timeout_s=5)
        try:
            client.ping()
            accepted = self._settings.get(exchange)
            status = client.status()
            watched.ready = status.ready
            watched.answered_at = now
            is_old = accepted is not None and status.settings_digest not in accepted
            if is_old and accepted is self._settings.get(exchange):  # else it was asked in between
                self._stale(exchange, watched, running)
        except TradingError as error:
            watched.ready = False
            if now - watched.answered_at > _UNANSWERED_FOR_S:
                log.error("gateway ended because it does not answer", exchange=exchange, why=str(error))
                running.end()

    def _stale(self, exchange: str, watched: _Watched, running: ProcessId) -> None:
        """Replace a gateway with other settings than ours, once; with a live session on it tell people."""
        live = any(s.plan.exchange == exchange and s.plan.stage is Stage.LIVE for s in self._states.open())
        if not live and not watched.is_replaced:
            log.warning("gateway replaced, its settings are old", exchange=exchange, pid=running.pid)
            watched.is_replaced = True
            watched.ready = False
            watched.process = None  # ended on purpose, so not lost
            running.end()
        elif not watched.is_told:
            watched.is_told = True
            self._states.tell(
                EventKind.GATEWAY_STALE,
                f"gateway.stale:{exchange}:{running.pid}:{running.started_at}",
                {"exchange": exchange, "detail": "it goes by other settings than those of config.toml"},
            )

    def _gateway_lost(self, exchange: str, process: ProcessId) -> None:
        """Tell of it and pause the live sessions; the gateway that follows does the same at its start."""
        log.error("gateway lost", exchange=exchange, pid=process.pid)
        self._states.tell(
            EventKind.GATEWAY_LOST,
            f"gateway.lost:{exchange}:{process.pid}:{process.started_at}",
            {"exchange": exchange, "pid": process.pid},
        )
        for session in self._states.open():
            if session.plan.exchange == exchange and session.plan.stage is Stage.LIVE:
                self._states.move(
                    session.id,
                    SessionState.PAUSED,
                    "its gateway was lost",
                    only_from=(SessionState.RUNNING,),
                )

    def _tend_session(self, session: TradingSession) -> None:
        process = process_of(session.pid, session.pid_started_at)
        if process is None:
            if session.state is SessionState.STARTING:
                self._start(session)
            return
        if process.is_alive:
            if session.id not in self._sessions:
                log.info("session process watched", session=session.id, pid=process.pid)
            self._sessions[session.id] = process
            if session.starts_too_late(self._clock()):
                process.end(patience_s=1)
            return
        self._sessions.pop(session.id, None)
        forget_session(self._home, session.id)
        self._states.move(
            session.id,
            SessionState.FAILED,
            "its process is gone",
            only_from=_BY_ITSELF,
            facts={"pid": process.pid, "exchange": session.plan.exchange},
        )

    def _start(self, session: TradingSession) -> None:
        """Fork a process for a session whose gateway is ready; one that waits too long has failed."""
        watched = self._gateways[session.plan.exchange]
        if session.starts_too_late(self._clock()):
            self._states.move(
                session.id,
                SessionState.FAILED,
                "it could not be started within two minutes; ask for a new start",
                only_from=(SessionState.STARTING,),
            )
        elif not self._may_start(session):
            self._states.move(
                session.id,
                SessionState.FAILED,
                "no approval of this desk stands behind it; halt, and run peak-ops audit verify",
                only_from=(SessionState.STARTING,),
            )
        elif watched.ready:
            path = socket_path(self._home, session.plan.exchange)
            process = self._forks.session(SessionTask(session.id, str(path)))
            if not self._states.set_process(session.id, process):
                log.warning("session has its process already", session=session.id, pid=process.pid)
                process.end(patience_s=1)
                return
            self._sessions[session.id] = process
            note_session(self._home, session.id, process)
            log.info("session process started", session=session.id, pid=process.pid)

    def _end_lingering(self, open_sessions: set[str]) -> None:
        """End processes of sessions that are over but did not go when they were told to."""
        for session_id, process in list(self._sessions.items()):
            if not process.is_alive:
                self._over_since.pop(session_id, None)
                if session_id not in open_sessions:
                    del self._sessions[session_id]
                    forget_session(self._home, session_id)
            elif session_id not in open_sessions:
                since = self._over_since.setdefault(session_id, time.monotonic())
                if time.monotonic() - since > _LINGERS_S:
                    process.end(patience_s=1)
