"""A practice exchange, a home, a database and gateways on them, all real and all on this machine."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from approvals.grant import Grant, GrantId
from approvals.payload import digest
from bot.clock import system_clock
from bot.database import Database
from tests.trading.given import an_id
from trading.events import TradingEvent
from trading.gateway import Gateway, Timing
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.halting import HaltTiming
from trading.killswitch import Latch
from trading.limits import RiskLimits
from trading.order import Intent, Order, OrderType, Side
from trading.order_caps import OrderCaps
from trading.practice_exchange.fault_control import mend, set_fault
from trading.practice_exchange.faults import Fault, FaultKind
from trading.practice_exchange.journal import Call
from trading.practice_exchange.keys import ApiKey, Right
from trading.practice_exchange.price_path import Trend
from trading.practice_exchange.server import PracticeExchange
from trading.session import SessionPlan, SessionState, Stage, TradingSession
from trading.session_states import SessionStates
from trading.store import EventStore, FillStore, OrderStore, SessionStore
from trading.venues.kraken import KrakenVenue
from trading.venues.paper import PaperVenue

TRADING_KEY = "desk"
EMERGENCY_KEY = "desk-emergency"
CONFIG = """
[desk]
timezone = "Europe/Berlin"
symbols = ["BTC/USD", "ETH/USD"]
[schedule]
health_report = "07:30"
[exchange.kraken]
venue = "kraken"
api_url = "{url}"
rate_limit_ms = 10
[stages]
live = "kraken"
[strategies.ma_crossover]
[live_risk]
currency = "USD"
max_order_notional = 1000
max_symbol_exposure = 5000
max_total_exposure = 10000
max_daily_loss_abs = 50000
max_daily_loss_pct = 50
max_orders_per_hour = 1000
max_orders_per_day = 10000
"""
QUICK = Timing(
    fills_s=0.2,
    books_s=0.5,
    prices_s=0.5,
    equity_s=5,
    attendance_s=0.2,
    silent_after_s=60,  # whoever attaches from a test does not beat
    halt=HaltTiming(within_s=10),
    retry_s=0.2,
)


def secret_of(key: str) -> str:
    """The secret of a key in these tests."""
    return base64.b64encode(hashlib.sha512(key.encode()).digest()).decode()


def keys() -> list[ApiKey]:
    """A trading key and an emergency key of one account."""
    return [
        ApiKey(TRADING_KEY, secret_of(TRADING_KEY), frozenset({Right.QUERY, Right.TRADE, Right.CANCEL})),
        ApiKey(EMERGENCY_KEY, secret_of(EMERGENCY_KEY), frozenset({Right.QUERY, Right.CANCEL})),
    ]


def eventually(what: str, condition: Callable[[], object], within_s: float = 30) -> object:
    """Look until it is so, and give what was found; fails with `what` when it never is."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


