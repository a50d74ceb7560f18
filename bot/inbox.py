"""Clicks and commands, saved before they are acknowledged to Slack.

One thread writes; whatever has arrived while the disk was busy goes into the next transaction together,
so that the price of a full sync is shared.
"""

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, Dialect, Update, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from bot.errors import DatabaseUnavailable
from bot.payloads import Delivery, Kind, kept
from bot.tables import InboxRow

log = logging.getLogger(__name__)

# Plain statements: the rows of a batch need nothing of the ORM, and every reply waits for them.
_INBOX = SQLModel.metadata.tables[str(InboxRow.__tablename__)]
_WRITTEN = ("key", "kind", "account", "trigger", "received_at", "body", "state", "attempts")

RECEIVED, DONE, FAILED = "received", "done", "failed"
ATTEMPTS_MAX = 3
BATCH_MAX = 200
GATHER_STEP_S, GATHER_MAX_S = 0.0005, 0.004
QUIET_AFTER_S = 0.005
# A finished row may be noted this much later; after a crash in between it runs again as redelivered.
COMPANY_S = 0.05
# What was not marked for want of a database is marked this much later, or with whatever comes before.
MARK_AGAIN_S = 1.0
# What is older when a bot starts is not carried out any more: the desk is another by then.
RUN_WITHIN = timedelta(minutes=15)
KEPT_FOR = timedelta(hours=24)
TIDY_EVERY = timedelta(hours=1)


class Transactions(Protocol):
    """What is needed of a database."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection that holds the write lock and commits at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """One row that is on disk and waits for its listener, or is given up; `late` because of its age."""

    key: str
    kind: Kind
    account: str
    payload: dict[str, Any] = field(repr=False)
    attempts: int = 0
    redelivered: bool = False
    received_at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a delivery is new; if not, what the first one was answered with (None: not yet)."""

    new: bool
    reply: str | None = None
    trigger: str = ""


Told = Callable[[Acceptance | Exception], None]


@dataclass(frozen=True, slots=True)
class _Accept:
    delivery: Delivery
    body: str
    payload: dict[str, Any]
    told: Told
    urgent: ClassVar[bool] = True

    def row(self, now: datetime) -> dict[str, Any]:
        """What is written of it."""
        return {
            "key": self.delivery.key,
            "kind": self.delivery.kind.value,
            "account": self.delivery.account,
            "trigger": self.delivery.trigger,
            "received_at": now,
            "body": self.body,
            "state": RECEIVED,
            "attempts": 0,
        }


@dataclass(frozen=True, slots=True)
class _Mark:
    key: str
    values: dict[str, Any]
    saved: "Future[None]"
    urgent: bool = False


class _Stop:
    """The last thing the writer reads."""

    urgent = True


