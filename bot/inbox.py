"""Clicks and commands, saved before they are acknowledged to Slack.

One thread writes; whatever has arrived while the disk was busy goes into the next transaction together,
so that the price of a full sync is shared.
"""

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from bot.payloads import Delivery, Kind, kept
from bot.tables import InboxRow

log = logging.getLogger(__name__)

RECEIVED, DONE, FAILED = "received", "done", "failed"
ATTEMPTS_MAX = 3
BATCH_MAX = 200
KEPT_FOR = timedelta(hours=24)
TIDY_EVERY = timedelta(hours=1)


class Transactions(Protocol):
    """What is needed of a database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A session that holds the write lock and commits at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """One row that is on disk and waits for its listener."""

    key: str
    kind: Kind
    account: str
    payload: dict[str, Any]
    attempts: int = 0
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a delivery is new; if not, what the first one was answered with (None: not yet)."""

    new: bool
    reply: str | None = None
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class _Accept:
    delivery: Delivery
    body: str
    payload: dict[str, Any]
    saved: "Future[Acceptance]"


@dataclass(frozen=True, slots=True)
class _Mark:
    key: str
    values: dict[str, Any]
    saved: "Future[None]"


class _Stop:
    """The last thing the writer reads."""


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
        self._tidied_at: datetime | None = None

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
        payload = kept(delivery.payload)
        self._queue.put(_Accept(delivery, json.dumps(payload), payload, saved))
        return saved

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

        A row whose listener has ended the process three times is given up. Forms are left out: their
        factors are not kept, the person has been told by Slack, and a repeated submission runs anew.
        """
        again: list[Saved] = []
        given_up: list[Saved] = []
        with self._database.transaction() as session:
            found = select(InboxRow).where(
                col(InboxRow.state) == RECEIVED, col(InboxRow.kind) != Kind.VIEW.value
            )
            for row in session.scalars(found.order_by(col(InboxRow.id))).all():
                row.attempts += 1
                saved = Saved(
                    row.key, Kind(row.kind), row.account, json.loads(row.body), row.attempts, redelivered=True
                )
                if row.attempts >= ATTEMPTS_MAX:
                    row.state, row.done_at = FAILED, self._clock()
                    given_up.append(saved)
                else:
                    again.append(saved)
        return again, given_up

    def _mark(self, key: str, values: dict[str, Any]) -> "Future[None]":
        saved: Future[None] = Future()
        self._queue.put(_Mark(key, values, saved))
        return saved

    def _write(self) -> None:
        running = True
        while running:
            batch: list[_Accept | _Mark] = []
            item: _Accept | _Mark | _Stop = self._queue.get()
            try:
                while not isinstance(item, _Stop):
                    batch.append(item)
                    if len(batch) >= BATCH_MAX:
                        break
                    item = self._queue.get_nowait()
                running = not isinstance(item, _Stop)
            except Empty:
                pass
            if batch:
                self._commit(batch)

    def _commit(self, batch: Sequence[_Accept | _Mark]) -> None:
        try:
            with self._database.transaction() as session:
                outcomes = self._save(session, [item for item in batch if isinstance(item, _Accept)])
                self._note(session, [item for item in batch if isinstance(item, _Mark)])
                self._tidy(session)
        except Exception as error:
            log.exception("inbox: a batch of %d was not saved", len(batch))
            for item in batch:
                item.saved.set_exception(error)
            return
        self._tell(batch, outcomes)

    def _save(self, session: Session, items: Sequence[_Accept]) -> dict[int, Acceptance]:
        if not items:
            return {}
        columns = (col(InboxRow.key), col(InboxRow.reply), col(InboxRow.trigger))
        known = {
            key: Acceptance(new=False, reply=reply, trigger=trigger)
            for key, reply, trigger in session.execute(
                select(*columns).where(col(InboxRow.key).in_([item.delivery.key for item in items]))
            )
        }
        outcomes: dict[int, Acceptance] = {}
        rows = []
        now = self._clock()
        for item in items:
            key = item.delivery.key
            if key in known:
                outcomes[id(item)] = known[key]
                continue
            outcomes[id(item)] = Acceptance(new=True)
            known[key] = Acceptance(new=False)
            rows.append(
                {
                    "key": key,
                    "kind": item.delivery.kind.value,
                    "account": item.delivery.account,
                    "trigger": item.delivery.trigger,
                    "received_at": now,
                    "body": item.body,
                    "state": RECEIVED,
                    "attempts": 0,
                }
            )
        if rows:
            session.execute(insert(InboxRow), rows)
        return outcomes

    def _note(self, session: Session, items: Sequence[_Mark]) -> None:
        for item in items:
            session.execute(update(InboxRow).where(col(InboxRow.key) == item.key).values(**item.values))

    def _tidy(self, session: Session) -> None:
        now = self._clock()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        session.execute(
            delete(InboxRow).where(
                col(InboxRow.received_at) < now - KEPT_FOR,
                (col(InboxRow.state) != RECEIVED) | (col(InboxRow.kind) == Kind.VIEW.value),
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
            item.saved.set_result(outcome)
        if fresh:
            self.on_saved(fresh)
