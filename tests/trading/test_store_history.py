"""Events and equity in the database, on SQLite and on PostgreSQL."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.database import Database
from tests.trading.given import NOON, D, a_session
from tests.trading.stored import with_tables
from trading.equity import EquityPoint
from trading.events import EventKind, TradingEvent
from trading.session import SessionState
from trading.store import EquityStore, EventStore, SessionStore

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Give a database with the tables of trading."""
    return with_tables(empty_database)


def an_event(key: str, session_id: str | None = None) -> TradingEvent:
    """Give an event with facts of all kinds."""
    return TradingEvent(key, EventKind.FILL, NOON, session_id, {"quantity": "0.10", "parts": [1, None, True]})


# events


def test_an_event_is_told_once(database: Database) -> None:
    """The same key is the same happening; what was told is not told again."""
    with database.transaction() as tx:
        events = EventStore(tx)
        assert [events.add(an_event(key)) for key in ("a", "b", "a", "c")] == [True, True, False, True]
        assert events.unprojected(2) == [an_event("a"), an_event("b")]
        events.mark_projected(["a", "c"], LATER)

    with database.transaction() as tx:
        assert not EventStore(tx).add(an_event("a"))
        assert EventStore(tx).unprojected(10) == [an_event("b")]


def test_an_event_is_gone_with_its_transaction(database: Database) -> None:
    """State and message are one: neither is there without the other."""
    session = a_session()
    with database.transaction() as tx:
        SessionStore(tx).add(session)

    def broken() -> None:
        with database.transaction() as tx:
            SessionStore(tx).move(session, session.moved(SessionState.RUNNING, LATER))
            EventStore(tx).add(an_event("a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with database.reading() as tx:
        assert EventStore(tx).unprojected(10) == []
        assert SessionStore(tx).get(session.id) == session


def test_events_are_found_by_session(database: Database) -> None:
    """The story of one session, in order."""
    with database.transaction() as tx:
        for key, session_id in (("a", "s1"), ("b", "s2"), ("c", "s1"), ("d", None)):
            EventStore(tx).add(an_event(key, session_id))

    with database.reading() as tx:
        assert [event.key for event in EventStore(tx).by_session("s1")] == ["a", "c"]


# equity


def test_marks_come_in_order_and_by_account(database: Database) -> None:
    """From a moment on."""
    with database.transaction() as tx:
        equity = EquityStore(tx)
        for minutes, worth, exchange in (
            (2, "12", "kraken"),
            (1, "11", "kraken"),
            (0, "10", "kraken"),
            (1, "99", "other"),
        ):
            equity.add(exchange, NOON + timedelta(minutes=minutes), D(worth), {"fees": "0.1"})

    with database.reading() as tx:
        marks = EquityStore(tx).marks(NOON + timedelta(minutes=1), "kraken")

    assert [mark.equity for mark in marks] == [D(11), D(12)]


def test_a_day_begins_with_its_first_mark(database: Database) -> None:
    """A second one that day does not move the loss, and another day has none yet."""
    today = date(2026, 11, 20)
    with database.transaction() as tx:
        equity = EquityStore(tx)
        assert equity.add("kraken", NOON, D(1_000), {}, day=today)
        assert not equity.add("kraken", LATER, D(900), {}, day=today)
        assert equity.add("other", LATER, D(5), {}, day=today)
        assert equity.add("kraken", LATER, D(900), {})

    with database.reading() as tx:
        assert EquityStore(tx).day_mark(today, "kraken") == EquityPoint(NOON, D(1_000))
        assert EquityStore(tx).day_mark(today + timedelta(days=1), "kraken") is None


def test_times_come_back_in_utc(database: Database) -> None:
    """Whatever zone they were given in, to the microsecond."""
    moment = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC).astimezone()
    with database.transaction() as tx:
        EquityStore(tx).add("kraken", moment, D(1), {})

    with database.reading() as tx:
        found = EquityStore(tx).marks(NOON, "kraken")[0].at
    assert found == moment
    assert found.utcoffset() == timedelta(0)
