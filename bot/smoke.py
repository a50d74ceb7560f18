"""The offline trade: seven steps in a desk that is made for it and thrown away, on the practice exchange."""

import base64
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from approvals.grant import Grant, GrantId
from approvals.payload import digest
from bot.database import Database
from trading.candles import Timeframe, closed, gaps_in
from trading.engine import Decision, Engine
from trading.gateway import Gateway, Timing
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.health import Check, Finding, HealthReport, Verdict, failed, passed, run_checks
from trading.killswitch import Latch
from trading.limits import RiskLimits
from trading.order import Intent, Side
from trading.practice_exchange.assets import PAIRS
from trading.practice_exchange.keys import ApiKey, Right
from trading.practice_exchange.price_path import Trend
from trading.practice_exchange.rates import TIERS
from trading.practice_exchange.server import PracticeExchange
from trading.session import SessionPlan, Stage, TradingSession
from trading.store import SessionStore
from trading.strategy import load
from trading.venues.kraken import KrakenVenue
from trading.wire import Answer

STRATEGY, TIMEFRAME, EXCHANGE = "ma_crossover", Timeframe.M1, "kraken"
NOTIONAL_MAX = Decimal(100)
WITHIN_S, LOOK_EVERY_S = 30.0, 0.05
PAYLOAD = "the smoke trade of a desk that lasts until its end"

Step = tuple[str, Callable[[], Finding]]


class NotInTime(Exception):
    """What was waited for did not happen."""


