"""The outbox's rows as its senders see them: which are due, who has claimed them, what became of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot import faces
from bot.outbox import FAILED, HOME_FOLLOWS_FOR, SENT, WAITING, MessageKind
from bot.tables import CardRow, FaceRow, HomeRow, OutboxRow

# So many of a channel are looked at: a line whose card is still to come lets others of its channel pass.
HEADS_MAX = 50
KEPT_FOR, FACES_KEPT_FOR = timedelta(days=7), timedelta(days=30)
TIDY_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card hangs or will hang."""

    channel: str
    ts: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One outbox row as a sender needs it; `attempts` counts this one."""

    id: int
    key: str
    kind: MessageKind
    lane: str
    urgency: int
    subject: str | None
    target: Mapping[str, Any]
    body: Mapping[str, Any]
    attempts: int
    created_at: datetime
    card: Place | None

    @classmethod
    def of(cls, row: OutboxRow, card: Place | None) -> "Message":
        """The row as it is claimed."""
        return cls(
            id=row.id or 0,
            key=row.key,
            kind=MessageKind(row.kind),
            lane=row.lane,
            urgency=row.urgency,
            subject=row.subject,
            target=row.target,
            body=row.body,
            attempts=row.attempts + 1,
            created_at=row.created_at,
            card=card,
        )

    @property
    def is_repeat(self) -> bool:
        """Whether an earlier try may have reached Slack."""
        return self.attempts > 1


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands now; nowhere for an answer that only one person sees."""

    channel: str | None = None
    ts: str | None = None


class Readable(Protocol):
    """What is needed of a database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A session that holds the write lock and commits at the end."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one moment."""
        ...


class Queue:
    """The waiting rows of one database."""

    def __init__(self, database: Readable, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._tidied_at: datetime | None = None

    def claim(self, busy: set[str], may_go: Callable[[Message], bool]) -> list[Message]:
        """The next message of each channel that is not busy; the claim makes a later try a repeat.

        `may_go` is asked once for each, in the order of urgency; who may not go keeps its place.
        """
        with self._database.reading() as session:
            picked = self._due(session, self._clock(), busy, may_go)
        if picked:
            with self._database.transaction() as session:
                session.connection().execute(
                    update(OutboxRow)
                    .where(col(OutboxRow.id).in_([message.id for message in picked]))
                    .values(attempts=OutboxRow.attempts + 1)
                )
        return picked

    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        with self._database.reading() as session:
            count = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == WAITING)
            return int(session.exec(count).one())

    def shows(self, subject: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Note what a subject is about to look like, before anybody can press anything on it."""
        if subject.partition(":")[0] in faces.FACED:
            with self._database.transaction() as session:
                faces.shows(session, subject, faces.face(blocks), self._clock())

    def sent(self, message: Message, sent: Sent) -> None:
        """Note where a message stands; a card's place is where the next drawing goes."""
        now = self._clock()
        values: dict[str, Any] = {"state": SENT, "sent_at": now, "error": None}
        values |= {"channel": sent.channel, "ts": sent.ts}
        if message.kind is MessageKind.REPLY:
            values["target"] = {"account": message.target["account"]}  # the address to answer at is spent
        with self._database.transaction() as session:
            connection = session.connection()
            connection.execute(update(OutboxRow).where(col(OutboxRow.id) == message.id).values(**values))
            if message.subject and sent.ts:
                connection.execute(
                    update(CardRow)
                    .where(col(CardRow.subject) == message.subject)
                    .values(channel=sent.channel, ts=sent.ts, drawn_at=now)
                )

    def postponed(self, message: Message, until: datetime, reason: str) -> None:
        """Note that a message goes out again later."""
        self._update(message, next_at=until, error=reason)

    def failed(self, message: Message, reason: str) -> None:
        """Note that a message will never go out."""
        self._update(message, state=FAILED, error=reason, sent_at=self._clock())

    def tidy(self) -> None:
        """Drop what was delivered long ago, and Home tabs nobody follows; once an hour is enough."""
        now = self._clock()
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        with self._database.transaction() as session:
            connection = session.connection()
            connection.execute(
                delete(OutboxRow).where(col(OutboxRow.state) == SENT, col(OutboxRow.sent_at) < now - KEPT_FOR)
            )
            connection.execute(delete(FaceRow).where(col(FaceRow.at) < now - FACES_KEPT_FOR))
            connection.execute(delete(HomeRow).where(col(HomeRow.opened_at) <= now - HOME_FOLLOWS_FOR))
        self._tidied_at = now

    def _update(self, message: Message, **values: Any) -> None:
        with self._database.transaction() as session:
            session.connection().execute(
                update(OutboxRow).where(col(OutboxRow.id) == message.id).values(**values)
            )

    def _due(
        self,
        session: Session,
        now: datetime,
        busy: set[str],
        may_go: Callable[[Message], bool],
    ) -> list[Message]:
        taken: set[str] = set()
        picked: list[Message] = []
        for row in session.exec(_heads(busy)):
            if row.lane in taken:
                continue
            card, ready = self._place(session, row)
            if not ready:
                continue  # its card is still to come, and may stand behind it
            taken.add(row.lane)
            if row.next_at <= now and may_go(message := Message.of(row, card)):
                picked.append(message)
        return picked

    def _place(self, session: Session, row: OutboxRow) -> tuple[Place | None, bool]:
        """The card that a row draws, hangs under or leads to, and whether the row can go now."""
        subject = row.subject or row.target.get("thread_of") or row.target.get("about")
        card = session.get(CardRow, subject) if subject else None
        place = Place(card.channel, card.ts, card.created_at) if card else None
        if row.subject or place is None or place.ts:
            return place, True
        coming = session.exec(
            select(OutboxRow).where(OutboxRow.subject == subject, OutboxRow.state == WAITING)
        ).first()
        return place, coming is None


def _heads(busy: set[str]) -> SelectOfScalar[OutboxRow]:
    """The first waiting rows of each channel that is not busy; no channel's crowd hides another's."""
    order = (col(OutboxRow.urgency), col(OutboxRow.id))
    place = func.row_number().over(partition_by=col(OutboxRow.lane), order_by=order)
    waiting = select(col(OutboxRow.id), place.label("place")).where(
        OutboxRow.state == WAITING, col(OutboxRow.lane).not_in(busy)
    )
    ranked = waiting.subquery()
    return (
        select(OutboxRow)
        .join(ranked, col(OutboxRow.id) == ranked.c.id)
        .where(ranked.c.place <= HEADS_MAX)
        .order_by(*order)
    )
