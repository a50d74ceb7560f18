"""The record in the database: rows are added and never changed, and walked without the ORM."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from approvals.audit import Entry, Head
from approvals.events import Recordable
from approvals.payload import canonical, time_text
from approvals.rows import ENTRY, ENTRY_FIELDS, entry_values
from approvals.verify import Row, Verdict, verify

BATCH, HANDFUL = 2_000, 100
TIME_SHAPE = "____-__-__T__:__:__.______Z"

# Made once: each vote adds a row, and making a statement costs as much as running it.
_ADD = ENTRY.insert()
_HEAD = select(ENTRY.c.sequence, ENTRY.c.hash).order_by(ENTRY.c.sequence.desc()).limit(1)


class AuditStore:
    """The record; rows are added and never changed. The caller's transaction holds the write lock."""

    def __init__(self, session: Session, key: bytes) -> None:
        self._session = session
        self._key = key

    def append(self, kind: str, actor: str, subject: str, body: object, at: datetime) -> Entry:
        """Add one row to the chain."""
        entry = Entry.following(
            self.head(), at=at, kind=kind, actor=actor, subject=subject, body=body, key=self._key
        )
        self._session.connection().execute(_ADD, entry_values(entry))
        return entry

    def record(self, event: Recordable, at: datetime) -> Entry:
        """Add the row of an event."""
        return self.append(event.kind, event.actor, event.subject, event.body(), at)

    def head(self) -> Head | None:
        """The newest row; None while the record is empty."""
        row = self._session.connection().execute(_HEAD).first()
        return None if row is None else Head(row.sequence, row.hash)

    def recent(self, count_max: int) -> list[Entry]:
        """List the newest rows, newest first."""
        query = select(*ENTRY_FIELDS).order_by(ENTRY.c.sequence.desc()).limit(count_max)
        return [Entry(*row) for row in self._session.connection().execute(query)]

    def highest_time(self) -> datetime | None:
        """The latest time of any row; None while the record is empty.

        It walks the whole record, and asks no index. A damaged row, whose text is no time, is passed over:
        by it nothing could be halted any more, and verifying tells of it.
        """
        latest = select(func.max(ENTRY.c.at)).where(ENTRY.c.at.like(TIME_SHAPE))
        text = self._session.connection().execute(latest).scalar_one()
        try:
            return None if text is None else datetime.fromisoformat(text)
        except ValueError:
            return None

    def newest(self, kind: str, subject: str) -> Entry | None:
        """The newest row of a kind about one thing."""
        query = select(*ENTRY_FIELDS).where(ENTRY.c.kind == kind, ENTRY.c.subject == subject)
        row = self._session.connection().execute(query.order_by(ENTRY.c.sequence.desc()).limit(1)).first()
        return None if row is None else Entry(*row)

    def of_kind(self, kind: str) -> list[Entry]:
        """Every row of a kind, oldest first: for kinds that are rare."""
        query = select(*ENTRY_FIELDS).where(ENTRY.c.kind == kind).order_by(ENTRY.c.sequence)
        return [Entry(*row) for row in self._session.connection().execute(query)]

    def caused(self, kind: str, cause: str) -> list[Entry]:
        """The rows of a kind whose body names this `cause`, oldest first: what one act has done already."""
        named = canonical({"cause": cause})[1:-1]
        query = select(*ENTRY_FIELDS).where(
            ENTRY.c.kind == kind, ENTRY.c.body_text.contains(named, autoescape=True)
        )
        rows = self._session.connection().execute(query.order_by(ENTRY.c.sequence))
        return [entry for row in rows if (entry := Entry(*row)).body.get("cause") == cause]

    def since(self, kind: str, at: datetime) -> list[Entry]:
        """The rows of a kind from a time on, oldest first."""
        query = select(*ENTRY_FIELDS).where(ENTRY.c.kind == kind, ENTRY.c.at >= time_text(at))
        return [Entry(*row) for row in self._session.connection().execute(query.order_by(ENTRY.c.sequence))]

    def at(self, sequence: int) -> Head | None:
        """The row of this number, as the head that it once was."""
        query = select(ENTRY.c.sequence, ENTRY.c.hash).where(ENTRY.c.sequence == sequence)
        row = self._session.connection().execute(query).first()
        return None if row is None else Head(row.sequence, row.hash)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Walk the rows after a sequence, oldest first, without holding all of them in memory."""
        return (Entry(*row) for row in self.rows(after))

    def rows(self, after: int = 0, walked: Callable[[int], None] = lambda count: None) -> Iterator[Row]:
        """The same as plain tuples; `walked` hears how many came with each batch."""
        query = select(*ENTRY_FIELDS).order_by(ENTRY.c.sequence).limit(BATCH)
        while True:
            found = self._session.connection().execute(query.where(ENTRY.c.sequence > after))
            count, cursor = 0, found.cursor
            # What is stored needs no conversion, so the driver's own tuples are taken, some at a time.
            while cursor is not None and (rows := cursor.fetchmany(HANDFUL)):
                yield from rows
                count += len(rows)
                after = rows[-1][0]
            found.close()
            walked(count)
            if count < BATCH:
                return

    def verify(
        self, anchors: Sequence[Head] = (), walked: Callable[[int], None] = lambda count: None
    ) -> Verdict:
        """Follow the whole chain, with the key."""
        return verify(self.rows(walked=walked), self._key, anchors)
