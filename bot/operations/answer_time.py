"""How long people took to answer a request."""

from datetime import timedelta

from approvals.request import ApprovalRequest, RequestState
from bot.views.wording import span


def took(request: ApprovalRequest) -> str:
    """How long the answer to a request took, in words."""
    after = answered_after(request)
    if after is None:
        return f"nobody answered within {span(request.expires_at - request.created_at)}"
    return f"{request.state} after {span(after)}"


def answered_after(request: ApprovalRequest) -> timedelta | None:
    """From the asking to the decision; None for a request that nobody has decided."""
    decided = request.state in (RequestState.APPROVED, RequestState.REJECTED)
    return request.decided_at - request.created_at if decided and request.decided_at else None