class SmokeTrade:
    """Seven steps, each on what the one before has left; after one that fails, the others are not tried."""

    def __init__(
        self,
        read_limits: Callable[[], RiskLimits],
        clock: Callable[[], datetime],
        reached: Callable[[int], None] = lambda steps: None,
    ) -> None:
        """`read_limits` reads this desk's configuration; `reached` hears of each step that was made."""
        self._read_limits = read_limits
        self._clock = clock
        self._reached = reached

    def __call__(self) -> HealthReport:
        """Make the trade; what it needs is taken down again, whatever happened."""
        made: list[Check] = []
        with ExitStack() as desk:
            for name, probe in self._steps(desk):
                made += run_checks([(name, probe)]).checks
                self._reached(1)
                if made[-1].verdict is Verdict.FAILED:
                    break
            names = [name for name, _ in self._steps(desk)]
        made += [Check(name, Verdict.FAILED, "not reached", 0, "See above.") for name in names[len(made) :]]
        return HealthReport.of(made)

    def _steps(self, desk: ExitStack) -> tuple[Step, ...]:
        return (
            ("1 configuration", self._configuration),
            ("2 exchange", lambda: self._exchange(desk)),
            ("3 gateway", lambda: self._gateway(desk)),
            ("4 signal", self._signal),
            ("5 limits", self._limits_hold),
            ("6 entry", self._entry),
            ("7 exit", self._exit),
        )

    def _configuration(self) -> Finding:
        limits = self._read_limits()
        symbols = {pair.symbol for pair in PAIRS.values()}
        currency = limits.currency if f"BTC/{limits.currency}" in symbols else "USD"
        self._limits, self._symbol = replace(limits, currency=currency), f"BTC/{currency}"
        self._notional = min(NOTIONAL_MAX, limits.max_order_notional)
        load(STRATEGY)
        return passed(f"read; {self._notional} {currency} at most, on {self._symbol}")

    def _exchange(self, desk: ExitStack) -> Finding:
        secret = base64.b64encode(secrets.token_bytes(64)).decode()
        key = ApiKey(secrets.token_hex(8), secret, frozenset({Right.QUERY, Right.TRADE, Right.CANCEL}))
        exchange = PracticeExchange.running(clock=self._clock, keys=[key], tier=TIERS["drill"])
        practice = desk.enter_context(exchange)
        pair = next(pair for pair in PAIRS.values() if pair.symbol == self._symbol)
        with practice.exchange.lock:
            practice.exchange.markets.control(self._clock(), pair, trend=Trend.UP)
        self._venue = KrakenVenue(
            api_url=practice.url,
            key=key.key,
            secret=secret,
            timeout_s=5,
            rate_limit_ms=1,
            clock=self._clock,
        )
        markets, status = len(self._venue.instruments()), self._venue.status()
        return passed(f"the practice exchange is {status}, {markets} markets, on this machine")

    def _gateway(self, desk: ExitStack) -> Finding:
        home = Path(desk.enter_context(tempfile.TemporaryDirectory(prefix="peak-ops-smoke-")))
        database = desk.enter_context(_database(home))
        latch = Latch(home)
        latch.begin("smoke", self._clock())
        gateway = Gateway(
            venue=self._venue,
            emergency_venue=None,
            database=database,
            limits=self._limits,
            latch=latch,
            clock=self._clock,
            exchange=EXCHANGE,
            home=home,
            practice=True,
            timing=Timing(fills_s=0.1),
        )
        gateway.start()
        desk.callback(gateway.close)
        _wait("the gateway did not reconcile", gateway.ready)
        session = self._session()
        with database.transaction() as transaction:
            SessionStore(transaction).add(session)
        # Whoever has attached is a session, and may do nothing that is for people.
        self._client, self._people = (GatewayClient(socket_path(home, EXCHANGE), WITHIN_S) for _ in range(2))
        desk.callback(self._client.close)
        desk.callback(self._people.close)
        self._brief, self._ident = self._client.attach(session.id), session.id
        return passed("reconciled with an empty account; a session is attached")

    def _session(self) -> TradingSession:
        """A session whose grant is good in this database alone, which is gone when the trade is over."""
        plan = SessionPlan(
            stage=Stage.LIVE,
            exchange=EXCHANGE,
            strategy=STRATEGY,
            symbol=self._symbol,
            timeframe=TIMEFRAME,
            notional_max=self._notional,
        )
        ident, now = f"smoke-{uuid4().hex[:6]}", self._clock()
        until = datetime.max.replace(tzinfo=UTC)
        grant = Grant(GrantId(ident), ident, "live.activate", digest(PAYLOAD), now, until)
        ends_at = now + timedelta(hours=1)
        return TradingSession.live(ident, plan, grant, PAYLOAD, "smoke", "offline trade", now, ends_at)

    def _signal(self) -> Finding:
        strategy = load(STRATEGY)
        count = strategy.lookback + 3
        candles = closed(self._client.candles(self._symbol, TIMEFRAME, count), TIMEFRAME, self._clock())
        if gaps_in(candles, TIMEFRAME):
            return failed("bars are missing among the practice exchange's candles", "Report this.")
        quote = self._client.ticker(self._symbol)
        engine = Engine(strategy, self._brief.instrument, self._notional, timeframe=TIMEFRAME)
        self._decision: Decision = engine.tick(candles, Decimal(0), quote.bid, quote.ask)
        if self._decision.side is not Side.BUY:
            return failed(f"no order in a rising market: {self._decision.why}", "Look at the strategy.")
        return passed(f"{len(candles)} closed bars; {self._decision.why}")

    def _limits_hold(self) -> Finding:
        ask = self._client.ticker(self._symbol).ask
        too_large = self._limits.max_order_notional * Decimal("1.5") / ask
        denial = self._people.check(self._intent(Side.BUY, self._brief.instrument.round_quantity(too_large)))
        if denial is None:
            return failed("an order half as large again as allowed would pass", "Start nothing; report this.")
        return passed(f"[RISK] Order blocked: {denial.message}")

    def _entry(self) -> Finding:
        self._send(Side.BUY, self._decision.quantity)
        _wait("the order did not fill", lambda: self._held() == self._decision.quantity)
        base = self._brief.instrument.base
        return passed(f"bought {self._held()} {base}; the venue has it, and so have our books")

    def _exit(self) -> Finding:
        self._send(Side.SELL, self._held())
        _wait("the position was not sold", lambda: self._held() == 0)
        proof = self._people.stop_session(self._ident, "the smoke trade is over")
        if not proof.proven or self._people.orders():
            return failed(f"the stop is not proven: {proof.detail}", "Look at the steps before; try again.")
        return passed("sold; stopped, proven by the venue: no order, nothing held. Shutdown complete")

    def _send(self, side: Side, quantity: Decimal) -> None:
        outcome = self._client.submit(self._intent(side, quantity))
        if outcome.state is not Answer.ACCEPTED:
            raise NotInTime(f"the order to {side} was {outcome.state}: {outcome.reason}")

    def _intent(self, side: Side, quantity: Decimal) -> Intent:
        return Intent(str(uuid4()), self._ident, self._symbol, side, quantity)

    def _held(self) -> Decimal:
        self._client.heartbeat(self._ident)
        return self._client.position(self._ident).quantity


@contextmanager
def _database(home: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{home}/peak-ops.db")
    try:
        database.upgrade()
        yield database
    finally:
        database.close()


def _wait(what: str, happened: Callable[[], bool]) -> None:
    until = monotonic() + WITHIN_S
    while not happened():
        if monotonic() > until:
            raise NotInTime(f"{what} within {WITHIN_S:.0f} s")
        sleep(LOOK_EVERY_S)
