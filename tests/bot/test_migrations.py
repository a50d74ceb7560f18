"""The migrations build what the stores expect, on an empty database and on both kinds of it."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bot import schema
from bot.database import MIGRATIONS, Database, newest_revision
from bot.errors import DatabaseNewer, DatabaseOlder


def scripts() -> Config:
    """Alembic pointed at our migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def tables(database: Database) -> set[str]:
    """The tables that are there."""
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


def test_the_migrations_build_the_tables_of_the_code(empty_database: Database) -> None:
    """No column, index or constraint differs between the models and the migrated database."""
    empty_database.upgrade()

    with empty_database.connection() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, schema.metadata) == []


def test_every_table_of_the_three_packages_is_built(empty_database: Database) -> None:
    """A package's tables are not forgotten when the schema is gathered."""
    empty_database.upgrade()
    built = tables(empty_database)
    for package in ("approval_request", "audit_entry", "trading_session", "trading_order", "inbox", "outbox"):
        assert package in built


def test_an_upgrade_changes_nothing_the_second_time(empty_database: Database) -> None:
    """A bot started again finds its tables as it left them."""
    assert empty_database.current() is None
    head = empty_database.upgrade()
    assert empty_database.upgrade() == head
    assert empty_database.current() == head


def test_the_way_back_leaves_nothing(empty_database: Database) -> None:
    """Every migration can be undone, down to the empty database."""
    empty_database.upgrade()
    with empty_database.connection() as connection:
        config = scripts()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert tables(empty_database) <= {"alembic_version"}
    empty_database.upgrade()


def test_the_newest_file_is_the_head() -> None:
    """The revision that is read off the file names is the one that Alembic knows as its only head."""
    assert ScriptDirectory.from_config(scripts()).get_heads() == [newest_revision()]


def test_a_failed_migration_leaves_the_database_as_it_was(empty_database: Database) -> None:
    """Half a migration is none: the tables that were made before the error are gone again."""
    with empty_database.connection() as connection:
        connection.execute(text("CREATE TABLE trading_order (id INTEGER)"))

    with pytest.raises(Exception, match="already exists"):
        empty_database.upgrade()
    assert tables(empty_database) == {"trading_order"}
    assert empty_database.current() is None


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    """An old program does not work on tables that it does not know."""
    database = Database(f"sqlite:///{tmp_path}/peak-ops.db")
    database.upgrade()
    with database.connection() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="Install the newer program"):
        database.upgrade()


def test_looking_upgrades_nothing(tmp_path: Path) -> None:
    """Whoever looks in with a newer program is told what to do; the running desk keeps its tables."""
    database = Database(f"sqlite:///{tmp_path}/peak-ops.db")
    database.upgrade()
    with database.connection() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(DatabaseOlder, match="peak-ops db upgrade"):
        database.require_current()
    assert database.current() == "0000"
