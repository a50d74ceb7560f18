"""The account's one door to the venue: key, limits, order log, latch and timer in a process of its own."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from trading.account_view import AccountView
from trading.activation_watch import ActivationWatch
from trading.after_halt import AfterHalt
from trading.attendance import Attendance
from trading.bar_watch import BarWatch
from trading.books import Books
from trading.database import Database
from trading.dead_man import DeadManTimer
from trading.errors import VenueError
from trading.events import EventKind
from trading.gate import Gate
from trading.gateway_files import GatewayLock, socket_path, timer_note
from trading.gateway_server import Connection, GatewayServer
from trading.halting import Halting, HaltTiming
from trading.killswitch import Latch
from trading.limits import RiskLimits
from trading.loss_watch import LossWatch
from trading.market_data import MarketData
from trading.order_caps import OrderCaps
from trading.order_count import OrderCount
from trading.periodic import Growing, Periodic
from trading.reconciliation import Reconciler
from trading.session import SessionState, Stage
from trading.session_desk import SessionDesk, Tools
from trading.session_states import SessionStates
from trading.standing import Standing
from trading.trouble import Trouble
from trading.valuation import Valuation
from trading.venue_checks import VenueChecks
from trading.venues.venue import Venue
from trading.wire import GatewayStatus

log = structlog.get_logger()

# Works whose jobs are part of becoming ready.
_DONE_AT_START = frozenset({"prices", "equity", "instruments"})


@dataclass(frozen=True, slots=True)
class Timing:
    """How often and how long, in seconds."""

    order_life_s: float = 5
    fills_s: float = 1
    fills_s_max: float = 30
    books_s: float = 10
    prices_s: float = 5
    equity_s: float = 60
    instruments_s: float = 3600
    latch_s: float = 0.1
    attendance_s: float = 1
    silent_after_s: float = 15
    bot_gone_after_s: float = 120
    timer_s: int = 60
    timer_refresh_s: float = 15
    watch_s: float = 7200
    halt: HaltTiming = field(default_factory=HaltTiming)
    retry_s: float = 2


class Gateway:
    """One exchange account; `start` returns at once and the gateway is ready when it has reconciled."""

    def __init__(
        self,
        *,
        venue: Venue,
        emergency_venue: Venue | None,
        database: Database,
        limits: RiskLimits,
        latch: Latch,
        clock: Callable[[], datetime],
        exchange: str,
        home: Path,
        zone: ZoneInfo | None = None,
        practice: bool = False,
        settings_digest: str = "",
        caps: OrderCaps | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._timing = timing = timing or Timing()
        self._venue, self._latch, self._clock, self._home = venue, latch, clock, home
        self._standing = Standing(venue, latch.engaged, clock, timing.bot_gone_after_s)
        self._exchange, self._practice = exchange, practice
        self._states = SessionStates(database, clock, exchange)
        self._books = Books(database, exchange, limits.currency, clock)
        self._market = MarketData(venue, limits.currency, clock)
        self._reconciler = Reconciler(venue, self._books, clock)
        self._attendance = Attendance(timing.silent_after_s)
        self._timer = DeadManTimer(
            venue,
            self._states,
            clock,
            timer_note(home, exchange),
            exchange=exchange,
            timeout_s=timing.timer_s,
            refresh_s=timing.timer_refresh_s,
        )
        self._valuation = Valuation(
            venue=venue,
            books=self._books,
            market=self._market,
            database=database,
            exchange=exchange,
            currency=limits.currency,
            zone=zone or ZoneInfo("UTC"),
            clock=clock,
        )
        self._trouble = Trouble(exchange, self._states, clock, lambda why: self._desk.pause_all(why))
        self._after_halt = AfterHalt(latch, clock, timedelta(seconds=timing.watch_s))
        self._gate = self._made_gate(limits, settings_digest)
        self._fills_due = Growing(timing.fills_s, timing.fills_s_max)
        self._works = self._periodic_works()
        count = OrderCount(database, caps or OrderCaps(), clock)
        self._desk = SessionDesk(self._tools(emergency_venue or venue, count))
        self._losses, self._ends = self._watches()
        self._halting = self._made_halting(emergency_venue or venue)
        checks = VenueChecks(venue, emergency_venue, self._reconciler, clock, lambda: self._standing.unready)
        self._view = AccountView(venue, self._books, self._gate, self._valuation, checks)
        self._bars = self._bar_watch()
        self._closing = threading.Event()
        self._fill_seen_at: datetime | None = None

    def _made_gate(self, limits: RiskLimits, settings_digest: str) -> Gate:
        return Gate(
            venue=self._venue,
            books=self._books,
            market=self._market,
            limits=limits,
            settings_digest=settings_digest,
            latch=self._latch,
            clock=self._clock,
            order_life=timedelta(seconds=self._timing.order_life_s),
            session_of=self._states.get,
            circumstances=self._standing.circumstances,
            daily=self._valuation.daily,
            trouble=self._trouble,
            after_halt=self._after_halt,
        )

    def _made_halting(self, venue: Venue) -> Halting:
        return Halting(
            exchange=self._exchange,
            venue=venue,
            books=self._books,
            gate=self._gate,
            reconciler=self._reconciler,
            states=self._states,
            latch=self._latch,
            clock=self._clock,
            venue_failed=self._trouble.met,
            timing=self._timing.halt,
            settle_soon=self._works["books"].now,
        )

    def _watches(self) -> tuple[LossWatch, ActivationWatch]:
        books, states, pause = self._books, self._states, self._desk.pause
        losses = LossWatch(self._exchange, lambda: self._gate.limits, self._valuation, books, states, pause)
        return losses, ActivationWatch(states, pause, self._clock)

    def _bar_watch(self) -> BarWatch:
        return BarWatch(
            market=self._market,
            states=self._states,
            attendance=self._attendance,
            trouble=self._trouble,
            clock=self._clock,
            is_shut=lambda: bool(self._standing.circumstances().shut),
        )

    def _tools(self, stops_over: Venue, count: OrderCount) -> Tools:
        return Tools(
            venue=self._venue,
            stops_over=stops_over,
            books=self._books,
            market=self._market,
            gate=self._gate,
            reconciler=self._reconciler,
            states=self._states,
            attendance=self._attendance,
            clock=self._clock,
            circumstances=self._standing.circumstances,
            count=count,
            after_halt=self._after_halt,
            filled_soon=self._filled_soon,
            watch=timedelta(seconds=self._timing.watch_s),
        )

    def start(self) -> None:
        """Take the account, open the socket, reconcile in the background; raises `GatewayRuns`."""
        self._lock = GatewayLock(self._home, self._exchange)
        self._books.load_without_prices()
        self._halting.begin()
        for ident in {order.intent.session_id for order in self._books.live()}:
            self._attendance.expected(ident)
        for session in self._states.open():
            if session.pid is not None:
                self._attendance.expected(session.id)
            if session.state is SessionState.RUNNING and session.plan.stage is Stage.LIVE:
                self._states.move(
                    session.id,
                    SessionState.PAUSED,
                    "its gateway was started again",
                    only_from=(SessionState.RUNNING,),
                )
        self._server = GatewayServer(
            socket_path(self._home, self._exchange),
            self._calls(),
            self._session_calls(),
            self._acts(),
            self._states.is_process,
            self._lost,
            self._attendance.busy,
        )
        self._server.start()
        self._works["latch"].start()
        threading.Thread(target=self._become_ready, name="gateway-start", daemon=True).start()

    def close(self) -> None:
        """Stop everything of ours; a dead-man timer that is armed stays armed."""
        self._closing.set()
        for work in self._works.values():
            work.stop()
        self._server.close()
        self._lock.release()

    def ready(self) -> bool:
        """Whether orders could pass: reconciled, whatever the latch says."""
        return self._standing.ready()

    def _become_ready(self) -> None:
        """Reconcile until it works; a failed query leaves the gateway shut."""
        while not self._closing.is_set():
            try:
                self._market.reload()
                self._books.load(lambda symbol: self._market.ticker(symbol).ask)
                self._tell_differences(self._reconciler.reconcile())
                self._valuation.refresh_prices()
                self._mark_equity()
            except VenueError as error:
                self._standing.unready = f"the books could not be reconciled: {error}"
                self._trouble.met(error)
            except Exception as error:
                self._standing.unready = f"the books could not be reconciled: {type(error).__name__}: {error}"
                log.exception("gateway cannot start", exchange=self._exchange)
            else:
                self._standing.reconciled()
                log.info("gateway ready", exchange=self._exchange, practice=self._practice)
                for name, work in self._works.items():
                    if name != "latch":
                        work.start(at_once=name not in _DONE_AT_START)
                return
            self._closing.wait(self._timing.retry_s)

    def _periodic_works(self) -> dict[str, Periodic]:
        timing = self._timing
        works: Mapping[str, tuple[float, Callable[[], object]]] = {
            "latch": (timing.latch_s, lambda: self._halting.watch()),
            "fills": (timing.fills_s, self._look_for_fills),
            "books": (timing.books_s, self._compare_books),
            "prices": (timing.prices_s, lambda: self._valuation.refresh_prices()),
            "equity": (timing.equity_s, self._mark_equity),
            "instruments": (timing.instruments_s, lambda: self._market.reload()),
            "stops": (timing.books_s, lambda: self._desk.finish_stops()),
            "losses": (timing.prices_s, lambda: self._losses.look()),
            "ends": (timing.books_s, lambda: self._ends.look()),
            "bars": (timing.books_s, lambda: self._bars.look()),
            "attendance": (timing.attendance_s, self._attend),
        }
        return {
            name: Periodic(f"gateway-{name}", every, self._guarded(job))
            for name, (every, job) in works.items()
        }

    def _guarded(self, job: Callable[[], object]) -> Callable[[], None]:
        """The same job, with the venue's errors told instead of raised."""

        def run() -> None:
            try:
                job()
            except VenueError as error:
                self._trouble.met(error)

        return run

    def _filled_soon(self) -> None:
        self._fills_due.happened()
        self._works["fills"].now()

    def _look_for_fills(self) -> None:
        """Ask for fills soon after an order or a fill; what comes later is found with the open orders.

        The venue allows few questions, and this one costs twice as much as the others.
        """
        self._reconciler.resolve()
        if not self._books.live() or not self._fills_due.is_due():
            return
        self._reconciler.poll_fills()
        self._after_fills()
        self._trouble.over()

    def _compare_books(self) -> None:
        if self._books.live() or self._states.open():
            self._tell_differences(self._reconciler.compare_open_orders())
            self._after_fills()
            self._trouble.over()

    def _after_fills(self) -> None:
        """Look again soon after a fill, and reckon what the account is worth with it."""
        if (newest := self._books.last_fill_at()) != self._fill_seen_at:
            self._fill_seen_at = newest
            self._fills_due.happened()
            self._valuation.refresh(after_fill=True)

    def _mark_equity(self) -> None:
        self._valuation.mark()
        self._standing.look()

    def _attend(self) -> None:
        self._desk.tend_silent()
        live, fresh = self._desk.live_attached()
        self._timer.tend(live_sessions=live, all_fresh=fresh, orders_open=lambda: bool(self._books.live()))

    def _tell_differences(self, differences: list[str]) -> None:
        for difference in differences:
            log.warning("books differ", exchange=self._exchange, difference=difference)
            self._states.tell(
                EventKind.BOOKS_DIFFER,
                f"books.differ:{self._exchange}:{difference}",
                {"exchange": self._exchange, "detail": difference},
            )

    def _lost(self, connection: Connection) -> None:
        self._attendance.lost(connection)
        self._works["attendance"].now()

    def _session_calls(self) -> dict[str, Callable[..., object]]:
        desk = self._desk
        return {
            "attach": desk.attach,
            "heartbeat": desk.heartbeat,
            "goodbye": desk.goodbye,
            "position": desk.position,
            "submit": desk.submit,
            "report": desk.report,
        }

    def _calls(self) -> dict[str, Callable[..., object]]:
        return {
            "status": self.status,
            "check": self._view.check,
            "limits_in_use": self._view.limits_in_use,
            "orders": self._view.orders,
            "instrument": self._market.instrument,
            "candles": self._bars.candles,
            "ticker": self._bars.quote,
            "equity": self._valuation.summary,
            "checks": self._view.checks,
        }

    def _acts(self) -> dict[str, Callable[..., object]]:
        return {
            "ping": self._standing.ping,
            "pause": self._desk.pause,
            "stop_session": self._desk.stop,
            "halt": self._halting.halt,
            "shut": self._halting.shut,
            "tighten": self._gate.tighten,
        }

    def status(self) -> GatewayStatus:
        """How the gateway stands."""
        return GatewayStatus(
            exchange=self._exchange,
            ready=self.ready(),
            detail=self._standing.unready,
            reconciled_at=self._standing.reconciled_at,
            heartbeats={i: round(min(age, 1e9), 1) for i, age in self._attendance.ages().items()},
            open_orders=len(self._books.live()),
            halted=self._latch.engaged(),
            venue_status=self._standing.venue_status,
            clock_skew_s=self._standing.skew_s,
            practice=self._practice,
            pid=os.getpid(),
            settings_digest=self._gate.settings_digest,
        )
