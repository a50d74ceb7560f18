"""One practice desk for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.desk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A practice desk over Socket Mode, from an empty home."""
    with open_desk(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One practice desk for all tests of a module that leave nothing behind."""
    with open_desk(tmp_path_factory.mktemp("desk") / "home") as opened:
        yield opened


@pytest.fixture
def cool_desk(tmp_path: Path) -> Iterator[Desk]:
    """A practice desk on which a halt may be cleared at once."""
    with open_desk(tmp_path / "home", cooldown_s=0) as opened:
        yield opened


@pytest.fixture
def tight_desk(tmp_path: Path) -> Iterator[Desk]:
    """A practice desk whose account may be exposed with 100 in all."""
    with open_desk(
        tmp_path / "home",
        changes=lambda text: text.replace("max_total_exposure = 400", "max_total_exposure = 100"),
    ) as opened:
        yield opened
