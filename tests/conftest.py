"""What tests of several packages share: a real PostgreSQL, and one empty database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.database import Database
from tests import databases


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: what waits for processes fills no core at the end of a run."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/scenarios/"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run the PostgreSQL that a wheel brings, once a worker and only if a test wants it; gives its URL."""
    with databases.postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database that is gone after the test."""
    with databases.postgres_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, once a file and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/peak-ops.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Database]:
    """Give a database without tables, once as a file and once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()
