"""What a request says now: on its card, in a direct message, in the list of what waits."""

from approvals.errors import RequestUnknown
from approvals.events import ExecutionChanged, RequestDecided
from approvals.person import Person
from approvals.quorum import awaited, could_complete, tally
from approvals.request import ApprovalRequest, ExecutionState, RequestId, RequestState, VoteWord
from bot.operations.answer_time import took
from bot.operations.beginning import BEGINS
from bot.operations.desk import ACTIVATE, DRILL, RESUME, SHOWN, Desk
from bot.operations.since_last import since_last_approved
from bot.operations.waking import clock_of, is_up
from bot.storage import Transaction
from bot.summaries import PendingApproval, RequestCard
from bot.view import permalink
from bot.views.requests import next_step
from bot.views.wording import sum_in

_ANSWERED = (RequestState.APPROVED, RequestState.REJECTED, RequestState.EXPIRED)


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
    able = able_to_approve(tx, desk, request)
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
        could=tuple(person.name for person in able),
        asleep=tuple(clock_of(person, tx.now) for person in asleep(tx, desk, request, able)),
        compared=since_last_approved(tx, request),
        took=took(request) if request.action == DRILL and request.state_at(tx.now) in _ANSWERED else "",
        row=_row(tx, request),
    )


def _row(tx: Transaction, request: ApprovalRequest) -> str:
    """Where the record has the last that became of a request; its head then, for whoever compares."""
    if request.state is RequestState.PENDING:
        return ""
    # Only a row that is there is looked for: one that is not would be sought through the whole record.
    begun = request.execution is not ExecutionState.NONE
    newest = tx.audit.newest(ExecutionChanged.kind if begun else RequestDecided.kind, request.id)
    return str(newest.head) if newest else ""


def able_to_approve(tx: Transaction, desk: Desk, request: ApprovalRequest) -> tuple[Person, ...]:
    """Everybody whose yes would bring a request further now, as far as the second factor goes, too."""
    wanted = awaited(request, tx.requests.votes(request.id), desk.roster, tx.now)
    return tuple(
        person
        for person in wanted
        if not request.rule.step_up or tx.factors.may_prove(person.id, tx.now) is None
    )


def asleep(
    tx: Transaction, desk: Desk, request: ApprovalRequest, able: tuple[Person, ...]
) -> tuple[Person, ...]:
    """Those for whom it is night, when a request cannot be approved without them though they could do it."""
    votes = tx.requests.votes(request.id)
    up = [person for person in able if is_up(person, tx.now)]
    possible, by_day = (could_complete(request, votes, people, desk.roster, tx.now) for people in (able, up))
    return tuple(person for person in able if person not in up) if possible and not by_day else ()


def title(desk: Desk, request: ApprovalRequest) -> str:
    """The request in one short line, for a lock screen."""
    payload = request.payload
    if request.action in (ACTIVATE, RESUME):
        plan = payload.get("plan", {})
        quote = str(plan.get("symbol", "/")).split("/")[-1]
        most = f"at most {sum_in(plan.get('notional_max'))} {quote}"
        what = f"{plan.get('symbol')} {plan.get('strategy')}"
        if request.action == RESUME:
            return f"{what}, {payload['pause']['why']}"
        return f"{what}, {most}"
    if request.action == DRILL:
        return "Drill, nothing is started"
    if begins := payload.get(BEGINS):
        return f"the first start, with {len(begins['roster'])} people on the roster"
    if request.action == "rearm":
        by = desk.name_of(str(payload.get("halted_by") or "")) or "nobody known"
        return f"the halt by {by}: {payload.get('halt_reason') or 'no reason was given'}"
    if changes := payload.get(SHOWN, {}).get("changes"):
        return f"{len(changes)} fields: {changes[0]} …" if len(changes) > 1 else str(changes[0])
    return request.action


def cards_for(tx: Transaction, desk: Desk, person: Person) -> tuple[RequestCard, ...]:
    """The cards of what waits for this person: an answer to give, or what was asked for."""
    waiting = [*tx.requests.open_requests(tx.now), *tx.requests.executable_requests(tx.now)]
    mine = (
        request.id
        for request in waiting
        if request.requested_by == person.id or person in able_to_approve(tx, desk, request)
    )
    return tuple(card for request_id in mine if (card := read_card(tx, desk, request_id)))


def pending(tx: Transaction, desk: Desk, workspace_url: str | None = None) -> tuple[PendingApproval, ...]:
    """What waits for an answer, or for its asker to carry it out."""
    rows = []
    for request in [*tx.requests.open_requests(tx.now), *tx.requests.executable_requests(tx.now)]:
        asker = desk.name_of(request.requested_by)
        waiting = request.state is RequestState.PENDING
        counted = tally(request, tx.requests.votes(request.id), desk.roster, tx.now)
        ends_at = request.expires_at if waiting else request.grant_expires_at or request.expires_at
        rows.append(
            PendingApproval(
                id=request.id,
                name=request.name,
                title=title(desk, request),
                requested_by=asker,
                waits_for=f"waits for {counted.missing}" if waiting else next_step(request.action, asker),
                expires_at=ends_at,
                left_s=round((ends_at - tx.now).total_seconds()),
                state=request.state,
                card_url=permalink(workspace_url, *place)
                if (place := tx.outbox.place(subject(request.id)))
                else "",
            )
        )
    return tuple(rows)
