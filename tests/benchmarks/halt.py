"""A person types /peak-kill: how soon no order passes, how soon the venue is told, how soon it is proven."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import httpx

from bot.clock import system_clock
from bot.demo import EXCHANGE, end
from bot.practice import people
from tests import trouble
from tests.benchmarks.approved_sessions import ApprovedSessions
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.measured_desk import MeasuredDesk, NeverHappened, measured_desk, wait_for
from trading.gateway_files import socket_path
from trading.pids import ProcessId

RUNS = 3
ORDERS_EACH = 50
COMMANDS = 500
ORDERS_NOTIONAL_USD_MAX = Decimal(900)
TOLD_WITHIN_MS = 500.0
# The shipped limits are for a first small run.
LIMITS = {
    "max_order_notional = 100": "max_order_notional = 1000",
    "max_orders_per_hour = 20": "max_orders_per_hour = 100",
    "max_symbol_exposure = 200": "max_symbol_exposure = 2000",
    "max_total_exposure = 400": "max_total_exposure = 8000",
}
COMMAND = {"as": people.OLIVIA.id, "channel": people.TRADING_OPS.id, "text": "/peak-kill to be measured"}
CANCELS = frozenset({"CancelAll", "CancelOrder", "CancelOrderBatch"})

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is running: sessions, and markets on each of which one more holds fifty orders."""

    sessions: int
    markets: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.sessions} sessions, {ORDERS_EACH * len(self.markets)} orders"


SIZES = (Size(5, ("BTC/USD",)), Size(20, ("BTC/USD", "ETH/USD", "BTC/EUR", "ETH/EUR")))


@dataclass(frozen=True, slots=True)
class _Halt:
    """Milliseconds from the moment the command was sent; for the latch, from its arrival at the bot."""

    latch_ms: float
    shut_ms: float
    cancel_ms: float
    proven_ms: float


def run(say: Say = lambda text: None) -> list[Figure]:
    """Halt fresh desks with their sessions and open orders, several times; the largest under load as well."""
    figures = [figure for size in SIZES for figure in _several(size, say)]
    say(f"halt under load: {SIZES[-1]}, {COMMANDS} commands")
    with _at_work(SIZES[-1]) as (desk, bot):
        shut_ms, cancel_ms = _halt_under_load(desk, bot)
    under_load = f"under load, {COMMANDS} other commands"
    return [
        *figures,
        Figure(f"halt to gate shut and told, {under_load}", shut_ms, "ms", TOLD_WITHIN_MS),
        Figure(f"halt to first cancel there, {under_load}", cancel_ms, "ms", TOLD_WITHIN_MS),
    ]


def _several(size: Size, say: Say) -> list[Figure]:
    halts = []
    for number in range(1, RUNS + 1):
        say(f"halt {number} of {RUNS}: {size}")
        with _at_work(size) as (desk, _):
            halts.append(_halt(desk))
    shut, cancel = median(halt.shut_ms for halt in halts), median(halt.cancel_ms for halt in halts)
    return [
        Figure(f"halt to latch on disk, {size}", median(halt.latch_ms for halt in halts), "ms"),
        Figure(f"halt to gate shut and told, {size}", shut, "ms", TOLD_WITHIN_MS),
        Figure(f"halt to first cancel there, {size}", cancel, "ms", TOLD_WITHIN_MS),
        Figure(f"halt to proof recorded, {size}", median(halt.proven_ms for halt in halts), "ms"),
    ]


@contextmanager
def _at_work(size: Size) -> Iterator[tuple[MeasuredDesk, int]]:
    """A fresh desk with its sessions and open orders, and the bot's process."""
    with ExitStack() as running:
        desk = running.enter_context(measured_desk(_wider))
        _deposit(desk)
        bot = running.enter_context(desk.bot())
        wait_for("a gateway that is ready", desk.gateway_ready)
        desk.start_sessions(size.sessions)
        for symbol in size.markets:
            running.enter_context(_orders_resting(desk, symbol))
        yield desk, bot.pid


def _deposit(desk: MeasuredDesk) -> None:
    """Half of the markets are paid for in euros."""
    euros = {"kind": "deposit", "value": "25000", "asset": "EUR"}
    url = f"{desk.practice.exchange_url}/practice/fault"
    httpx.post(url, json=euros, trust_env=False).raise_for_status()