def _by_columns(marks: Sequence[_Mark]) -> list[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Marks that set the same columns go to the database as one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for mark in marks:
        groups.setdefault(tuple(mark.values), []).append({"of_key": mark.key, **mark.values})
    return list(groups.items())


def _update(columns: tuple[str, ...]) -> Update:
    marked = update(_INBOX).where(_INBOX.c.key == bindparam("of_key"))
    return marked.values({column: bindparam(column) for column in columns})


@cache
def _prepared(dialect: Dialect) -> tuple[str, list[str] | None, Callable[[datetime], Any]]:
    """The insert as its driver takes it, the order of its values (None: by name), how a time is written."""
    compiled = insert(_INBOX).inline().compile(dialect=dialect, column_keys=_WRITTEN)
    written = _INBOX.c.received_at.type.dialect_impl(dialect).bind_processor(dialect)
    return str(compiled), compiled.positiontup, written or (lambda moment: moment)


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert without asking each value how it is to be written, which took as long as the writing."""
    sql, order, written = _prepared(connection.dialect)
    received_at = written(rows[0]["received_at"])  # a batch is received at one time
    named = [{**row, "received_at": received_at} for row in rows]
    connection.exec_driver_sql(sql, [tuple(map(row.get, order)) for row in named] if order else named)


class Inbox:
    """The one writer of the inbox table; `on_saved` hears of each new row once it is on disk."""

    def __init__(
        self,
        database: Transactions,
        clock: Callable[[], datetime],
        on_saved: Callable[[Sequence[Saved]], None] = lambda _rows: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self.on_saved = on_saved
        self._queue: SimpleQueue[_Accept | _Mark | _Stop] = SimpleQueue()
        self._writer = Thread(target=self._write, name="inbox-writer", daemon=True)
        self._crowd = 0
        self._quiet = Event()
        self._quiet.set()
        self._tidied_at: datetime | None = None
        self._unmarked: list[_Mark] = []

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def stop(self, timeout_s: float = 10) -> None:
        """Write what has been taken so far, then end."""
        self._queue.put(_Stop())
        self._writer.join(timeout_s)

    def accept(self, delivery: Delivery) -> "Future[Acceptance]":
        """Save a delivery under its key; the future is resolved once it is on disk, or fails."""
        saved: Future[Acceptance] = Future()
        self.save(
            delivery,
            lambda outcome: (
                saved.set_exception(outcome) if isinstance(outcome, Exception) else saved.set_result(outcome)
            ),
        )
        return saved

    def save(self, delivery: Delivery, told: Told) -> None:
        """The same without a future, which costs as much as all else here: for what Slack waits for.

        `told` is called from the writer's thread, so it must not wait.
        """
        payload = kept(delivery.payload)
        self._quiet.clear()
        self._queue.put(_Accept(delivery, json.dumps(payload), payload, told))

    def done(self, key: str) -> "Future[None]":
        """Note that the row's listener has finished."""
        return self._mark(key, {"state": DONE, "done_at": self._clock()})

    def tried(self, key: str, attempts: int) -> "Future[None]":
        """Note that the row's listener has failed and will run again."""
        return self._mark(key, {"attempts": attempts})

    def failed(self, key: str, attempts: int) -> "Future[None]":
        """Note that the row's listener has failed for good."""
        return self._mark(key, {"state": FAILED, "attempts": attempts, "done_at": self._clock()})

    def answered(self, key: str, reply: str, trigger: str) -> "Future[None]":
        """Keep what a form was answered with, for the case that the same submission comes again."""
        return self._mark(key, {"state": DONE, "done_at": self._clock(), "reply": reply, "trigger": trigger})

    def pending(self) -> tuple[list[Saved], list[Saved]]:
        """The rows that a former process left unfinished: those to run again, and those given up.

        A row whose listener has ended the process three times is given up, and so is one that is too old.
        Those given up stay so until they are marked as failed, which follows once the person is told. Forms
        are left out: their factors are not kept, the person has been told by Slack, and a repeated
        submission runs anew.
        """
        now = self._clock()
        again: list[Saved] = []
        given_up: list[Saved] = []
        with self._database.writing() as connection:
            unfinished = (_INBOX.c.state == RECEIVED) & (_INBOX.c.kind != Kind.VIEW.value)
            connection.execute(update(_INBOX).where(unfinished).values(attempts=_INBOX.c.attempts + 1))
            for row in connection.execute(select(_INBOX).where(unfinished).order_by(_INBOX.c.id)):
                saved = Saved(
                    row.key,
                    Kind(row.kind),
                    row.account,
                    json.loads(row.body),
                    row.attempts,
                    redelivered=True,
                    received_at=row.received_at,
                    late=now - row.received_at > RUN_WITHIN,
                )
                (given_up if saved.late or row.attempts >= ATTEMPTS_MAX else again).append(saved)
        return again, given_up

    def await_quiet(self, timeout_s: float) -> bool:
        """Wait until no delivery has been waiting for its sync for a moment; gives whether that is so."""
        return self._quiet.wait(timeout_s)

    def _mark(self, key: str, values: dict[str, Any], *, urgent: bool = False) -> "Future[None]":
        saved: Future[None] = Future()
        self._queue.put(_Mark(key, values, saved, urgent))
        return saved

    def _write(self) -> None:
        running = True
        while running:
            batch = self._collect()
            running = not (batch and isinstance(batch[-1], _Stop))
            self._unmarked, again = [], self._unmarked
            work = [*again, *(item for item in batch if not isinstance(item, _Stop))]
            self._crowd = max(sum(isinstance(item, _Accept) for item in work), self._crowd - 1)
            if work:
                self._commit(work)

    def _collect(self) -> "list[_Accept | _Mark | _Stop]":
        """Everything for the next transaction; what nobody waits for waits a moment for company."""
        first = self._first()
        if first is None:
            return []
        batch = [first]
        deadline = monotonic() + COMPANY_S
        while not batch[-1].urgent:
            try:
                batch.append(self._queue.get(timeout=max(0.0, deadline - monotonic())))
            except Empty:
                break
        if self._crowd > 1:
            self._gather()
        while len(batch) < BATCH_MAX and not isinstance(batch[-1], _Stop):
            try:
                batch.append(self._queue.get_nowait())
            except Empty:
                break
        return batch

    def _first(self) -> "_Accept | _Mark | _Stop | None":
        """The next item; None when it is time to mark again what could not be marked."""
        if not self._quiet.is_set():
            try:
                return self._queue.get(timeout=QUIET_AFTER_S)
            except Empty:
                self._quiet.set()
        try:
            return self._queue.get(timeout=MARK_AGAIN_S if self._unmarked else None)
        except Empty:
            return None

    def _gather(self) -> None:
        """Wait a moment for as many as have come together lately: one sync then serves them all."""
        deadline = monotonic() + GATHER_MAX_S
        while self._queue.qsize() < self._crowd - 1 and monotonic() < deadline:
            sleep(GATHER_STEP_S)

    def _commit(self, batch: Sequence[_Accept | _Mark]) -> None:
        accepts = [item for item in batch if isinstance(item, _Accept)]
        marks = [item for item in batch if isinstance(item, _Mark)]
        try:
            try:
                outcomes = self._save(accepts, marks, known={})
            except IntegrityError:  # some key has come before: the seldom case pays for the look
                outcomes = self._save(accepts, marks, known=self._known(accepts))
        except Exception as error:
            log.exception("inbox: a batch of %d was not saved", len(batch))
            for mark in marks:
                mark.saved.set_exception(error)
            for item in accepts:
                self._say(item, error)
            if isinstance(error, OSError | DatabaseUnavailable):  # nothing is wrong with the marks themselves
                self._unmarked = [replace(mark, saved=Future()) for mark in marks]
            return
        self._tell(batch, outcomes)

    def _known(self, items: Sequence[_Accept]) -> dict[str, Acceptance]:
        keys = [item.delivery.key for item in items]
        with self._database.writing() as connection:
            found = connection.execute(
                select(_INBOX.c.key, _INBOX.c.reply, _INBOX.c.trigger).where(_INBOX.c.key.in_(keys))
            )
            return {key: Acceptance(False, reply, trigger) for key, reply, trigger in found}

    def _save(
        self, accepts: Sequence[_Accept], marks: Sequence[_Mark], known: dict[str, Acceptance]
    ) -> dict[int, Acceptance]:
        """Write all of it in one transaction; IntegrityError means that a key is there and was not known."""
        now = self._clock()
        outcomes: dict[int, Acceptance] = {}
        rows: list[dict[str, Any]] = []
        for item in accepts:
            earlier = known.get(item.delivery.key)
            outcomes[id(item)] = earlier or Acceptance(new=True)
            if earlier is None:
                known[item.delivery.key] = Acceptance(new=False)
                rows.append(item.row(now))
        with self._database.writing() as connection:
            if rows:
                _insert(connection, rows)
            for columns, group in _by_columns(marks):
                connection.execute(_update(columns), group)
            self._tidy(connection)
        return outcomes

    def _tidy(self, connection: Connection) -> None:
        now = self._clock()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        connection.execute(
            delete(_INBOX).where(
                _INBOX.c.received_at < now - KEPT_FOR,
                (_INBOX.c.state != RECEIVED) | (_INBOX.c.kind == Kind.VIEW.value),
            )
        )
        self._tidied_at = now

    def _tell(self, batch: Sequence[_Accept | _Mark], outcomes: dict[int, Acceptance]) -> None:
        fresh: list[Saved] = []
        for item in batch:
            if isinstance(item, _Mark):
                item.saved.set_result(None)
                continue
            outcome = outcomes[id(item)]
            if outcome.new and item.delivery.kind is not Kind.VIEW:
                fresh.append(
                    Saved(item.delivery.key, item.delivery.kind, item.delivery.account, item.payload)
                )
            self._say(item, outcome)
        if fresh:
            self.on_saved(fresh)

    def _say(self, item: _Accept, outcome: Acceptance | Exception) -> None:
        try:
            item.told(outcome)
        except Exception:  # one that cannot be answered must not keep the others from being saved
            log.exception("inbox: nobody could be told of %s", item.delivery.key)
