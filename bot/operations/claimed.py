"""What a bot had claimed when it died: at the next start each gets the outcome that can be known."""

from approvals.events import ExecutionChanged
from approvals.request import ApprovalRequest, ExecutionState
from bot.operations.alerts import raise_alert
from bot.operations.desk import Desk
from bot.operations.halt import tell_cleared, was_cleared
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from trading.killswitch import Latch


class FinishClaimed:
    """Finish what was claimed and has no outcome; call it before anybody can claim anything new."""

    def __init__(self, storage: Storage, desk: Desk, latch: Latch) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch

    def __call__(self) -> list[ApprovalRequest]:
        """Give those that were finished now."""
        with self._storage.transaction() as tx:
            found = [self._finished(tx, request) for request in tx.requests.claimed_requests()]
            return [request for request in found if request is not None]

    def _finished(self, tx: Transaction, request: ApprovalRequest) -> ApprovalRequest | None:
        if request.action == "live.activate":
            if tx.sessions.of_request(request.id) is not None:
                return None  # its session's own events say how it went
            return self._finish(
                tx, request, ExecutionState.FAILED, "the bot ended before a session was saved"
            )
        if request.action == "rearm" and was_cleared(self._latch, request):
            done = self._finish(tx, request, ExecutionState.EXECUTED, "the halt is cleared")
            tell_cleared(tx, self._desk, done, self._desk.name_of(request.requested_by))
            return done
        why = "the bot ended while it was carried out"
        done = self._finish(tx, request, ExecutionState.UNKNOWN, why)
        raise_alert(
            tx,
            self._desk,
            f"claimed:{request.id}",
            "execution.unknown",
            "high",
            f"Nobody knows whether {request.name} was carried out",
            why,
            "Look at /peak status: does the halt stand? Ask again for what is still wanted.",
        )
        return done

    def _finish(
        self, tx: Transaction, request: ApprovalRequest, state: ExecutionState, outcome: str
    ) -> ApprovalRequest:
        done = tx.requests.finish_execution(request.id, state, outcome, tx.now)
        tx.record(ExecutionChanged(done))
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        return done
