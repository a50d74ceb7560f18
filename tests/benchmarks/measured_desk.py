"""A practice desk to measure on: real parts, each its own process, all ended afterwards."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from bot.clock import system_clock
from bot.demo import EXCHANGE, PracticeDesk, end, end_leftovers, practice_desk
from tests.benchmarks.approved_sessions import SYMBOLS, ApprovedSessions
from trading.errors import TradingError
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.session import TradingSession

WITHIN_S = 60.0
LOOK_EVERY_S = 0.01
_LINES_TOLD = 10
SESSION_NOTIONAL_USD_MAX = Decimal(10)

Found = TypeVar("Found")


class NeverHappened(AssertionError):
    """What was to be measured did not come about."""


def wait_for(what: str, look: Callable[[], Found | None], within_s: float = WITHIN_S) -> Found:
    """Look until something is found; often enough that looking adds at most a hundredth of a second."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(LOOK_EVERY_S)
    raise NeverHappened(f"{what} did not come about within {within_s:.0f} s")


@contextmanager
def measured_desk(changes: Callable[[str], str] = lambda text: text) -> Iterator["MeasuredDesk"]:
    """Both local servers and a fresh home, its config edited by `changes`; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="peak-bench-") as folder:
        home = Path(folder) / "home"
        # The figures are the bot's own, not those of the limits that a venue sets.
        with practice_desk(home, system_clock(), tier="drill", changes=changes) as desk:
            try:
                yield MeasuredDesk(desk, as_installed(desk.environ))
            except NeverHappened as error:
                error.add_note(_last_words(home))  # the home is gone when this is read
                raise
            finally:
                end_leftovers(home)


def as_installed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of an installation, in which Python keeps what it has compiled."""
    return {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class MeasuredDesk:
    """The desk, and what a benchmark does with it."""

    practice: PracticeDesk
    environ: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.practice.home

    @property
    def gateway(self) -> GatewayClient:
        """The gateway of the desk's one account."""
        return GatewayClient(socket_path(self.home, EXCHANGE), timeout_s=10)

    def forget_everything(self) -> None:
        """Begin again with an empty database, as on a fresh machine; nothing may run."""
        end_leftovers(self.home)
        for path in self.home.glob("peak-ops.db*"):
            path.unlink()
        # With its heads noted in the home, a missing database is one that was taken away: it would halt.
        (self.home / "reports" / "anchors.jsonl").unlink(missing_ok=True)

    @contextmanager
    def bot(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the bot as a service manager does; it is ready when it has said so in `run/bot.json`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            env=dict(self.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for("a bot that is ready", lambda: self._is_ready(process))
            yield process
        finally:
            end(process)

    def gateway_ready(self) -> bool:
        """Whether the gateway has reconciled and would take orders."""
        try:
            return self.gateway.status().ready
        except TradingError:
            return False

    def start_sessions(self, count: int) -> list[TradingSession]:
        """Let the bot's supervisor start so many sessions, each on a market of its own."""
        sessions = ApprovedSessions(self.environ)
        for number in range(count):
            sessions.add(SYMBOLS[number % len(SYMBOLS)], SESSION_NOTIONAL_USD_MAX)
        return wait_for("sessions that run", lambda: _enough(sessions.begun(), count))

    def _is_ready(self, process: "subprocess.Popen[bytes]") -> bool:
        if process.poll() is not None:
            raise NeverHappened(f"the bot ended with {process.returncode}")
        try:
            return bool(json.loads((self.home / "run" / "bot.json").read_text())["pid"] == process.pid)
        except OSError:
            return False


def _enough(found: list[TradingSession], count: int) -> list[TradingSession] | None:
    return found if len(found) >= count else None


def _last_words(home: Path) -> str:
    """The end of the bot's and the gateway's log, and of what the gateway and the sessions printed."""
    told = []
    for name in ("peak-ops.log", f"gateway-{EXCHANGE}.out", "sessions.log"):
        path = home / "logs" / name
        lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
        told += [f"{name}: {line}" for line in lines[-_LINES_TOLD:]]
    return "\n".join(told)
