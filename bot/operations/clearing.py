"""Which request has cleared a halt, and who stood behind it."""

from approvals.request import ApprovalRequest, ExecutionState, VoteWord
from bot.operations.desk import Desk
from bot.operations.status import held_by_sessions
from bot.storage import Transaction
from bot.summaries import Clearing, HaltSummary
from bot.views.wording import quantity

RECENT = 100
AFTERWARDS = (
    "Sessions that were halted stay ended; start anew. For two hours what is live opens at half of its size."
)


def clearing_request(tx: Transaction, halt: HaltSummary) -> ApprovalRequest | None:
    """The first request that was carried out after a halt to clear it; None while it stands."""
    done = [
        request
        for request in tx.requests.recent(RECENT)
        if request.action == "rearm"
        and request.execution is ExecutionState.EXECUTED
        and request.execution_at is not None
        and request.execution_at > halt.at
    ]
    return done[-1] if done else None


def was_at_work(tx: Transaction) -> bool:
    """Whether a session was asked for here, or a halt was cleared."""
    return bool(tx.sessions.recent(1)) or any(
        request.action == "rearm" and request.execution is ExecutionState.EXECUTED
        for request in tx.requests.recent(RECENT)
    )


def approvers(tx: Transaction, desk: Desk, request: ApprovalRequest) -> tuple[str, ...]:
    """Who said yes to a request besides its asker, by name."""
    return tuple(
        desk.name_of(vote.person)
        for vote in tx.requests.votes(request.id)
        if vote.vote is VoteWord.YES and vote.person != request.requested_by
    )


def clearing(tx: Transaction, desk: Desk, halt: HaltSummary) -> Clearing | None:
    """When a halt was cleared and by whom; None while it stands."""
    request = clearing_request(tx, halt)
    if request is None or request.execution_at is None:
        return None
    return Clearing(request.execution_at, desk.name_of(request.requested_by), approvers(tx, desk, request))


def found_at_halt(tx: Transaction, desk: Desk) -> dict[str, str]:
    """What whoever approves a clearing should know: what was proven, what is held, what still waits."""
    last, alerts = tx.halts.last(), tx.alerts.open_count()
    proven = last is not None and last.proven
    holdings = held_by_sessions(tx, desk.live_exchange)
    held = ", ".join(f"{quantity(abs(amount))} {asset}" for asset, amount in holdings)
    return {
        "orders": "none, proven by the venue" if proven else "NOT PROVEN: look at the venue's own page first",
        "held": f"STILL HOLDING {held} by our books" if held else "nothing by our books",
        "alerts": f"{alerts} not acknowledged" if alerts else "none open",
    }
