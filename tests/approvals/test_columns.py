"""What goes into a column comes out the same, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError

from approvals.columns import DecimalText, JsonText, UtcDateTime
from approvals.errors import AmountInQuery
from bot.database import Database

METADATA = MetaData()
SHELF = Table(
    "shelf",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("amount", DecimalText),
    Column("body", JsonText),
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def connection(empty_database: Database) -> Iterator[Connection]:
    """An open transaction on a database with one table of each column type."""
    with empty_database.connection() as connection:
        METADATA.create_all(connection)
        yield connection


def kept(connection: Connection, **values: object) -> object:
    """What comes back of one stored value."""
    connection.execute(SHELF.insert().values(id=1, **values))
    (name,) = values
    return connection.execute(select(SHELF.c[name])).scalar_one()


def test_a_time_comes_back_in_utc_to_the_microsecond(connection: Connection) -> None:
    """The moment is kept, the zone it was given in is not."""
    given = datetime(2026, 11, 23, 17, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    back = kept(connection, at=given)
    assert back == given
    assert isinstance(back, datetime)
    assert (back.tzinfo, back.hour, back.microsecond) == (UTC, 12, 1)


def test_times_order_and_compare_in_the_database(connection: Connection) -> None:
    """A microsecond before noon is before noon, right across the whole second."""
    moments = [NOON + timedelta(microseconds=step) for step in (1, -1, 0, 1_000_000)]
    connection.execute(SHELF.insert(), [{"id": number, "at": at} for number, at in enumerate(moments)])
    assert list(connection.execute(select(SHELF.c.at).order_by(SHELF.c.at)).scalars()) == sorted(moments)
    assert list(connection.execute(select(SHELF.c.at).where(SHELF.c.at < NOON)).scalars()) == [moments[1]]


def test_a_naive_time_is_refused(connection: Connection) -> None:
    """A time without zone never reaches the database."""
    with pytest.raises(StatementError, match="The time 2026-11-23 12:00:00 names no zone"):
        kept(connection, at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("written", ["0.1", "100.00", "1E-8", "-12345678901234567890.123456789"])
def test_an_amount_comes_back_exactly(connection: Connection, written: str) -> None:
    """No binary rounding anywhere."""
    assert kept(connection, amount=Decimal(written)) == Decimal(written)
    assert "e" not in str(connection.execute(text("SELECT amount FROM shelf")).scalar_one()).lower()


@pytest.mark.parametrize("bad", [0.1, 1, "1", Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999")])
def test_what_is_no_exact_amount_is_refused(connection: Connection, bad: object) -> None:
    """A float, a text or NaN in an amount's place is a mistake, not a value."""
    with pytest.raises(StatementError, match="not an amount that can be kept exactly"):
        kept(connection, amount=bad)


def test_what_is_no_amount_is_named_in_short(connection: Connection) -> None:
    """Forty characters of it are enough to find it by."""
    with pytest.raises(StatementError, match=rf"\) '{'x' * 39} is not an amount"):
        kept(connection, amount="x" * 60)


def test_on_postgresql_a_time_keeps_its_zone() -> None:
    """In UTC both ways; only SQLite is handed a time without."""
    column, zone = UtcDateTime(), timezone(timedelta(hours=5))
    given = NOON.astimezone(zone)
    stored = column.process_bind_param(given, postgresql.dialect())
    assert stored is not None
    assert (stored, stored.tzinfo) == (NOON, UTC)
    back = column.process_result_value(given, postgresql.dialect())
    assert back is not None
    assert (back, back.tzinfo) == (NOON, UTC)


def test_amounts_are_not_ordered_or_added_in_sql() -> None:
    """As text 9 is more than 10, so the query cannot be written."""
    assert str(SHELF.c.amount == Decimal(1))
    for question in (lambda c: c < Decimal(1), lambda c: c + Decimal(1), lambda c: c.desc()):
        with pytest.raises(AmountInQuery, match="cannot be ordered or added"):
            question(SHELF.c.amount)


def test_json_is_stored_in_the_text_that_is_hashed(connection: Connection) -> None:
    """The database holds the canonical text, letter for letter."""
    back = kept(connection, body={"b": Decimal("1.50"), "a": [None, "Größe"], "at": NOON})
    assert back == {"a": [None, "Größe"], "b": "1.5", "at": "2026-11-23T12:00:00.000000Z"}
    stored = connection.execute(text("SELECT body FROM shelf")).scalar_one()
    assert stored == '{"a":[null,"Gr\\u00f6\\u00dfe"],"at":"2026-11-23T12:00:00.000000Z","b":"1.5"}'


def test_nothing_is_kept_as_nothing(connection: Connection) -> None:
    """An absent value stays absent in each type."""
    connection.execute(SHELF.insert().values(id=1, at=None, amount=None, body=None))
    assert connection.execute(select(SHELF)).one() == (1, None, None, None)
    assert connection.execute(text("SELECT body FROM shelf")).scalar_one() is None
