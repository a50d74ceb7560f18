"""`reports/releases/`: one document for each live activation, whole or not at all, behind the record."""

import logging
from collections.abc import Callable
from pathlib import Path

from approvals.errors import RequestUnknown
from approvals.request import ApprovalRequest, ExecutionState, RequestId
from bot.operations.anchoring import tell_unwritten
from bot.operations.desk import Desk
from bot.operations.request_card import read_card
from bot.storage import Storage, Transaction
from bot.summaries import CastVote, Release
from bot.views.release import release_document
from trading.whole_file import write_whole

log = logging.getLogger(__name__)

ACTIVATION = "live.activate"
EXECUTION = "request.execution"
BEGUN = frozenset(ExecutionState) - {ExecutionState.NONE, ExecutionState.VOID}
RECENT = 100


class ReleaseFiles:
    """Follows the record; what a crash kept from being written is made up for at the start.

    What cannot be written stops nothing: it is logged, is an alert, and is tried again with the next row.
    """

    def __init__(self, home: Path, storage: Storage, desk: Desk, note_head: Callable[[str], None]) -> None:
        """`note_head` notes the head of the record once an activation stands in it."""
        self._folder = home / "reports" / "releases"
        self._storage = storage
        self._desk = desk
        self._note_head = note_head
        self._seen: int | None = None
        self._due: set[str] = set()

    def follow(self) -> None:
        """Write what has become due since the last time."""
        with self._storage.reading() as tx:
            head = tx.audit.head()
            newest = head.sequence if head else 0
            if newest == self._seen:
                return
            self._due |= self._recent(tx) if self._seen is None else self._told_of(tx, self._seen)
            drawn = {each: self._drawn(tx, each) for each in sorted(self._due)}
        self._seen = newest
        for request_id, (path, text) in drawn.items():
            if self._write(path, text):
                self._due.discard(request_id)

    def _recent(self, tx: Transaction) -> set[str]:
        return {request.id for request in tx.requests.recent(RECENT) if _is_activation(request)}

    def _told_of(self, tx: Transaction, seen: int) -> set[str]:
        changed = {entry.subject for entry in tx.audit.entries(after=seen) if entry.kind == EXECUTION}
        return {each for each in changed if _is_activation(tx.requests.get(RequestId(each)))}

    def _drawn(self, tx: Transaction, request_id: str) -> tuple[Path, str]:
        request = tx.requests.get(RequestId(request_id))
        card, row = read_card(tx, self._desk, request.id), tx.audit.newest(EXECUTION, request.id)
        if card is None:
            raise RequestUnknown(wanted=request_id)
        release = Release(
            card=card,
            votes=tuple(
                CastVote(
                    person=self._desk.name_of(vote.person),
                    account=str(vote.account),
                    word=vote.vote,
                    at=vote.at,
                    step_up=vote.step_up,
                    reason=vote.reason,
                )
                for vote in tx.requests.votes(request.id)
            ),
            payload_text=request.payload_text,
            carried_out_at=request.execution_at,
            row=str(row.head) if row else "none",
            practice=self._desk.practice,
        )
        return self._folder / f"{request.created_at:%Y-%m-%d}-{request.id}.md", release_document(release)

    def _write(self, path: Path, text: str) -> bool:
        try:
            if path.exists() and path.read_text("utf-8") == text:
                return True
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, [text])
        except OSError as error:
            log.exception("a release document was not written: %s", path)
            tell_unwritten(self._storage, self._desk, "A release document", error)
            return False
        self._note_head("live activation")
        return True


def _is_activation(request: ApprovalRequest) -> bool:
    return request.action == ACTIVATION and request.execution in BEGUN
