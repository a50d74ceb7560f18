"""Alembic's way in: one connection, one transaction, the tables of all three packages."""

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator
from sqlmodel import AutoString

from bot.database import Database
from bot.schema import metadata


def stored_type(kind: str, thing: Any, _: Any) -> str | Literal[False]:
    """Write our own column types into a migration as what the database stores: it must outlive them."""
    if kind == "type" and isinstance(thing, AutoString):
        return f"sqlmodel.Auto{thing.impl_instance!r}"
    if kind == "type" and isinstance(thing, TypeDecorator) and type(thing).__module__ == "approvals.columns":
        return f"sa.{thing.impl_instance!r}"
    return False


def migrate(connection: Connection) -> None:
    """Run what was asked for in the transaction that the connection is in."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=stored_type,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:  # a developer's `alembic revision --autogenerate`
    with Database(os.environ["DATABASE_URL"]).connection() as own:
        migrate(own)
