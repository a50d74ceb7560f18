"""The record in the database: rows are added and never changed, and walked without the ORM."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from approvals.audit import Entry, Head, Verdict, verify
from approvals.events import Recordable
from approvals.payload import canonical
from approvals.rows import ENTRY, ENTRY_FIELDS, entry_values

BATCH = 1_000


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
        self._session.connection().execute(ENTRY.insert().values(entry_values(entry)))
        return entry

    def record(self, event: Recordable, at: datetime) -> Entry:
        """Add the row of an event."""
        return self.append(event.kind, event.actor, event.subject, event.body(), at)

    def head(self) -> Head | None:
        """The newest row; None while the record is empty."""
        query = select(ENTRY.c.sequence, ENTRY.c.hash).order_by(ENTRY.c.sequence.desc()).limit(1)
        row = self._session.connection().execute(query).first()
        return None if row is None else Head(row.sequence, row.hash)

    def recent(self, count_max: int) -> list[Entry]:
        """List the newest rows, newest first."""
        query = select(*ENTRY_FIELDS).order_by(ENTRY.c.sequence.desc()).limit(count_max)
        return [Entry(*row) for row in self._session.connection().execute(query)]

    def caused(self, kind: str, cause: str) -> list[Entry]:
        """The rows of a kind whose body names this `cause`, oldest first: what one act has done already."""
        named = canonical({"cause": cause})[1:-1]
        query = select(*ENTRY_FIELDS).where(
            ENTRY.c.kind == kind, ENTRY.c.body_text.contains(named, autoescape=True)
        )
        rows = self._session.connection().execute(query.order_by(ENTRY.c.sequence))
        return [entry for row in rows if (entry := Entry(*row)).body.get("cause") == cause]

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Walk the rows after a sequence, oldest first, without holding all of them in memory."""
        while True:
            query = select(*ENTRY_FIELDS).where(ENTRY.c.sequence > after).order_by(ENTRY.c.sequence)
            rows = [Entry(*row) for row in self._session.connection().execute(query.limit(BATCH))]
            yield from rows
            if len(rows) < BATCH:
                return
            after = rows[-1].sequence

    def verify(self, anchor: Head | None = None) -> Verdict:
        """Follow the whole chain, with the key."""
        return verify(self.entries(), self._key, anchor)
