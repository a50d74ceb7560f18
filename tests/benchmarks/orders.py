"""What an order costs before it is on its way: limits, a tick of the engine, the road through the gateway."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bot.clock import system_clock
from bot.database import Database
from tests.benchmarks.figures import Figure
from tests.trading.given import QUIET_DAY, an_intent, an_order, bitcoin, candles_of, the_limits
from tests.trading.rig import Rig, a_buy, eventually, keys
from trading.candles import Timeframe
from trading.engine import Engine
from trading.exposure import Exposure
from trading.gateway import Timing
from trading.killswitch import Latch
from trading.limits import RiskLimits, check
from trading.order import Intent, OrderState, Side
from trading.practice_exchange.rates import TIERS
from trading.practice_exchange.server import PracticeExchange
from trading.strategies.ma_crossover import MaCrossover

FEW, MANY = 10, 10_000
CHECKS, TICKS, ORDERS = 20_000, 2_000, 40
RUNS = 5
# Until the gateway has read what followed from one order; the next one would wait for its connection.
SETTLED_S = 0.3
CHECK_US_MAX, TICK_US_MAX, WIRE_MS_MAX = 5.0, 200.0, 2.0
PRICE = Decimal(60_000)
LIMITS = RiskLimits("USD", Decimal(10**9), Decimal(10**9), Decimal(10**9), Decimal(10**9), Decimal(100))


def run(say: Callable[[str], None]) -> list[Figure]:
    """Limits with few and with many orders remembered, a tick, and intents to the wire."""
    say("limits")
    few, many = _remembering(FEW), _remembering(MANY)
    intent = an_intent(Side.BUY, "0.001")
    checks: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(RUNS):  # in turn, so that a slow moment meets both
        for count, exposure in ((FEW, few), (MANY, many)):
            look = partial(check, LIMITS, intent, PRICE, exposure, QUIET_DAY)
            checks[count].append(_each_us(CHECKS, look))
    naive = _each_us(3, lambda: _added_up(many, intent))
    say("engine")
    tick_us = _tick_us()
    say("wire")
    wire_ms, commit_ms = _wire_ms()
    return [
        Figure(f"limit check, {FEW} orders remembered", median(checks[FEW]), "µs", CHECK_US_MAX),
        Figure(f"limit check, {MANY:,} orders remembered", median(checks[MANY]), "µs", CHECK_US_MAX, naive),
        Figure("engine tick, ma_crossover 5/20", tick_us, "µs", TICK_US_MAX),
        Figure("intent to AddOrder on the wire, p50", median(wire_ms), "ms", WIRE_MS_MAX, median(commit_ms)),
    ]


def _remembering(count: int) -> Exposure:
    """An account with so many open orders."""
    exposure = Exposure("USD")
    exposure.mark("BTC/USD", PRICE)
    for _ in range(count):
        exposure.reserve(an_order(an_intent(Side.BUY, "0.001", limit_price="60000")), PRICE)
    return exposure


def _added_up(exposure: Exposure, intent: Intent) -> Decimal:
    """What a check costs that adds all open orders up anew."""
    open_orders = exposure._reservations.values()
    total = sum((each.quantity * each.price for each in open_orders), intent.quantity * PRICE)
    if total > LIMITS.max_total_exposure:
        raise RuntimeError("the limits of this benchmark are too narrow")
    return total


def _each_us(count: int, act: Callable[[], object]) -> float:
    """Processor time of one: nothing in it waits, and others work on this machine."""
    began = time.thread_time()
    for _ in range(count):
        act()
    return (time.thread_time() - began) / count * 1e6


def _tick_us() -> float:
    """One decision on a new bar, with the candles that a session is given."""
    closes = [60_000 + number % 37 for number in range(TICKS + 23)]
    series = candles_of(closes, datetime(2026, 1, 1, tzinfo=UTC))
    engine = Engine(MaCrossover(), bitcoin(), Decimal(1000), timeframe=Timeframe.M1)
    windows = iter([series[end - 23 : end] for end in range(23, len(series))])
    return _each_us(TICKS, lambda: engine.tick(next(windows), Decimal(0), PRICE, PRICE + 1))


def _wire_ms() -> tuple[list[float], list[float]]:
    """From a session's intent until its AddOrder goes out, the database's sync in between.

    Exchange and gateway share this process, so that the moment can be seen; each order is filled before the
    next one is sent. Beside it, commits of the driver alone.
    """
    left: list[float] = []
    took, commits = [], []
    with _gateway_seen(lambda: left.append(time.perf_counter())) as rig:
        client, ident = rig.attached(notional_max=Decimal(900_000))
        for _ in range(ORDERS):
            intent = a_buy(ident, "0.0002")
            client.ticker("BTC/USD")  # as each session does before it decides
            left.clear()
            began = time.perf_counter()
            client.submit(intent)
            took.append((left[0] - began) * 1e3)
            eventually("it is filled", lambda ident=intent.client_order_id: _is_over(rig, ident))
            time.sleep(SETTLED_S)
            commits.append(_commit_ms(rig.home / "bare.db"))
        client.close()
    return took, commits


def _commit_ms(path: Path) -> float:
    """One commit of about as many bytes by the SQLite driver alone, with the sync that orders have."""
    with closing(sqlite3.connect(path)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE IF NOT EXISTS row (text TEXT)")
        began = time.perf_counter()
        bare.execute("INSERT INTO row VALUES (?)", ("x" * 500,))
        bare.commit()
        return (time.perf_counter() - began) * 1e3


def _is_over(rig: Rig, ident: str) -> bool:
    return rig.order(ident).state is OrderState.FILLED


@contextmanager
def _gateway_seen(sent: Callable[[], None]) -> Iterator[Rig]:
    """A gateway that works; `sent` hears of each AddOrder when it is handed to the socket."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        Latch(home).begin("a benchmark", system_clock())
        database = Database(f"sqlite:///{home}/peak-ops.db")
        database.upgrade()
        with PracticeExchange.running(clock=system_clock, keys=keys(), tier=TIERS["drill"]) as practice:
            rig = Rig(home, database, practice)
            rig.limits = the_limits(
                max_order_notional=Decimal(10**6),
                max_symbol_exposure=Decimal(10**6),
                max_total_exposure=Decimal(10**6),
                max_daily_loss_abs=Decimal(10**6),
                max_daily_loss_pct=Decimal(100),
            )
            with rig.gateway(Timing(silent_after_s=60)) as gateway:
                exchange: Any = gateway._venue._private.exchange  # type: ignore[attr-defined]
                request = exchange.session.request

                def watched(method: str, url: str, *args: Any, **more: Any) -> Any:
                    if url.endswith("/AddOrder"):
                        sent()
                    return request(method, url, *args, **more)

                exchange.session.request = watched
                yield rig
        database.close()
