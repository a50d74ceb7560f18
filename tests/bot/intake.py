"""The way in, put together from its real parts, with listeners that note what they were given."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from slack_bolt import Ack, App, BoltContext
from slack_sdk import WebClient
from sqlmodel import SQLModel, select

from approvals.person import Account, Person, PersonId, Roster
from bot.database import Database
from bot.dispatch import Dispatcher
from bot.halt_route import HaltOrder, HaltRefused, HaltRoute
from bot.inbox import Inbox, Saved
from bot.ingress import Ingress, Reply, Source
from bot.metrics import Metrics
from bot.slack_app import build_app
from bot.tables import InboxRow
from tests.bot.slack_payloads import OLIVIA, OTTO, TEAM
from trading.killswitch import LatchState

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEADLINE_S = 10.0


Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str) -> Found:
    """Wait until something is so, and give it; fail with `what` if it never is."""
    deadline = time.monotonic() + DEADLINE_S
    while not (value := found()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.005)
    return value


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def passes(self, **span: float) -> None:
        """Let time go by."""
        self.now += timedelta(**span)


Replied = Future[Reply]


class RecordingLatch:
    """Notes when it is engaged, in the order of a shared diary."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary
        self.reasons: list[str] = []

    def engage(self, reason: str, by: str, at: datetime, cause: str = "") -> LatchState:
        """Note it."""
        self.diary.append("latch")
        self.reasons.append(reason)
        return LatchState(True, reason, by, at)


def person(name: str, user: str) -> Person:
    """Somebody on the roster, with one account."""
    return Person(PersonId(name.lower()), name, (Account(TEAM, user),), frozenset())


ROSTER = Roster((person("Otto", OTTO), person("Olivia", OLIVIA)))


@dataclass
class Heard:
    """What a listener was given."""

    what: str
    cause: str
    redelivered: bool
    payload: dict[str, Any]


@dataclass
class Intake:
    """Inbox, dispatcher, halt route and ingress over one database file."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    diary: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    told: list[Saved] = field(default_factory=list)
    halts: list[HaltOrder] = field(default_factory=list)
    refused: list[HaltRefused] = field(default_factory=list)
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    gates: dict[str, Callable[[HaltOrder], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app: App = build_app(WebClient(token="xoxb-test", base_url="http://127.0.0.1:1/api/"))
        self.metrics = Metrics()
        self.latch = RecordingLatch(self.diary)
        self.inbox = Inbox(self.database, self.clock)
        self.dispatcher = Dispatcher(self.app, self.inbox, tell=self.told.append)
        self.inbox.on_saved = self.dispatcher.offer
        self.halt = HaltRoute(
            self.latch,
            lambda: ROSTER,
            self.clock,
            gates=lambda: self.gates,
            on_halt=self._halted,
            on_refused=self.refused.append,
            on_unanswered=lambda call, text: self.unanswered.append((call.account, text)),
        )
        self.ingress = Ingress(self.inbox, self.dispatcher, self.halt, self.metrics)

    def receive(self, source: Source | str, payload: object) -> Replied:
        """Have the ingress take a payload; the answer is waited for with `reply`."""
        replied: Replied = Future()
        self.ingress.receive(source, payload, replied.set_result)
        return replied

    def _halted(self, order: HaltOrder) -> None:
        self.diary.append("database")
        self.halts.append(order)

    def start(self) -> "Intake":
        """Begin to write and to dispatch."""
        self.inbox.start()
        self.dispatcher.start()
        return self

    def stop(self) -> None:
        """End both."""
        self.dispatcher.stop()
        self.inbox.stop()

    def note(self, context: BoltContext, body: dict[str, Any], what: str = "") -> None:
        """Remember what a listener was given."""
        self.heard.append(Heard(what, str(context["cause"]), bool(context["redelivered"]), dict(body)))

    def listens(self, behaviour: Callable[[], object] = lambda: None) -> None:
        """Register a listener for /peak, for every button and for the home that notes, then behaves so."""

        def listener(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
            ack()
            self.note(context, body)
            behaviour()

        self.app.command("/peak")(listener)
        self.app.action("approve")(listener)
        self.app.event("app_home_opened")(listener)

    def rows(self) -> list[InboxRow]:
        """What the table holds."""
        with self.database.reading() as session:
            found = list(session.exec(select(InboxRow)).all())
            session.expunge_all()
            return found

    def states(self) -> list[str]:
        """The states of the rows, in order."""
        return [row.state for row in self.rows()]


def reply(replied: Replied) -> Reply:
    """The reply, waited for."""
    return replied.result(timeout=DEADLINE_S)


def open_database(folder: Path) -> Database:
    """A database file with every table of the bot in it."""
    database = Database(f"sqlite:///{folder / 'peak-ops.db'}")
    with database.connection() as connection:
        SQLModel.metadata.create_all(connection)
    return database


class Gatekeeper:
    """Holds whoever passes until it opens, so that a test can look at what happens meanwhile."""

    def __init__(self) -> None:
        self.arrived = Event()
        self._open = Event()

    def __call__(self) -> None:
        """Arrive, and wait."""
        self.arrived.set()
        self._open.wait(3 * DEADLINE_S)  # longer than a test looks for what must happen meanwhile

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()
