"""The record: a chain of rows, each with the hash of the one before and a signature.

How it is verified, with or without the database, stands in `verify.py`.
"""

import hmac
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from approvals.errors import EntryUnusable
from approvals.payload import canonical, parsed, time_text

GENESIS = "0" * 64
SEPARATOR = "\n"  # canonical text and printable fields never hold it, so seven fields join in one way only
FIELD_LENGTH_MAX = 120
HASH_BEGINNING = re.compile(r"[0-9a-f]{12,64}")
FIELDS = ("sequence", "at", "kind", "actor", "subject", "body_text", "previous_hash", "hash", "mac")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row at some moment, as it is anchored outside the database."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash[:12]}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote, with as much of the hash as is there; raises EntryUnusable."""
        sequence, _, beginning = text.strip().partition(":")
        if not sequence.isascii() or not sequence.isdigit() or not HASH_BEGINNING.fullmatch(beginning):
            raise EntryUnusable(field="head", why="write it as it stands in the report, 214:9f1c0d2e3b4a")
        return cls(int(sequence), beginning)


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
        return cls(sequence, *stored, hash=own, mac=Signer(key)(own))

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
        if not type(self.hash) is type(self.mac) is str:
            return False  # a database that somebody edited may hold bytes or nothing
        return hmac.compare_digest(as_bytes(self.mac), Signer(key)(self.hash).encode())

    def as_line(self) -> str:
        """Write it as one line of the export, JSON."""
        return canonical(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one line of the export; raises EntryUnusable."""
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EntryUnusable(field="line", why="it is not JSON") from error
        if not isinstance(fields, dict) or set(fields) != set(FIELDS):
            raise EntryUnusable(field="line", why=f"it must have exactly the fields {', '.join(FIELDS)}")
        for name, value in fields.items():
            if type(value) is not (int if name == "sequence" else str):
                raise EntryUnusable(field=name, why="it is of the wrong type")
        return cls(**fields)


def chain_hash(
    sequence: int, at: str, kind: str, actor: str, subject: str, body_text: str, previous_hash: str
) -> str:
    """Hash the stored text of a row together with the hash of the row before."""
    text = SEPARATOR.join((str(sequence), at, kind, actor, subject, body_text, previous_hash))
    return sha256(as_bytes(text)).hexdigest()


class Signer:
    """Signs hashes with one key, so that a chain made without it is seen: HMAC-SHA256, in hex.

    The key is taken in once for all rows: a call of `hmac.digest` would do it for each.
    """

    def __init__(self, key: bytes) -> None:
        if not key:
            raise EntryUnusable(field="mac", why="the key that signs the record is empty")
        self._keyed = hmac.new(key, digestmod="sha256")

    def __call__(self, text: str) -> str:
        """Sign a text."""
        signed = self._keyed.copy()
        signed.update(as_bytes(text))
        return signed.hexdigest()


def as_bytes(text: str) -> bytes:
    """The bytes that are hashed; a damaged row may hold anything, and still gets a verdict."""
    return text.encode("utf-8", "surrogatepass")
