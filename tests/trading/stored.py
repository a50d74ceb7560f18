"""A database that has the tables of trading."""

from sqlmodel import SQLModel

from bot.database import Database
from trading import tables

TABLES = [
    row.__table__  # type: ignore[attr-defined]
    for row in (
        tables.SessionRow,
        tables.OrderRow,
        tables.FillRow,
        tables.CheckpointRow,
        tables.EventRow,
        tables.EquityRow,
    )
]


def with_tables(database: Database) -> Database:
    """Make the tables of trading in an empty database."""
    with database.connection() as connection:
        SQLModel.metadata.create_all(connection, tables=TABLES)
    return database
