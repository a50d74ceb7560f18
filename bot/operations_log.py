"""`operations.log` and `alerts.log`: a line for each row of the record, in order, each once."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approvals.audit import Entry
from bot.logs import Logs
from bot.operations.desk import Desk
from bot.projector import ALERTS
from bot.storage import Storage

TAIL_BYTES = 65_536
SEQUENCE = re.compile(rb"\t#(\d+)\n")


class OperationsLog:
    """Follows the record into a file that people and `grep` can read."""

    def __init__(self, path: Path, logs: Logs, storage: Storage, desk: Desk) -> None:
        self._logs = logs
        self._storage = storage
        self._desk = desk
        self._written = _last_sequence(path)

    def follow(self) -> None:
        """Write what the record has gained since the last line."""
        with self._storage.reading() as tx:
            head = tx.audit.head()
            if head is None or head.sequence <= self._written:
                return
            entries = list(tx.audit.entries(after=self._written))
        for entry in entries:
            actor, act = self._desk.name_of(entry.actor), f"{entry.kind} {entry.subject}"
            why = _why(entry)
            if entry.kind in ALERTS:
                self._logs.alerts.write(entry.time, entry.kind, entry.subject, why)
            self._logs.operations.write(entry.time, actor, act, why, f"#{entry.sequence}")
            self._written = entry.sequence


def _why(entry: Entry) -> str:
    """The reason in an entry's body, or the one fact that says most."""
    body: Mapping[str, Any] = entry.body if isinstance(entry.body, dict) else {}
    for name in ("reason", "why", "message", "outcome", "note", "verdict", "state"):
        if found := body.get(name):
            return str(found)
    return ""


def _last_sequence(path: Path) -> int:
    """The row that the newest line tells of; 0 for a file that is not there."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            found = SEQUENCE.findall(file.read())
    except FileNotFoundError:
        return 0
    return int(found[-1]) if found else 0
