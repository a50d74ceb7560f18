"""A desk for the tests of the operations: usually on a file, where it matters on PostgreSQL as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

import bot.schema as schema
from bot.database import Database
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig

assert schema.metadata is SQLModel.metadata


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A desk over a database file."""
    database = open_database(tmp_path)
    yield Rig(database, tmp_path)
    database.close()


@pytest.fixture
def rig_on_both(empty_database: Database, tmp_path: Path) -> Rig:
    """A desk once over a database file and once over PostgreSQL."""
    with empty_database.connection() as connection:
        schema.metadata.create_all(connection)
    return Rig(empty_database, tmp_path)
