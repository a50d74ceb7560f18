"""What a request says now: on its card, in a direct message, in the list of what waits."""

from approvals.errors import RequestUnknown
from approvals.quorum import tally
from approvals.request import ApprovalRequest, RequestId, RequestState, VoteWord
from bot.operations.desk import SHOWN, Desk
from bot.storage import Transaction
from bot.summaries import PendingApproval, RequestCard
from bot.view import permalink
from bot.views.requests import execute_label
from bot.views.wording import sum_in


def subject(request_id: str) -> str:
    """The card of a request."""
    return f"request:{request_id}"


def read_card(tx: Transaction, desk: Desk, request_id: str) -> RequestCard | None:
    """Everything that the card of a request says now."""
    try:
        request = tx.requests.get(RequestId(request_id))
    except RequestUnknown:
        return None
    votes = tx.requests.votes(request.id)
    counted = tally(request, votes, desk.roster, tx.now)
    payload = request.payload
    session = tx.sessions.of_request(request.id)
    return RequestCard(
        id=request.id,
        name=request.name,
        action=request.action,
        title=title(desk, request),
        state=request.state_at(tx.now),
        requested_by=desk.name_of(request.requested_by),
        reason=request.reason,
        digest=request.digest,
        payload=payload,
        evidence=payload.get(SHOWN, {}),
        yes=tuple((desk.name_of(v.person), v.at) for v in votes if v.vote is VoteWord.YES),
        no=tuple((desk.name_of(v.person), v.at, v.reason) for v in votes if v.vote is VoteWord.NO),
        missing=counted.missing,
        created_at=request.created_at,
        expires_at=request.expires_at,
        decided_at=request.decided_at,
        grant_expires_at=request.grant_expires_at,
        execution=request.execution,
        outcome=request.outcome or request.note,
        session_id=session.id if session else None,
    )


def title(desk: Desk, request: ApprovalRequest) -> str:
    """The request in one short line, for a lock screen."""
    payload = request.payload
    if request.action == "live.activate":
        plan = payload.get("plan", {})
        quote = str(plan.get("symbol", "/")).split("/")[-1]
        most = f"at most {sum_in(plan.get('notional_max'))} {quote}"
        return f"{plan.get('symbol')} {plan.get('strategy')}, {most}"
    if request.action == "rearm":
        by = desk.name_of(str(payload.get("halted_by") or "")) or "nobody known"
        return f"the halt by {by}: {payload.get('halt_reason') or 'no reason was given'}"
    return request.action


def pending(tx: Transaction, desk: Desk, workspace_url: str | None = None) -> tuple[PendingApproval, ...]:
    """What waits for an answer, or for its asker to carry it out."""
    rows = []
    for request in [*tx.requests.open_requests(tx.now), *tx.requests.executable_requests(tx.now)]:
        asker = desk.name_of(request.requested_by)
        waiting = request.state is RequestState.PENDING
        counted = tally(request, tx.requests.votes(request.id), desk.roster, tx.now)
        rows.append(
            PendingApproval(
                id=request.id,
                name=request.name,
                title=title(desk, request),
                requested_by=asker,
                waits_for=f"waits for {counted.missing}"
                if waiting
                else f"{asker} can press {execute_label(request.action)}",
                expires_at=request.expires_at if waiting else request.grant_expires_at or request.expires_at,
                state=request.state,
                card_url=permalink(workspace_url, *place)
                if (place := tx.outbox.place(subject(request.id)))
                else "",
            )
        )
    return tuple(rows)
