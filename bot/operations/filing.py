"""Filing a request: whether it is taken, and everything that is told of it."""

from dataclasses import dataclass
from typing import Any

from approvals.errors import AlreadyOpen, AskedTooOften, ClockSetBack, RequestRepeated
from approvals.events import RequestDecided
from approvals.person import Account, Person
from approvals.quorum import SENTENCES, Reason
from approvals.request import ApprovalRequest, Assurance, Vote, VoteWord
from approvals.store import ASKS_MAX
from bot.operations.desk import NOT_BEGUN, Desk, Refused
from bot.operations.notices import tell_asker, tell_awaited
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.storage import Transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """A request was filed."""

    request: ApprovalRequest


def may_file(tx: Transaction, desk: Desk, actor: Person, action: str, account: str) -> Refused | None:
    """Why a request would be refused whatever stands in it: too many by this person, or one that waits."""
    if until := tx.requests.asks_again_at(actor.id, tx.now):
        return Refused(
            f"You have asked for {ASKS_MAX} approvals within the hour, and no more are taken. "
            f"Ask again at {until:%H:%M} UTC.",
            moments=(until,),
        )
    if waiting := tx.requests.waiting_for(action, account, tx.now):
        asker = desk.name_of(waiting.requested_by)
        return Refused(
            f"The same was asked by {asker} already (“{waiting.name}”) and waits for an answer until "
            f"{waiting.expires_at:%H:%M} UTC, so nothing was asked for. Have it answered or withdrawn first.",
            moments=(waiting.expires_at,),
        )
    return None


def file_request(
    tx: Transaction,
    desk: Desk,
    actor: Person,
    account: Account | None,
    action: str,
    busy_account: str,
    payload: dict[str, Any],
    reason: str,
    cause: str,
    proof: Assurance,
) -> Asked | Refused:
    """Save a request with its asker's own yes, its card and its row in the record.

    Without an account it comes from a shell: then the asker has still to say yes in Slack.
    """
    rule = desk.rule(action)
    if known := tx.requests.by_cause(cause):
        return Asked(known)
    if not desk.begun and action != "rearm":
        return Refused(NOT_BEGUN)
    if account is not None and rule.step_up and proof is Assurance.NONE:
        return Refused(SENTENCES[Reason.NO_SECOND_FACTOR])
    if refused := may_file(tx, desk, actor, action, busy_account):
        return refused
    request = ApprovalRequest.asked(
        rule=rule,
        roster=desk.roster,
        requested_by=actor.id,
        account=busy_account,
        reason=reason,
        payload=payload,
        cause=cause,
        now=tx.now,
    )
    try:
        own = Vote(actor.id, VoteWord.YES, tx.now, account, proof) if account is not None else None
        created = tx.requests.add(request, own)
    except (AlreadyOpen, AskedTooOften, ClockSetBack, RequestRepeated) as error:
        return Refused(str(error))
    tx.record(created)
    for late in created.expired:
        tx.record(RequestDecided(late))
        tx.outbox.card(subject(late.id), desk.channels.approvals, Urgency.FIRST)
        tell_asker(tx, desk, late)
    tx.outbox.card(subject(request.id), desk.channels.approvals, Urgency.FIRST)
    tell_awaited(tx, desk, request)
    return Asked(request)
