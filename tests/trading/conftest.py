"""What the tests of trading share: a rig with a real exchange."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.database import Database
from tests.trading.rig import Rig, keys
from tests.trading.stored import with_tables
from trading.killswitch import Latch
from trading.practice_exchange.rates import TIERS
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Give a home that was begun, its database and an exchange, for gateways to run on."""
    home = tmp_path / "home"
    Latch(home).begin("Olivia", system_clock())
    database = with_tables(Database(f"sqlite:///{home}/peak-ops.db"))
    with PracticeExchange.running(clock=system_clock, seed=7, keys=keys(), tier=TIERS["drill"]) as practice:
        yield Rig(home, database, practice)
    database.close()
