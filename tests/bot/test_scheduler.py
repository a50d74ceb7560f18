"""A job comes once each local day, on days of 23 and 25 hours too."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from bot.clock import system_clock
from bot.scheduler import DailyTrigger, Scheduler

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # clocks change at midnight
    "Africa/Cairo",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kolkata",
    "Pacific/Auckland",
)
HOURS = ("00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "07:30", "23:59")
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
DEADLINE_S = 20


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("late", [timedelta(milliseconds=3), timedelta(hours=5)], ids=["prompt", "late"])
def test_every_local_day_of_a_year_has_one_turn(zone: str, hour: str, late: timedelta) -> None:
    """However late the scheduler looked, no day is left out and none comes twice."""
    trigger = DailyTrigger(time.fromisoformat(hour), ZoneInfo(zone))
    start = datetime.combine(YEAR[0], time(), ZoneInfo(zone)).astimezone(UTC)
    turn = trigger.get_next_fire_time(None, start)
    days: Counter[date] = Counter()
    while (day := trigger.last_due(turn)) <= YEAR[-1]:
        days[day] += 1
        turn = trigger.get_next_fire_time(turn, turn + late)
    assert days == Counter(YEAR)


def local(hour: str, day: date) -> str:
    """What a clock on a wall in Berlin shows at a day's turn."""
    moment = DailyTrigger(time.fromisoformat(hour), BERLIN).moment(day)
    return f"{moment.astimezone(BERLIN):%d %H:%M %Z}"


def test_the_hour_is_the_desks_own_all_year() -> None:
    """07:30 is 07:30 by the desk's wall clock, the day before and after each change."""
    assert local("07:30", date(2026, 3, 28)) == "28 07:30 CET"
    assert local("07:30", date(2026, 3, 29)) == "29 07:30 CEST"
    assert local("07:30", date(2026, 10, 24)) == "24 07:30 CEST"
    assert local("07:30", date(2026, 10, 25)) == "25 07:30 CET"


def test_an_hour_that_is_left_out_or_comes_twice_still_comes_once() -> None:
    """02:30 does not exist on the last Sunday of March and comes twice on that of October."""
    assert local("02:30", date(2026, 3, 29)) == "29 03:30 CEST"
    assert local("02:30", date(2026, 10, 25)) == "25 02:30 CEST"


def test_after_days_asleep_the_next_turn_is_the_next_one() -> None:
    """A machine that slept for a week does not make up for seven reports."""
    trigger = DailyTrigger(time(7, 30), BERLIN)
    slept = trigger.moment(date(2026, 6, 1)) + timedelta(days=7, hours=1)
    assert trigger.last_due(trigger.get_next_fire_time(trigger.moment(date(2026, 6, 1)), slept)) == date(
        2026, 6, 9
    )


class Calls:
    """The days that a job was called with, and a way to wait for them."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self._arrived = threading.Condition()

    def __call__(self, day: date) -> None:
        with self._arrived:
            self.days.append(day)
            self._arrived.notify_all()

    def wait(self, count: int) -> bool:
        """Wait for so many calls; False when they do not come."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.days) >= count, DEADLINE_S)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    """A timetable in Berlin that is ended after the test."""
    scheduler = Scheduler(system_clock, BERLIN)
    yield scheduler
    scheduler.stop()


def at(moment: str) -> datetime:
    """A moment by the wall clock in Berlin."""
    return datetime.fromisoformat(moment).replace(tzinfo=BERLIN)


def test_a_turn_that_comes_is_called_with_its_day(scheduler: Scheduler) -> None:
    """The scheduler wakes at the desk's hour and names the day."""
    calls = Calls()
    with freeze_time(at("2026-03-29 07:29:59.700"), tick=True):
        scheduler.daily("health report", "07:30", calls)
        scheduler.start()
        assert calls.wait(1)
        assert calls.days == [date(2026, 3, 29)]
        assert scheduler.next_turn("health report") == at("2026-03-30 07:30")


def test_a_turn_that_was_missed_is_made_up_for_once(scheduler: Scheduler) -> None:
    """A bot that was down at the hour reports when it is back."""
    calls = Calls()
    with freeze_time(at("2026-11-23 07:40"), tick=True):
        scheduler.daily("health report", "07:30", calls)
        scheduler.start()
        assert calls.wait(1)
        scheduler.stop()
        assert calls.days == [date(2026, 11, 23)]


