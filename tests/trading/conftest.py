"""What the tests of trading share: a rig with a real exchange."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.clock import system_clock
from bot.database import Database
from tests.trading.rig import Rig, keys
from tests.trading.stored import with_tables
from trading.killswitch import Latch
from trading.practice_exchange.rates import TIERS
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def plain_logs() -> Iterator[None]:
    """Let a traceback be a few lines of text, as in the logs of a gateway's own process.

    By default structlog draws it with every local variable, which takes seconds while ten threads log one.
    """
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
    yield
    structlog.reset_defaults()


@pytest.fixture
def rig(tmp_path: Path, plain_logs: None) -> Iterator[Rig]:
    """Give a home that was begun, its database and an exchange, for gateways to run on."""
    home = tmp_path / "home"
    Latch(home).begin("Olivia", system_clock())
    database = with_tables(Database(f"sqlite:///{home}/peak-ops.db"))
    with PracticeExchange.running(clock=system_clock, seed=7, keys=keys(), tier=TIERS["drill"]) as practice:
        yield Rig(home, database, practice)
    database.close()
