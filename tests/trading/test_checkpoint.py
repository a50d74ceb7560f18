"""What the first fills come to is kept: a start folds what came after, and comes to the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import delete, update

from bot.clock import system_clock
from bot.database import Database
from tests.trading.given import NOON, a_fill
from tests.trading.stored import with_tables
from trading import books
from trading.books import Books
from trading.fill import Fill
from trading.order import Side
from trading.rows import CHECKPOINT, FILL
from trading.store import CheckpointStore, FillStore

MANY = 40


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a checkpoint be worth keeping after a few fills."""
    monkeypatch.setattr(books, "WORTH_KEEPING", 10)


@pytest.fixture
def database(empty_database: Database) -> Database:
    return with_tables(empty_database)


def at_random(dice: Random, minute: int) -> Fill:
    """A fill of one of two sessions on one of two markets."""
    fill = a_fill(
        dice.choice(list(Side)),
        str(Decimal(dice.randint(1, 10**6)).scaleb(-8)),
        str(Decimal(dice.randint(10**5, 10**6)).scaleb(-1)),
        symbol=dice.choice(["BTC/USD", "ETH/USD"]),
        fee="0.01",
        at=NOON + timedelta(minutes=minute),
    )
    return replace(fill, session_id=dice.choice(["one", "two"]))


def booked(database: Database, fills: list[Fill]) -> None:
    """Put fills into the database, for our account and one that is not ours."""
    with database.transaction() as session:
        for fill in fills:
            FillStore(session).add(fill, "kraken")
            FillStore(session).add(fill, "another")


def loaded(database: Database) -> Books:
    """The books as a gateway reads them at its start."""
    found = Books(database, "kraken", "USD", system_clock)
    found.load(lambda _: Decimal(1))
    return found


def come_to(found: Books) -> object:
    """Everything that is folded from fills."""
    sessions = {ident: found.held(ident) for ident in ("one", "two")}
    return found.account().positions, sessions, found.last_fill_at(), found.exposure.position("BTC/USD")


def without_a_checkpoint(database: Database) -> object:
    """What all fills come to, folded from the beginning."""
    with database.transaction() as session:
        session.connection().execute(delete(CHECKPOINT))
    return come_to(loaded(database))


def test_a_start_folds_only_what_came_after(database: Database) -> None:
    """And comes to the same, to the last digit, however often it starts."""
    dice = Random(1)
    for begin in range(0, 3 * MANY, MANY):
        booked(database, [at_random(dice, begin + minute) for minute in range(MANY)])
        loaded(database)
        with database.reading() as session:
            assert CheckpointStore(session).get("kraken").fills == begin + MANY
    booked(database, [at_random(dice, 3 * MANY)])
    assert come_to(loaded(database)) == without_a_checkpoint(database)


def changed(fill: Fill, database: Database) -> None:
    """Somebody takes a fill out."""
    with database.transaction() as session:
        session.connection().execute(delete(FILL).where(FILL.c.fill_id == fill.fill_id))


def came_late(fill: Fill, database: Database) -> None:
    """The venue lists an execution that happened before others that are booked."""
    booked(database, [replace(fill, fill_id="late", at=fill.at - timedelta(seconds=1))])


def unreadable(fill: Fill, database: Database) -> None:
    """The checkpoint is in pieces."""
    with database.transaction() as session:
        session.connection().execute(update(CHECKPOINT).values(folded={"account": "?"}))


@pytest.mark.parametrize("happens", [changed, came_late, unreadable])
def test_a_checkpoint_that_does_not_fit_is_not_believed(
    database: Database, happens: Callable[[Fill, Database], None]
) -> None:
    """Then all fills are folded, as if there were none."""
    dice = Random(2)
    fills = [at_random(dice, minute) for minute in range(MANY)]
    booked(database, fills)
    loaded(database)
    happens(fills[5], database)
    assert come_to(loaded(database)) == without_a_checkpoint(database)
