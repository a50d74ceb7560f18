"""Direct messages about a request: to those it waits for, and to its asker what became of it."""

from approvals.person import Person
from approvals.quorum import awaited
from approvals.request import ApprovalRequest
from bot.operations.desk import Desk
from bot.operations.request_card import read_card, subject
from bot.outbox import Urgency
from bot.storage import Transaction
from bot.view import View
from bot.views.notices import outcome_notice, waiting_notice
from bot.views.replies import sentence


def tell_awaited(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell everybody whose yes would bring a request further that it waits; its asker, if nobody's would."""
    card = read_card(tx, desk, request.id)
    if card is None:
        return
    wanted = awaited(request, tx.requests.votes(request.id), desk.roster, tx.now)
    able = [person for person in wanted if _could_prove(tx, request, person)]
    for person in able:
        _tell(tx, person, request, "waits", waiting_notice(card))
    asker = desk.roster.get(request.requested_by)
    if wanted and not able and asker is not None and asker.reachable:
        names = ", ".join(person.name for person in wanted)
        told = (
            f"Nobody can approve “{request.name}” now: none of those it waits for has a second factor that "
            f"counts ({names}). Have it enrolled with peak-ops enrol <person>; then they can."
        )
        _tell(tx, asker, request, "nobody", sentence(told))


def _could_prove(tx: Transaction, request: ApprovalRequest, person: Person) -> bool:
    """Whether a yes of this person could count, as far as the second factor goes."""
    return not request.rule.step_up or tx.factors.may_prove(person.id, tx.now) is None


def tell_asker(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell the asker what became of a request, and what to do now."""
    asker, card = desk.roster.get(request.requested_by), read_card(tx, desk, request.id)
    if card is not None and asker is not None and asker.reachable:
        _tell(tx, asker, request, f"{request.state}:{request.execution}", outcome_notice(card))


def _tell(tx: Transaction, person: Person, request: ApprovalRequest, what: str, view: View) -> None:
    key = f"{request.id}:{what}:{person.id}"
    tx.outbox.dm(key, person.accounts[0], view, Urgency.FIRST, about=subject(request.id))
