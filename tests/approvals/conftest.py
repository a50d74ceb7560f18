"""A database with its tables for the tests of the stores."""

import pytest

import approvals.tables
from approvals.rows import ENTRY, FACTOR, FACTOR_TRY, GRANT, RECOVERY_CODE, REQUEST, VOTE
from bot.database import Database

TABLES = (REQUEST, VOTE, GRANT, ENTRY, FACTOR, RECOVERY_CODE, FACTOR_TRY)
METADATA = approvals.tables.RequestRow.metadata


@pytest.fixture
def database(empty_database: Database) -> Database:
    """An empty desk, once on SQLite and once on PostgreSQL."""
    with empty_database.connection() as connection:
        METADATA.create_all(connection, tables=TABLES)
    return empty_database
