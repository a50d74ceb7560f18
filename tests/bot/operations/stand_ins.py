"""Stand-ins for what lies behind the gateway: checks and preview, and the gateway itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.storage import Storage
from tests.trading.given import candles_of, the_limits
from trading.candles import Candle
from trading.errors import ExchangeNetworkError
from trading.events import EventKind, TradingEvent
from trading.gateway_client import GatewayGone
from trading.health import Check, HealthReport, Verdict
from trading.limits import LIMIT_NAMES, LimitUse
from trading.order import OrderState, Side
from trading.session import SessionPlan, SessionState, Stage
from trading.wire import EquitySummary, GatewayStatus, HaltProof, OpenOrder, Quote, StopProof

PASSED = (Check("clock", Verdict.PASSED, "0.1 s off", 1),)


@dataclass
class Rehearsing:
    """Stands in for checks and preview; counts how often it was asked."""

    checks: tuple[Check, ...] = PASSED
    asked: int = 0

    def readiness(self, stage: Stage) -> HealthReport:
        """The verdict over the checks that it was given."""
        self.asked += 1
        return HealthReport.of(self.checks)

    def preview(self, plan: SessionPlan) -> str:
        """Always the same order."""
        return f"buy 0.001 of {plan.symbol}"


@dataclass
class Venue:
    """Stands in for a gateway: writes session states and events as it does, or is gone."""

    storage: Storage
    gone: bool = False
    unpriced: frozenset[str] = frozenset()
    proven: bool = True
    held: dict[str, Decimal] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    halts: list[str] = field(default_factory=list)
    lost_bars: set[datetime] = field(default_factory=set)
    heartbeats: dict[str, float] = field(default_factory=lambda: {"live-1": 1.0})

    def stop_session(self, session_id: str, reason: str) -> StopProof:
        """End a session as the gateway does: its state and its event in one transaction."""
        self._answer()
        self.stopped.append(session_id)
        detail = "" if self.proven else "the venue still lists an order"
        with self.storage.transaction() as tx:
            session = tx.sessions.get(session_id)
            assert session is not None
            state = SessionState.STOPPED if self.proven else SessionState.UNKNOWN
            kind = EventKind.SESSION_STOPPED if self.proven else EventKind.SESSION_UNKNOWN
            if session.state is not state:
                tx.sessions.move(session, session.moved(state, tx.now, reason))
            facts = {"proven": self.proven, "steps": [["proof", 40]], "held": self._texts(), "detail": detail}
            tx.events.add(TradingEvent(f"{session_id}:end", kind, tx.now, session_id, facts))
        return StopProof(self.proven, (("proof", 40),), 0, self.held, detail)

    def halt(self, exchange: str, reason: str) -> HaltProof:
        """Prove a halt, or not."""
        self.halts.append(exchange)
        return HaltProof(self.proven, (("gate shut", 4), ("proof", 2_100)), 0, self.held, "")

    def status(self) -> GatewayStatus:
        """Ready, with one session that is heard of."""
        self._answer()
        return GatewayStatus("kraken", True, "", None, self.heartbeats, 0, False, "online", 0.1, True, 4711)

    def limits_in_use(self) -> tuple[LimitUse, ...]:
        """A tenth of each limit."""
        self._answer()
        limits = the_limits()
        return tuple(
            LimitUse(name, getattr(limits, name), getattr(limits, name) / 10) for name in LIMIT_NAMES
        )

    def ticker(self, symbol: str) -> Quote:
        """A price of 64,000 for everything that has one."""
        self._answer()
        if symbol in self.unpriced:
            raise ExchangeNetworkError(detail=f"no price for {symbol}")
        price = Decimal(64_000)
        return Quote(symbol, price, price + 1, self._now())

    def candles(self, symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
        """One bar a minute, the last of them open, without those that were lost."""
        self._answer()
        minute = self._now().replace(second=0, microsecond=0)
        series = candles_of([64_000] * count, minute - timedelta(minutes=count - 1))
        return tuple(bar for bar in series if bar.opened_at not in self.lost_bars)

    def orders(self) -> tuple[OpenOrder, ...]:
        """One foreign order."""
        self._answer()
        return (OpenOrder(False, "OXYZ", "BTC/USD", Side.BUY, Decimal(1), Decimal(0), OrderState.OPEN),)

    def checks(self, stage: str) -> tuple[Check, ...]:
        """One check, and it passes."""
        self._answer()
        return PASSED

    def equity(self) -> EquitySummary:
        """Ten thousand, up ten today, with a mark from last month and one from now."""
        self._answer()
        ten = Decimal(10)
        points = ((self._now() - timedelta(30), Decimal(9_000)), (self._now(), Decimal(10_010)))
        return EquitySummary("USD", Decimal(10_010), ten, ten, Decimal(0), Decimal(0), Decimal(61), points)

    def _answer(self) -> None:
        if self.gone:
            raise GatewayGone(path="kraken", detail="nobody listens")

    def _now(self) -> Any:
        with self.storage.reading() as tx:
            return tx.now

    def _texts(self) -> dict[str, str]:
        return {asset: str(amount) for asset, amount in self.held.items()}
