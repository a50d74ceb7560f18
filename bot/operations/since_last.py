"""What an activation would change since the last one of the same strategy that was approved."""

from approvals.payload import canonical, difference
from approvals.request import ApprovalRequest
from bot.operations.desk import ACTIVATE, SHOWN
from bot.storage import Transaction
from bot.summaries import Compared

# So many approved activations are looked through for one of the same strategy.
LOOKED_THROUGH_MAX = 100


def since_last_approved(tx: Transaction, request: ApprovalRequest) -> Compared | None:
    """The difference in what would run; None for an act that starts no strategy."""
    strategy = _strategy(request)
    if strategy is None or request.action != ACTIVATE:
        return None
    earlier = tx.requests.approved_before(request.action, request.created_at, LOOKED_THROUGH_MAX)
    last = next((each for each in earlier if _strategy(each) == strategy), None)
    if last is None:
        return Compared()
    changes = difference(_what_runs(last), _what_runs(request))
    return Compared(
        last.name, last.created_at, tuple((change.field, change.before, change.after) for change in changes)
    )


def _strategy(request: ApprovalRequest) -> str | None:
    plan = request.payload.get("plan")
    return str(plan.get("strategy")) if isinstance(plan, dict) else None


def _what_runs(request: ApprovalRequest) -> str:
    return canonical({name: value for name, value in request.payload.items() if name != SHOWN})
