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


@pytest.fixture
def http_desk(tmp_path: Path) -> Iterator[Desk]:
    """A practice desk whose workspace delivers over signed HTTP."""
    with open_desk(tmp_path / "home", socket_mode=False) as opened:
        yield opened