def test_what_was_missed_before_midnight_belongs_to_the_day_before(scheduler: Scheduler) -> None:
    """Making up for yesterday's turn does not use up today's."""
    calls = Calls()
    with freeze_time(at("2026-11-23 00:10"), tick=True):
        scheduler.daily("health report", "23:59", calls)
        scheduler.start()
        assert calls.wait(1)
        assert calls.days == [date(2026, 11, 22)]
        assert scheduler.next_turn("health report") == at("2026-11-23 23:59")


def test_a_turn_long_gone_is_not_made_up_for(scheduler: Scheduler) -> None:
    """A morning report in the evening helps nobody."""
    calls, other = Calls(), Calls()
    with freeze_time(at("2026-11-23 19:00"), tick=True):
        scheduler.daily("health report", "07:30", calls)
        scheduler.daily("other", "18:59", other)
        scheduler.start()
        assert other.wait(1)
        scheduler.stop()
        assert calls.days == []


def test_a_job_that_fails_is_told_and_comes_again() -> None:
    """A report that did not come is itself an alert, and the timetable goes on."""
    told: list[tuple[str, str]] = []
    again = threading.Event()

    def fail() -> None:
        if told:
            again.set()
        raise RuntimeError("no equity")

    scheduler = Scheduler(
        system_clock, BERLIN, on_failure=lambda name, error: told.append((name, str(error)))
    )
    scheduler.every("equity", 0.05, fail)
    scheduler.start()
    assert again.wait(DEADLINE_S)
    scheduler.stop()
    assert set(told) == {("equity", "no equity")}


def test_a_daily_job_that_fails_comes_again_for_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was locked at the hour costs an alert, not the report."""
    monkeypatch.setattr("bot.scheduler.AGAIN_AFTER_S", 0.01)
    told: list[str] = []
    calls, failures = Calls(), iter([True])

    def report(day: date) -> None:
        calls(day)
        if next(failures, False):
            raise OSError("locked")

    scheduler = Scheduler(system_clock, BERLIN, on_failure=lambda name, _: told.append(name))
    with freeze_time(at("2026-11-23 07:40"), tick=True):
        scheduler.daily("health report", "07:30", report)
        scheduler.start()
        assert calls.wait(2)
        scheduler.stop()
    assert calls.days == [date(2026, 11, 23)] * 2
    assert told == ["health report"]


@pytest.mark.parametrize("came", [True, False])
def test_a_turn_that_was_missed_for_good_is_told(monkeypatch: pytest.MonkeyPatch, came: bool) -> None:
    """Also when nobody could be told at first; a day that had its report is none."""
    monkeypatch.setattr("bot.scheduler.AGAIN_AFTER_S", 0.01)
    asked: list[date] = []
    told: list[str] = []
    heard, failures = threading.Event(), iter([True, True])

    def missed(day: date) -> bool:
        asked.append(day)
        if came:
            heard.set()
        return not came

    def tell(name: str, error: BaseException) -> None:
        if next(failures, False):
            raise OSError("locked")
        told.append(f"{name}: {error}")
        heard.set()

    scheduler = Scheduler(system_clock, BERLIN, on_failure=tell)
    calls = Calls()
    with freeze_time(at("2026-11-23 19:00"), tick=True):
        scheduler.daily("health report", "07:30", calls, missed=missed)
        scheduler.start()
        assert heard.wait(DEADLINE_S)
        scheduler.stop()
    assert set(asked) == {date(2026, 11, 23)}
    expected = "health report: The bot was down at 2026-11-23 and came back too late to make up for it."
    assert told == ([] if came else [expected])
    assert calls.days == []


@pytest.mark.parametrize("hour", ["7:30", "24:00", "07:60", "", "07:30:00"])
def test_what_is_no_hour_is_refused(scheduler: Scheduler, hour: str) -> None:
    """A job without an hour would silently never come."""
    with pytest.raises(ValueError, match="is no hour of the day"):
        scheduler.daily("health report", hour, Calls())


def test_stopping_what_was_never_started_is_harmless(scheduler: Scheduler) -> None:
    """A start that failed half-way can be cleaned up."""
    scheduler.stop()
    scheduler.stop()
