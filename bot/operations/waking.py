"""Whether it is night for somebody, by the clock of their zone; who sits at a screen nobody knows."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.person import Person

UP_FROM, UP_UNTIL = time(7), time(22)


def local(person: Person, now: datetime) -> datetime:
    """A moment as this person's clock shows it."""
    return now.astimezone(ZoneInfo(person.timezone))


def is_up(person: Person, now: datetime) -> bool:
    """Whether it is day for this person: from seven in the morning until ten at night."""
    return UP_FROM <= local(person, now).time() < UP_UNTIL


def up_next(people: Iterable[Person], now: datetime) -> datetime | None:
    """When the first of these people has morning, in UTC; None for nobody."""
    return min((_morning(person, now) for person in people), default=None)


def clock_of(person: Person, now: datetime) -> str:
    """Who it is, and how late it is there: `Olivia (03:12 in Europe/Berlin)`."""
    return f"{person.name} ({local(person, now):%H:%M} in {person.timezone})"


def _morning(person: Person, now: datetime) -> datetime:
    here = local(person, now)
    day = here.date() if here.time() < UP_FROM else here.date() + timedelta(days=1)
    return datetime.combine(day, UP_FROM, here.tzinfo).astimezone(UTC)
