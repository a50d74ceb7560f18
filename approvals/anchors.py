"""Where the record ended at some moment, noted outside the database, so that rows that are cut off show."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from approvals.audit import GENESIS, Head, Signer
from approvals.errors import AnchorUnusable
from approvals.payload import canonical, time_text

_TYPES = {"at": str, "sequence": int, "hash": str, "why": str, "mac": str}
# The record goes on from an earlier row: what was anchored behind it belongs to a database that is gone.
RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One note of the head, signed; `at` is UTC. A record without rows has the head of row 0."""

    at: str
    sequence: int
    hash: str
    why: str
    mac: str

    @classmethod
    def of(cls, head: Head | None, why: str, at: datetime, key: bytes) -> Self:
        """Note this head now."""
        sequence, own = (head.sequence, head.hash) if head else (0, GENESIS)
        moment = time_text(at)
        return cls(moment, sequence, own, why, Signer(key)(_text(moment, sequence, own, why)))

    @property
    def head(self) -> Head:
        """The row that was the newest."""
        return Head(self.sequence, self.hash)

    def signed_with(self, key: bytes) -> bool:
        """Whether this key has signed the note."""
        text = _text(self.at, self.sequence, self.hash, self.why)
        return hmac.compare_digest(self.mac.encode("utf-8", "replace"), Signer(key)(text).encode())

    def as_line(self) -> str:
        """Write it as one line, JSON."""
        return canonical(asdict(self))

    @staticmethod
    def is_like(fields: Any) -> bool:
        """Whether these are the fields of a note."""
        if not isinstance(fields, dict) or fields.keys() != _TYPES.keys():
            return False
        return all(type(fields[name]) is kind for name, kind in _TYPES.items())


def read_anchors(lines: Iterable[str], key: bytes | None) -> list[Anchor]:
    """The notes that still count, oldest first; raises AnchorUnusable for one that is not ours.

    A last line without its end is one that a crash has cut short, and is left out. Without a key the
    signatures go unchecked.
    """
    counted: list[Anchor] = []
    for number, line in enumerate(lines, start=1):
        if not line.endswith("\n"):
            break
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            fields = None
        if not Anchor.is_like(fields):
            raise AnchorUnusable(number=number, why="it cannot be read")
        anchor = Anchor(**fields)
        if key is not None and not anchor.signed_with(key):
            raise AnchorUnusable(number=number, why="it was not signed with this key")
        if anchor.why == RESTORED:
            counted = [earlier for earlier in counted if earlier.sequence < anchor.sequence]
        counted.append(anchor)
    return counted


def _text(at: str, sequence: int, own: str, why: str) -> str:
    return canonical({"anchor": [at, sequence, own, why]})
