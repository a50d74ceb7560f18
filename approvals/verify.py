"""Following the record from its first row: in the database, or in an export, with the key or without.

Rows are plain tuples in the order of `FIELDS`: a long record is followed row by row, and objects would cost
more than the hashing.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any

from approvals.anchors import Anchor
from approvals.audit import FIELDS, GENESIS, SEPARATOR, Entry, Head, Signer, chain_hash
from approvals.errors import EntryUnusable

Row = tuple[Any, ...]

_as_row = itemgetter(*FIELDS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how many rows, the newest, and the first row that is bad."""

    rows: int
    head: Head | None
    ok: bool
    first_bad: int | None
    why: str


def verify(rows: Iterable[Row], key: bytes | None, anchors: Sequence[Head] = ()) -> Verdict:
    """Follow the chain from its first row; without a key only the hashes are checked.

    Anchors are heads noted elsewhere, or the beginning of their hashes: a chain that does not contain them
    was cut off or made anew.
    """
    noted = {anchor.sequence: anchor.hash for anchor in anchors}
    signer, reading = (Signer(key) if key is not None else None), iter(rows)
    row: Row = ()
    good, own, joined = 0, GENESIS, SEPARATOR.join
    with suppress(TypeError, UnicodeEncodeError):  # of a row that holds something that is no text
        for row in reading:
            # All that is right with a row in one look; what is wrong with one is put into words below.
            text = f"{good + 1}{SEPARATOR}{joined(row[1:7])}".encode()
            if (
                row[0] != good + 1
                or row[6] != own
                or row[7] != sha256(text).hexdigest()
                or (signer is not None and row[8] != signer(row[7]))
                or (noted and row[0] in noted and not row[7].startswith(noted[row[0]]))
            ):
                break
            good, own = good + 1, row[7]
        else:
            return _ended(good, own, noted)
    newest = deque(enumerate(reading, good + 2), maxlen=1)
    count, last = newest[0] if newest else (good + 1, row)
    return Verdict(count, _head(last[0], last[7]), False, good + 1, _fault(row, good + 1, own, signer))


def verify_export(lines: Iterable[str], key: bytes | None, anchors: Sequence[Head] = ()) -> Verdict:
    """Verify an exported file, line by line; its last line tells where it ends.

    A line that cannot be read is the first bad row.
    """
    export = _Export(key)
    verdict = verify(export.rows(lines), key, anchors)
    behind = verdict.rows + 1
    if verdict.first_bad in (None, behind) and (why := export.fault or export.fault_of_end(verdict)):
        return Verdict(verdict.rows, verdict.head, False, behind, why)
    return verdict


class _Export:
    """The lines of an export: the rows, and what its last line says of them."""

    def __init__(self, key: bytes | None) -> None:
        self.fault = ""
        self._end: Anchor | None = None
        self._key = key

    def rows(self, lines: Iterable[str]) -> Iterator[Row]:
        """Give the rows, until the end or a line that is none."""
        for line in lines:
            try:
                found = json.loads(line)
                if self._end is None and len(found) == len(FIELDS) and type(found["sequence"]) is int:
                    yield _as_row(found)
                    continue
            except (ValueError, TypeError, KeyError, RecursionError):
                found = None
            if found is not None and self._end is None and Anchor.is_like(found):
                self._end = Anchor(**found)
                continue
            self.fault = _unreadable(line) if self._end is None else "rows follow the end of the export"
            return

    def fault_of_end(self, verdict: Verdict) -> str:
        """What is wrong with how the export ends; empty if nothing is."""
        if self._end is None:
            return f"the export ends with row {verdict.rows} and without its last line: rows were cut off"
        if self._end.head != (verdict.head or Head(0, GENESIS)):
            return (
                f"the export ends with row {verdict.rows}, and its last line names row {self._end.sequence}: "
                "rows were cut off"
            )
        if self._key is not None and not self._end.signed_with(self._key):
            return "the last line of the export was not signed with this key"
        return ""


def _unreadable(line: str) -> str:
    try:
        Entry.parse(line)
    except EntryUnusable as error:
        return str(error)
    return "a row stands where none can be"


def _head(sequence: Any, row_hash: Any) -> Head | None:
    return Head(sequence, row_hash) if sequence else None


def _ended(good: int, own: str, noted: dict[int, str]) -> Verdict:
    """The verdict over a chain that holds as far as it goes."""
    missed = max((sequence for sequence in noted if sequence > good), default=0)
    if not missed:
        return Verdict(good, _head(good, own), True, None, "")
    why = f"the chain ends with row {good}, and row {missed} was anchored elsewhere: it was cut off"
    return Verdict(good, _head(good, own), False, good + 1, why)


def _fault(row: Row, expected: int, previous: str, signer: Signer | None) -> str:
    """What is wrong with this row, which is not as the row `expected` should be."""
    sequence, *texts, follows, own, mac = row
    if not all(_is_text(found) for found in (*texts, follows, own, mac)):
        return f"row {sequence} holds something that is no text"
    if sequence != expected:
        return _out_of_place(sequence, expected)
    if own != chain_hash(*row[:7]):
        return f"row {sequence} was changed after it was written"
    if follows != previous:
        return f"row {sequence} does not follow the row before it"
    if signer is not None and mac != signer(own):
        return f"row {sequence} was not signed with this key"
    return f"row {sequence} is not the one that was anchored elsewhere: the record was made anew"


def _is_text(found: Any) -> bool:
    """Whether it is text that can be written; half a character of a damaged row is none."""
    return type(found) is str and not any("\ud800" <= letter <= "\udfff" for letter in found)


def _out_of_place(sequence: Any, expected: int) -> str:
    if type(sequence) is int and sequence > expected:
        return f"row {expected} is missing, or stands elsewhere: row {sequence} comes in its place"
    return f"row {sequence} comes where row {expected} should: it was moved or put in a second time"
