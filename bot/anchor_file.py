"""The heads of the record that are noted in the home, beside the database and outside of it."""

import os
from datetime import datetime
from pathlib import Path

from approvals.anchors import Anchor, read_anchors
from approvals.audit import Head

NAME = "anchors.jsonl"
LINE_BYTES_MAX = 4_096


class AnchorFile:
    """`reports/anchors.jsonl`: a line a note, appended and never changed."""

    def __init__(self, home: Path, key: bytes) -> None:
        self.path = home / "reports" / NAME
        self._key = key

    def read(self) -> list[Anchor]:
        """The notes that still count, oldest first; raises AnchorUnusable, and OSError for no reading."""
        try:
            with self.path.open(encoding="utf-8", errors="replace") as lines:
                return read_anchors(lines, self._key)
        except FileNotFoundError:
            return []

    def set_aside(self) -> Path:
        """Keep a file that cannot be relied on under another name, and begin a new one; gives that name."""
        number = 1
        while (aside := self.path.with_suffix(f".{number}.unusable")).exists():
            number += 1
        return self.path.rename(aside)

    def add(self, head: Head | None, why: str, at: datetime) -> Anchor:
        """Note a head so that it survives a power cut; raises OSError."""
        anchor = Anchor.of(head, why, at, self._key)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            line, end = f"{anchor.as_line()}\n".encode(), _end_of_last_line(file)
            os.pwrite(file, line, end)
            os.ftruncate(file, end + len(line))
            os.fsync(file)
        finally:
            os.close(file)
        return anchor


def _end_of_last_line(file: int) -> int:
    """Where the next line begins: over one that a crash has cut short."""
    size = os.fstat(file).st_size
    start = max(0, size - LINE_BYTES_MAX)
    return start + os.pread(file, size - start, start).rfind(b"\n") + 1
