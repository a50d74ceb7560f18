"""The record: a chain of rows, each with the hash of the one before, that anybody can verify offline."""

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from approvals.errors import EntryUnusable
from approvals.payload import canonical, parsed, time_text

GENESIS = "0" * 64
SEPARATOR = "\n"  # canonical text and printable fields never hold it, so seven fields join in one way only
FIELD_LENGTH_MAX = 120
FIELDS = ("sequence", "at", "kind", "actor", "subject", "body_text", "previous_hash", "hash", "mac")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row at some moment, as it is anchored outside the database."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash[:12]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the record, in the very text that was hashed; `at` is UTC."""

    sequence: int
    at: str
    kind: str
    actor: str
    subject: str
    body_text: str
    previous_hash: str
    hash: str
    mac: str

    @classmethod
    def following(
        cls, head: Head | None, *, at: datetime, kind: str, actor: str, subject: str, body: object, key: bytes
    ) -> Self:
        """Make the row that comes after this head; the key signs its hash."""
        sequence, previous = (head.sequence + 1, head.hash) if head else (1, GENESIS)
        for field, text in (("kind", kind), ("actor", actor), ("subject", subject)):
            if not text.isprintable() or len(text) > FIELD_LENGTH_MAX:
                why = f"it must be one line of at most {FIELD_LENGTH_MAX} printable characters"
                raise EntryUnusable(field=field, why=why)
        stored = (time_text(at), kind, actor, subject, canonical(body), previous)
        own = chain_hash(sequence, *stored)
        return cls(sequence, *stored, hash=own, mac=sign(own, key))

    @property
    def time(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.at)

    @property
    def body(self) -> Any:
        """What happened, read from the stored text."""
        return parsed(self.body_text)

    @property
    def head(self) -> Head:
        """This row as the end of the chain."""
        return Head(self.sequence, self.hash)

    def signed_with(self, key: bytes) -> bool:
        """Whether this key has signed the row."""
        return _is_text(self) and hmac.compare_digest(_bytes(self.mac), sign(self.hash, key).encode())

    def as_line(self) -> str:
        """Write it as one line of the export, JSON."""
        return canonical(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line of the export; raises EntryUnusable."""
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise EntryUnusable(field="line", why="it is not JSON") from error
        if not isinstance(fields, dict) or set(fields) != set(FIELDS):
            raise EntryUnusable(field="line", why=f"it must have exactly the fields {', '.join(FIELDS)}")
        for name, value in fields.items():
            if type(value) is not (int if name == "sequence" else str):
                raise EntryUnusable(field=name, why="it is of the wrong type")
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how many rows, the newest, and the first row that is bad."""

    rows: int
    head: Head | None
    ok: bool
    first_bad: int | None
    why: str


def chain_hash(
    sequence: int, at: str, kind: str, actor: str, subject: str, body_text: str, previous_hash: str
) -> str:
    """Hash the stored text of a row together with the hash of the row before."""
    text = SEPARATOR.join((str(sequence), at, kind, actor, subject, body_text, previous_hash))
    return sha256(_bytes(text)).hexdigest()


def sign(row_hash: str, key: bytes) -> str:
    """Sign a row's hash, so that a chain made without the key is seen: HMAC-SHA256, in hex."""
    if not key:
        raise EntryUnusable(field="mac", why="the key that signs the record is empty")
    return hmac.digest(key, row_hash.encode(), "sha256").hex()


def verify(entries: Iterable[Entry], key: bytes | None, anchor: Head | None = None) -> Verdict:
    """Follow the chain from its first row; without a key only the hashes are checked.

    An anchor is a head noted elsewhere: a chain that does not contain it was cut off or made anew.
    """
    rows, head, first_bad, why = 0, None, None, ""
    for entry in entries:
        rows += 1
        if first_bad is None and (fault := _fault(entry, head, key, anchor)):
            first_bad, why = rows, fault
        head = entry.head
    if first_bad is None and anchor is not None and (head is None or head.sequence < anchor.sequence):
        first_bad, why = (
            rows + 1,
            f"the chain ends before row {anchor.sequence}, which was anchored elsewhere",
        )
    return Verdict(rows, head, first_bad is None, first_bad, why)


def verify_export(lines: Iterable[str], key: bytes | None, anchor: Head | None = None) -> Verdict:
    """Verify an exported file, line by line; a line that cannot be read is the first bad row."""
    stopped: list[EntryUnusable] = []

    def readable() -> Iterator[Entry]:
        for line in lines:
            try:
                yield Entry.parse(line)
            except EntryUnusable as error:
                stopped.append(error)
                return

    verdict = verify(readable(), key, None if stopped else anchor)
    if stopped and verdict.ok:
        return Verdict(verdict.rows, verdict.head, False, verdict.rows + 1, str(stopped[0]))
    return verdict


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a damaged row may hold anything, and still gets a verdict


def _is_text(entry: Entry) -> bool:
    """Whether every field is of its type; a database that somebody edited may hold bytes or nothing."""
    return all(type(getattr(entry, name)) is (int if name == "sequence" else str) for name in FIELDS)


def _fault(entry: Entry, head: Head | None, key: bytes | None, anchor: Head | None) -> str:
    """What is wrong with this row after that head; empty if nothing is."""
    if not _is_text(entry):
        return f"row {entry.sequence} holds something that is no text"
    if entry.sequence != (head.sequence + 1 if head else 1):
        return f"row {entry.sequence} stands where row {head.sequence + 1 if head else 1} should"
    if entry.previous_hash != (head.hash if head else GENESIS):
        return f"row {entry.sequence} does not follow the row before it"
    texts = (entry.at, entry.kind, entry.actor, entry.subject, entry.body_text, entry.previous_hash)
    if entry.hash != chain_hash(entry.sequence, *texts):
        return f"row {entry.sequence} was changed after it was written"
    if key is not None and not entry.signed_with(key):
        return f"row {entry.sequence} was not signed with this key"
    if anchor is not None and anchor.sequence == entry.sequence and anchor.hash != entry.hash:
        return f"row {entry.sequence} is not the one that was anchored elsewhere"
    return ""
