"""What the tests of trading share: a database with its tables."""

import pytest
from sqlmodel import SQLModel

from bot.database import Database
from trading import tables

TABLES = [
    row.__table__  # type: ignore[attr-defined]
    for row in (tables.SessionRow, tables.OrderRow, tables.FillRow, tables.EventRow, tables.EquityRow)
]


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Give a database with the tables of trading."""
    with empty_database.connection() as connection:
        SQLModel.metadata.create_all(connection, tables=TABLES)
    return empty_database