def _wider(config: str) -> str:
    for shipped, wider in LIMITS.items():
        assert shipped in config
        config = config.replace(shipped, wider)
    return config


@contextmanager
def _orders_resting(desk: MeasuredDesk, symbol: str) -> Iterator[None]:
    """One more session, in a process that holds many open orders."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.resting_orders",
            str(socket_path(desk.home, EXCHANGE)),
            str(ORDERS_EACH),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        found = ProcessId.of(process.pid)
        session_id = ApprovedSessions(desk.environ).add(symbol, ORDERS_NOTIONAL_USD_MAX, found)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(session_id.encode() + b"\n")
        process.stdin.flush()
        accepted = process.stdout.readline().decode().strip()
        if accepted != str(ORDERS_EACH):
            raise NeverHappened(f"only {accepted or 'no'} orders of {ORDERS_EACH} in {symbol} were accepted")
        yield
    finally:
        end(process)
        process.communicate()


def _halt(desk: MeasuredDesk) -> _Halt:
    sessions = ApprovedSessions(desk.environ)
    with httpx.Client(trust_env=False, timeout=30) as http:
        began = time.perf_counter()
        started_at, shut_ms = _say_halt(desk, http)
        halt = wait_for("a halt that is proven", sessions.last_proven_halt)
        proven_ms = (time.perf_counter() - began) * 1000
        if not all(outcome.proven for outcome in halt.outcomes):
            raise NeverHappened(f"the venue did not prove the halt: {halt.outcomes}")
        calls = _calls(desk, http)
    endpoints = [call["endpoint"] for call in calls]
    if "AddOrder" in endpoints[min(endpoints.index(each) for each in CANCELS if each in endpoints) :]:
        raise NeverHappened("an order reached the exchange behind the first cancel")
    cancel_ms = _first_cancel_ms(calls, started_at)
    if cancel_ms is None:
        raise NeverHappened("the exchange was told to cancel nothing")
    return _Halt(_latch_ms(desk), shut_ms, cancel_ms, proven_ms)


def _halt_under_load(desk: MeasuredDesk, bot: int) -> tuple[float, float]:
    """Milliseconds until the gate is shut and until the first cancel arrives, with everything in the way."""
    with (
        httpx.Client(trust_env=False, timeout=30) as http,
        trouble.everything(desk.home, bot, desk.practice.workspace_url, COMMANDS),
    ):
        started_at, shut_ms = _say_halt(desk, http)
        cancel_ms = wait_for(
            "a cancel at the exchange", lambda: _first_cancel_ms(_calls(desk, http), started_at)
        )
        return shut_ms, cancel_ms


def _say_halt(desk: MeasuredDesk, http: httpx.Client) -> tuple[datetime, float]:
    """Type the command; gives when, and milliseconds until its person was told that the gate is shut."""
    started_at, began = system_clock(), time.perf_counter()
    told = http.post(f"{desk.practice.workspace_url}/desk/say", json=COMMAND).json()
    shut_ms = (time.perf_counter() - began) * 1000
    if not told.get("ok"):
        raise NeverHappened(f"the halt was not taken: {told}")
    return started_at, shut_ms


def _calls(desk: MeasuredDesk, http: httpx.Client) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = http.get(f"{desk.practice.exchange_url}/practice/orders").json()["calls"]
    return calls


def _latch_ms(desk: MeasuredDesk) -> float:
    """What the bot itself wrote down of its way to the disk."""
    found = re.search(r"latch after (\d+) ms", (desk.home / "logs" / "peak-ops.log").read_text("utf-8"))
    if found is None:
        raise NeverHappened("the bot did not say how long the latch took")
    return float(found[1])


def _first_cancel_ms(calls: list[dict[str, Any]], started_at: datetime) -> float | None:
    arrived = (datetime.fromisoformat(call["arrived_at"]) for call in calls if call["endpoint"] in CANCELS)
    first = min((at for at in arrived if at >= started_at), default=None)
    return None if first is None else (first - started_at) / timedelta(milliseconds=1)


if __name__ == "__main__":
    table(run())
