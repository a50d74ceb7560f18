"""How much of a core the bot takes to watch over many sessions while nothing happens."""

import time
from collections.abc import Callable

import psutil

from tests.benchmarks.figures import Figure
from tests.benchmarks.measured_desk import measured_desk, wait_for

SESSIONS = 50
WATCHED_S = 30.0
CORE_PERCENT_MAX = 5.0


def run(say: Callable[[str], None]) -> list[Figure]:
    """The bot's processor time with many sessions, beside that with none."""
    with measured_desk() as desk, desk.bot() as process:
        wait_for("a gateway that is ready", desk.gateway_ready)
        say("no session")
        alone = _core_percent(process.pid)
        say(f"{SESSIONS} sessions start")
        desk.start_sessions(SESSIONS)
        say(f"{SESSIONS} sessions")
        return [
            Figure(
                f"bot with {SESSIONS} idle sessions",
                _core_percent(process.pid),
                "% of a core",
                CORE_PERCENT_MAX,
                alone,
            )
        ]


def _core_percent(pid: int) -> float:
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(WATCHED_S)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / WATCHED_S * 100