class Rig:
    """Everything that a gateway needs, and what tests want to see of it."""

    def __init__(self, home: Path, database: Database, practice: PracticeExchange) -> None:
        self.home = home
        self.database = database
        self.practice = practice
        self.latch = Latch(home)
        self.rate_limit_ms = 1
        self.caps = OrderCaps(1000, 10_000)
        self.limits = RiskLimits(
            "USD", Decimal(1000), Decimal(5000), Decimal(10000), Decimal(50000), Decimal(50)
        )

    def environ(self) -> dict[str, str]:
        """What a gateway's process is given; its configuration is written for it."""
        folder = self.home / "config"
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(CONFIG.format(url=self.practice.url), "utf-8")
        return {
            "PATH": os.environ["PATH"],
            "PEAK_OPS_HOME": str(self.home),
            "PEAK_OPS_CONFIG": str(folder),
            "SLACK_API_URL": "http://127.0.0.1:1/api/",
            "KRAKEN_API_KEY": TRADING_KEY,
            "KRAKEN_API_SECRET": secret_of(TRADING_KEY),
            "KRAKEN_EMERGENCY_API_KEY": EMERGENCY_KEY,
            "KRAKEN_EMERGENCY_API_SECRET": secret_of(EMERGENCY_KEY),
        }

    @property
    def client(self) -> GatewayClient:
        """The bot's end of the socket."""
        return GatewayClient(socket_path(self.home, "kraken"), timeout_s=30)

    def venue(self, key: str = TRADING_KEY, *, throttled: bool = True, timeout_s: float = 3) -> KrakenVenue:
        """The real adapter on the real ccxt class."""
        return KrakenVenue(
            api_url=self.practice.url,
            key=key,
            secret=secret_of(key),
            timeout_s=timeout_s,
            rate_limit_ms=self.rate_limit_ms,
            clock=system_clock,
            throttled=throttled,
        )

    @contextmanager
    def gateway(
        self, timing: Timing = QUICK, *, ready: bool = True, paper: PaperVenue | None = None
    ) -> Iterator[Gateway]:
        """A gateway in this process, to the exchange or to an account on paper."""
        gateway = Gateway(
            venue=paper or self.venue(),
            emergency_venue=None if paper else self.venue(EMERGENCY_KEY, throttled=False),
            database=self.database,
            limits=self.limits,
            caps=self.caps,
            latch=self.latch,
            clock=system_clock,
            exchange="kraken_paper" if paper else "kraken",
            home=self.home,
            timing=timing,
            practice=True,
        )
        gateway.start()
        try:
            if ready:
                eventually("the gateway is ready", gateway.ready)
            yield gateway
        finally:
            gateway.close()

    def below_market(self) -> str:
        """A limit price at which a buy rests: two percent below the middle of the book."""
        venue = self.venue()
        instrument = venue.instruments()["BTC/USD"]
        return str(instrument.round_price(venue.ticker("BTC/USD").mid * Decimal("0.98")))

    def fault(
        self, kind: FaultKind, value: str = "", endpoint: str | None = None, left: int | None = 1
    ) -> None:
        """Let the exchange break something."""
        with self.practice.exchange.lock:
            self.practice.exchange.faults.add(Fault(kind, value, endpoint, left))

    def set_fault(self, kind: FaultKind, **fields: str) -> None:
        """The same by the address that a page uses, with its defaults."""
        exchange = self.practice.exchange
        with exchange.lock:
            set_fault(exchange, {"kind": kind, **fields}, exchange.clock())

    def prices_stand(self) -> None:
        """From now on no price moves: what is lost is lost to spread and fees."""
        exchange = self.practice.exchange
        with exchange.lock:
            exchange.markets.control(exchange.clock(), trend=Trend.FLAT)

    def mend(self) -> None:
        """Let everything at the exchange work again."""
        with self.practice.exchange.lock:
            mend(self.practice.exchange)

    def plan(self, **changes: object) -> SessionPlan:
        """What a small live session would do."""
        fields = {
            "stage": Stage.LIVE,
            "exchange": "kraken",
            "strategy": "ma_crossover",
            "symbol": "BTC/USD",
            "timeframe": "1h",
            "notional_max": Decimal(1000),
            "parameters": (("fast", "5"), ("slow", "20")),
        }
        return SessionPlan(**{**fields, **changes})  # type: ignore[arg-type]

    def live_session(self, **changes: object) -> TradingSession:
        """A live session in state starting, as an approved request makes it."""
        now = system_clock()
        plan = self.plan(**changes)
        ident = f"{an_id('session')}-{uuid4().hex[:6]}"
        grant = Grant(
            GrantId(ident), ident, "live.activate", digest("plan"), now, datetime.max.replace(tzinfo=UTC)
        )
        session = TradingSession.live(ident, plan, grant, "plan", "otto", "first small run", now)
        with self.database.transaction() as transaction:
            SessionStore(transaction).add(session)
        return session

    def attached(self, **changes: object) -> tuple[GatewayClient, str]:
        """A session that is running with this test as its process."""
        session = self.live_session(**changes)
        client = GatewayClient(socket_path(self.home, "kraken"), timeout_s=30)
        client.attach(session.id)
        return client, session.id

    def session(self, session_id: str) -> TradingSession:
        """A session as the database has it."""
        with self.database.reading() as reading:
            found = SessionStore(reading).get(session_id)
        assert found is not None
        return found

    def state(self, session_id: str) -> SessionState:
        """Its state."""
        return self.session(session_id).state

    def resume(self, session_id: str) -> bool:
        """Let a paused session go on, as a grant will one day."""
        states = SessionStates(self.database, system_clock)
        return states.move(session_id, SessionState.RUNNING, "go on", only_from=(SessionState.PAUSED,))

    def orders(self, session_id: str) -> list[Order]:
        """A session's orders in the database."""
        with self.database.reading() as reading:
            return OrderStore(reading).by_session(session_id)

    def order(self, client_order_id: str) -> Order:
        """One order in the database."""
        with self.database.reading() as reading:
            found = OrderStore(reading).get(client_order_id)
        assert found is not None
        return found

    def filled(self, session_id: str) -> Decimal:
        """What a session has bought less what it sold."""
        with self.database.reading() as reading:
            fills = FillStore(reading).by_session(session_id)
        return sum((fill.side.sign * fill.quantity for fill in fills), Decimal(0))

    def events(self, kind: str = "") -> list[TradingEvent]:
        """What happened, in order."""
        with self.database.reading() as reading:
            return [event for event in EventStore(reading).unprojected(1000) if event.kind.startswith(kind)]

    def calls(self, endpoint: str = "AddOrder") -> list[Call]:
        """What reached the exchange."""
        with self.practice.exchange.lock:
            return [call for call in self.practice.exchange.journal.all() if call.endpoint == endpoint]

    def open_at_exchange(self) -> int:
        """How many orders are open there."""
        with self.practice.exchange.lock:
            return len(list(self.practice.exchange.orders.open()))


def a_buy(
    session_id: str, quantity: str = "0.005", limit_price: str | None = None, symbol: str = "BTC/USD"
) -> Intent:
    """An intent to buy, at the market or at a limit."""
    return Intent(
        client_order_id=str(uuid4()),
        session_id=session_id,
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(quantity),
        type=OrderType.LIMIT if limit_price else OrderType.MARKET,
        limit_price=Decimal(limit_price) if limit_price else None,
    )
