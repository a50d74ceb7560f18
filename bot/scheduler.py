"""What happens at its hour, in the desk's own zone, once a day whatever the clocks do."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.errors import BotError

log = logging.getLogger(__name__)

JOBS_AT_ONCE_MAX = 4

# The scheduler sleeps until its next job by a clock that stands still while the machine is suspended;
# looking up this often bounds how late a job can be after that, or after the machine's time was set.
LOOK_UP_INTERVAL_S = 20

# A turn is called by the scheduler's look at the time and named by ours, a moment later; should the
# machine's time be set back in between, it is still today's turn.
CLOCKS_APART_MAX = timedelta(minutes=5)

# A daily job that failed, or a missed turn that nobody could be told of, comes again this much later.
AGAIN_AFTER_S = 300.0
AGAIN = ", again"

HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class TurnMissed(BotError):
    """The bot was down at {day} and came back too late to make up for it."""

    day: date


class DailyTrigger(BaseTrigger):  # type: ignore[misc]
    """Once each local day at one local time.

    On the day the clocks go forward, a time that is left out means as long after midnight as on other
    days; on the day they go back, a time that comes twice means its first coming. APScheduler's own cron
    trigger leaves out a day after such a change, or never returns, for some hours and zones.
    """

    def __init__(self, at: time, zone: tzinfo) -> None:
        self._at = at
        self._zone = zone

    def moment(self, day: date) -> datetime:
        """When this day's turn is, in UTC."""
        return datetime.combine(day, self._at, self._zone).astimezone(UTC)

    def last_due(self, now: datetime) -> date:
        """The last day whose turn has come."""
        day = now.astimezone(self._zone).date()
        return day if self.moment(day) <= now else day - timedelta(days=1)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next turn from `now` on, and never again that of a day that had its turn."""
        day = now.astimezone(self._zone).date() - timedelta(days=1)
        if previous_fire_time is not None:
            day = max(day, self.last_due(previous_fire_time) + timedelta(days=1))
        while self.moment(day) < now:
            day += timedelta(days=1)
        return self.moment(day)


class Scheduler:
    """The desk's timetable, on threads of its own.

    A daily job is called with the local day whose turn it is, and must do nothing for a day that it was
    called for before: after a restart the turn that may have been missed is called again, once.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        timezone: ZoneInfo,
        on_failure: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self._clock = clock
        self._zone = timezone
        self._on_failure = on_failure
        self._scheduler = BackgroundScheduler(
            timezone=timezone,
            executors={"default": ThreadPoolExecutor(JOBS_AT_ONCE_MAX)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        self._scheduler.add_job(_look_up, IntervalTrigger(seconds=LOOK_UP_INTERVAL_S), id="look up")

    def daily(
        self,
        name: str,
        at: str,
        job: Callable[[date], None],
        *,
        catch_up_s: int = 6 * 3600,
        missed: Callable[[date], bool] = lambda _: False,
    ) -> None:
        """Call a job each day at a local time "HH:MM", and again a while later if it fails.

        The last turn is made up for at once if it was at most `catch_up_s` ago: the bot may have been down.
        If it is longer ago and was `missed`, that counts as a failure, which is told.
        """
        found = HOUR.fullmatch(at)
        if not found:
            raise ValueError(f"{at!r} is no hour of the day; write it as 07:30")
        trigger = DailyTrigger(time(int(found[1]), int(found[2])), self._zone)

        owed: list[Callable[[], None]] = []

        def attempt(act: Callable[[], None]) -> None:
            try:
                act()
            except Exception:
                owed.append(act)
                raise

        def report(day: date) -> None:
            if self._clock() - trigger.moment(day) <= timedelta(seconds=catch_up_s):
                job(day)

        def too_late() -> None:
            if missed(due) and self._on_failure is not None:
                self._on_failure(name, TurnMissed(day=due))

        def turn() -> None:
            day = trigger.last_due(self._clock() + CLOCKS_APART_MAX)
            attempt(lambda: report(day))

        def again() -> None:
            while owed:
                attempt(owed.pop(0))

        now = self._clock()
        due = trigger.last_due(now)
        makes_up = now - trigger.moment(due) <= timedelta(seconds=catch_up_s)
        if not makes_up:
            owed.append(too_late)
        first = now if makes_up else trigger.get_next_fire_time(None, now)
        self._scheduler.add_job(turn, trigger, id=name, next_run_time=first)
        interval = IntervalTrigger(seconds=AGAIN_AFTER_S)
        self._scheduler.add_job(again, interval, id=f"{name}{AGAIN}", next_run_time=now)

    def every(self, name: str, interval_s: float, job: Callable[[], None]) -> None:
        """Call a job again and again; a turn that comes while the last one still runs is left out."""
        self._scheduler.add_job(job, IntervalTrigger(seconds=interval_s), id=name)

    def next_turn(self, name: str) -> datetime | None:
        """When a job comes next, in UTC."""
        job = self._scheduler.get_job(name)
        turn = getattr(job, "next_run_time", None)
        return turn.astimezone(UTC) if turn else None

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End, once the jobs under way are done."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _failed(self, event: JobExecutionEvent) -> None:
        log.error("The scheduled job %s failed: %r", event.job_id, event.exception)
        if self._on_failure is not None:
            self._on_failure(event.job_id.removesuffix(AGAIN), event.exception)


def _look_up(*_: Any) -> None:
    """Nothing: waking up to look at the clock is all."""
