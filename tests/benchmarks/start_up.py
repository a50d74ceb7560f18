"""How soon the desk is there, and how much room it takes while nothing happens."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bot.demo import EXCHANGE, end_leftovers
from tests.benchmarks import bare
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.measured_desk import MeasuredDesk, as_installed, measured_desk, wait_for
from tests.benchmarks.memory import private_mb, resident_mb, steady
from trading.gateway_files import gateway_process

RUNS = 5
SESSIONS = 3
READY_S_MAX = 3.0
STATUS_S_MAX = 0.8
RESIDENT_MB_MAX = 150.0
SESSION_PRIVATE_MB_MAX = 30.0

Say = Callable[[str], None]


@dataclass(slots=True)
class _Times:
    """Seconds of each run."""

    fresh: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    gateway: list[float] = field(default_factory=list)
    bolt: list[float] = field(default_factory=list)
    status: list[float] = field(default_factory=list)
    libraries: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Memory:
    """Millions of bytes."""

    bot: float = 0.0
    gateway: float = 0.0
    sessions: list[float] = field(default_factory=list)
    bolt: float = 0.0
    ccxt: float = 0.0
    session: float = 0.0


def run(say: Say = lambda text: None) -> list[Figure]:
    """Start the bot on a fresh home and on a used one, ask for its status, look at its memory."""
    times, memory = _Times(), _Memory()
    with measured_desk() as desk:
        say("compiling what is measured")
        with desk.bot():
            wait_for("a gateway that is ready", desk.gateway_ready)
            _status_s(desk)
        for number in range(1, RUNS + 1):
            say(f"start {number} of {RUNS}")
            _start_twice(desk, times)
        with desk.bot() as process:
            wait_for("a gateway that is ready", desk.gateway_ready)
            for number in range(1, RUNS + 1):
                say(f"status {number} of {RUNS}")
                times.status.append(_status_s(desk))
                times.libraries.append(bare.whole_process_s(bare.READ_A_TABLE, desk.environ))
            say("memory")
            _weigh(desk, process.pid, memory)
    return [*_time_figures(times), *_memory_figures(memory)]


def _start_twice(desk: MeasuredDesk, times: _Times) -> None:
    desk.forget_everything()
    began = time.perf_counter()
    with desk.bot():
        times.fresh.append(time.perf_counter() - began)
        wait_for("a gateway that is ready", desk.gateway_ready)
        times.gateway.append(time.perf_counter() - began)
    end_leftovers(desk.home)
    began = time.perf_counter()
    with desk.bot():
        times.again.append(time.perf_counter() - began)
        wait_for("a gateway that is ready", desk.gateway_ready)
    end_leftovers(desk.home)
    with bare.loaded(bare.BOLT, desk.environ) as bolt:
        times.bolt.append(bolt.ready_s)


def _status_s(desk: MeasuredDesk) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bot", "status", "--json"],
        env=as_installed(desk.environ),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def _weigh(desk: MeasuredDesk, bot_pid: int, memory: _Memory) -> None:
    memory.bot = steady(resident_mb, bot_pid)
    gateway = gateway_process(desk.home, EXCHANGE)
    assert gateway is not None
    memory.gateway = steady(resident_mb, gateway.pid)
    for session in desk.start_sessions(SESSIONS):
        assert session.pid is not None
        memory.sessions.append(steady(private_mb, session.pid))
    for code, name, measure in (
        (bare.BOLT, "bolt", resident_mb),
        (bare.CCXT, "ccxt", resident_mb),
        (bare.SESSION, "session", private_mb),
    ):
        with bare.loaded(code, desk.environ) as loaded:
            setattr(memory, name, measure(loaded.pid))


def _time_figures(times: _Times) -> list[Figure]:
    bolt_s = median(times.bolt)
    return [
        Figure("bot ready, fresh home", median(times.fresh), "s", READY_S_MAX, bolt_s),
        Figure("bot ready, used home", median(times.again), "s", READY_S_MAX, bolt_s),
        Figure("gateway ready, fresh home", median(times.gateway), "s"),
        Figure(
            "peak-ops status, whole process", median(times.status), "s", STATUS_S_MAX, median(times.libraries)
        ),
    ]


def _memory_figures(memory: _Memory) -> list[Figure]:
    return [
        Figure("idle bot, resident", memory.bot, "MB", RESIDENT_MB_MAX, memory.bolt),
        Figure("gateway, resident", memory.gateway, "MB", RESIDENT_MB_MAX, memory.ccxt),
        Figure(
            "session, private, largest", max(memory.sessions), "MB", SESSION_PRIVATE_MB_MAX, memory.session
        ),
    ]


if __name__ == "__main__":
    table(run())
