"""Alerts, halts and reports come back from the database as they were, on both kinds of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from bot.database import Database
from bot.records import AlertStore, HaltStore, ReportStore, new_id
from bot.summaries import AlertSummary
from bot.tables import AlertRow, HaltRow, ReportRow
from tests.bot.views.given import ALERT, HALT, HEALTH, NOON, OUTCOME, SOON

TABLES = [SQLModel.metadata.tables[row.__tablename__] for row in (AlertRow, HaltRow, ReportRow)]
DAY = timedelta(days=1)


@pytest.fixture
def database(empty_database: Database) -> Database:
    """The three tables, empty, once on SQLite and once on PostgreSQL."""
    with empty_database.connection() as connection:
        SQLModel.metadata.create_all(connection, tables=TABLES)
    return empty_database


@contextmanager
def alerts(database: Database) -> Iterator[AlertStore]:
    """The alerts in a transaction of their own."""
    with database.transaction() as session:
        yield AlertStore(session)


def raised(database: Database, alert: AlertSummary = ALERT, key: str = "event-1") -> AlertSummary:
    """Raise an alert in a transaction of its own."""
    with alerts(database) as store:
        return store.raise_alert(alert, key)


def test_an_alert_comes_back_as_it_was(database: Database) -> None:
    """Every field, and the time with its zone."""
    raised(database)

    with alerts(database) as store:
        assert store.get("alert-1") == ALERT
        assert store.get("alert-2") is None
        assert store.open_count() == 1


def test_the_same_event_raises_one_alert(database: Database) -> None:
    """A redelivered event changes nothing, not even the count."""
    raised(database)
    again = raised(database, replace(ALERT, id="alert-2", at=SOON))

    assert again == ALERT
    with alerts(database) as store:
        assert [alert.times for alert in store.recent(10)] == [1]


def test_the_same_trouble_again_is_counted_on_the_open_alert(database: Database) -> None:
    """One card with a count and the newest words, until somebody has taken it."""
    raised(database)
    again = raised(database, replace(ALERT, id="alert-2", at=SOON, detail="(600 > 100)"), "event-2")

    assert (again.id, again.times, again.detail, again.at) == ("alert-1", 2, "(600 > 100)", NOON)


@pytest.mark.parametrize(
    "other",
    [
        replace(ALERT, id="alert-2", session_id="live-2"),
        replace(ALERT, id="alert-2", kind="venue.error"),
        replace(ALERT, id="alert-2", session_id=None),
        replace(ALERT, id="alert-2", severity="high"),
    ],
)
def test_other_trouble_is_an_alert_of_its_own(database: Database, other: AlertSummary) -> None:
    """Another session, another kind or a worse case of it does not hide behind the first."""
    raised(database)

    assert raised(database, other, "event-2").id == "alert-2"


def test_trouble_of_the_desk_is_counted_too(database: Database) -> None:
    """An alert without a session meets its own kind."""
    raised(database, replace(ALERT, session_id=None))

    assert raised(database, replace(ALERT, id="alert-2", session_id=None), "event-2").times == 2


def test_an_alert_is_taken_once(database: Database) -> None:
    """The first name stays."""
    raised(database)

    with alerts(database) as store:
        assert store.acknowledge("alert-1", "Rita", SOON)
        assert not store.acknowledge("alert-1", "Otto", SOON)
        assert not store.acknowledge("alert-9", "Otto", SOON)
    with alerts(database) as store:
        found = store.get("alert-1")
        assert found == replace(ALERT, acknowledged_by="Rita", acknowledged_at=SOON)
        assert store.open_count() == 0


def test_trouble_after_the_acknowledgement_is_new(database: Database) -> None:
    """What somebody has looked at does not swallow what comes next."""
    raised(database)
    with alerts(database) as store:
        store.acknowledge("alert-1", "Rita", SOON)

    assert raised(database, replace(ALERT, id="alert-2", at=SOON), "event-2").id == "alert-2"
    with alerts(database) as store:
        assert [alert.id for alert in store.recent(10)] == ["alert-2", "alert-1"]


def test_a_halt_comes_back_as_it_was(database: Database) -> None:
    """Steps, proof and what is held, to the last digit."""
    held = (("BTC", Decimal("0.12345678")), ("ETH", Decimal("-3.10")))
    halt = replace(HALT, outcomes=(replace(OUTCOME, held=held, detail="all cancelled"),), latch_ms=None)
    with database.transaction() as session:
        HaltStore(session).save(halt)

    with database.reading() as session:
        assert HaltStore(session).get("halt-1") == halt
        assert HaltStore(session).get("halt-2") is None


def test_a_halt_grows_with_its_proofs(database: Database) -> None:
    """Who halted and why stays as it was first written."""
    with database.transaction() as session:
        HaltStore(session).save(replace(HALT, outcomes=(), waiting_for=("kraken",)))
    with database.transaction() as session:
        HaltStore(session).save(replace(HALT, by="Somebody else", reason="another"))

    with database.reading() as session:
        assert HaltStore(session).get("halt-1") == HALT


def test_the_last_halt_is_the_newest(database: Database) -> None:
    """Whatever order they were written in."""
    with database.transaction() as session:
        store = HaltStore(session)
        assert store.last() is None
        for number in (2, 3, 1):
            store.save(replace(HALT, id=f"halt-{number}", at=NOON + number * DAY))

        found = store.last()
        assert found is not None
        assert found.id == "halt-3"


def test_a_report_comes_back_without_its_chart(database: Database) -> None:
    """Money exact, unknown as unknown; what only the day itself knew is left out."""
    report = replace(HEALTH, fees=None, equity=Decimal("10010.123456789"))
    with database.transaction() as session:
        ReportStore(session).add(report, date(2026, 11, 23))

    with database.reading() as session:
        found = ReportStore(session).get("report-1")
    assert found is not None
    assert replace(found, sessions=()) == replace(report, points=(), sessions=())
    assert [(item.id, item.state, item.daily_pnl) for item in found.sessions] == [
        ("live-1", "running", Decimal("1.5"))
    ]


def test_a_day_has_one_scheduled_report(database: Database) -> None:
    """The table itself refuses a second one; asking for one is always allowed."""
    with database.transaction() as session:
        store = ReportStore(session)
        store.add(HEALTH, date(2026, 11, 23))
        store.add(replace(HEALTH, id="report-2"), date(2026, 11, 24))
        store.add(replace(HEALTH, id="report-3"), None)
        store.add(replace(HEALTH, id="report-4"), None)

    with pytest.raises(IntegrityError), database.transaction() as session:
        ReportStore(session).add(replace(HEALTH, id="report-5"), date(2026, 11, 23))


def test_yesterday_is_the_last_scheduled_report(database: Database) -> None:
    """One that somebody asked for in between does not count as yesterday's."""
    with database.transaction() as session:
        store = ReportStore(session)
        assert store.before(NOON) is None
        store.add(replace(HEALTH, id="report-1", at=NOON - 2 * DAY), date(2026, 11, 21))
        store.add(replace(HEALTH, id="report-2", at=NOON - DAY), date(2026, 11, 22))
        store.add(replace(HEALTH, id="report-3", at=NOON - DAY / 2), None)
        store.add(replace(HEALTH, id="report-4", at=NOON), date(2026, 11, 23))

        found = store.before(NOON)
        assert found is not None
        assert found.id == "report-2"


def test_ids_cannot_be_guessed() -> None:
    """They name their kind, and no two are alike."""
    made = {new_id("alert") for _ in range(500)}

    assert len(made) == 500
    assert all(each.startswith("alert-") and len(each) <= 40 for each in made)
