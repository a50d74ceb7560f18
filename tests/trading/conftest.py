"""What the tests of trading share: a rig with a real exchange."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.database import Database
from bot.demo import write_config
from tests.trading.rig import EMERGENCY_KEY, Rig, keys, secret_of
from tests.trading.stored import with_tables
from trading.killswitch import Latch
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Give a home that was begun, its database and an exchange, for gateways to run on."""
    home = tmp_path / "home"
    Latch(home).begin("Olivia", system_clock())
    database = with_tables(Database(f"sqlite:///{home}/peak-ops.db"))
    with PracticeExchange.running(clock=system_clock, seed=7, keys=keys()) as practice:
        yield Rig(home, database, practice)
    database.close()


@pytest.fixture
def halting(rig: Rig) -> list[str]:
    """Give the command that halts in a gateway's place, with its environment in front."""
    write_config(rig.home / "config", rig.practice.url)
    environ = {
        "PEAK_OPS_HOME": str(rig.home),
        "PEAK_OPS_CONFIG": str(rig.home / "config"),
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "KRAKEN_EMERGENCY_API_KEY": EMERGENCY_KEY,
        "KRAKEN_EMERGENCY_API_SECRET": secret_of(EMERGENCY_KEY),
    }
    given = [f"{name}={value}" for name, value in environ.items()]
    return ["env", *given, sys.executable, "-m", "bot.gateway_process", "kraken", "--halt"]
