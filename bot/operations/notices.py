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


def tell_awaited(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell everybody whose yes would bring a request further that it waits."""
    if card := read_card(tx, desk, request.id):
        for person in awaited(request, tx.requests.votes(request.id), desk.roster, tx.now):
            if request.rule.step_up and tx.factors.may_prove(person.id, tx.now):
                continue  # without a factor that counts nobody could say yes
            _tell(tx, person, request, "waits", waiting_notice(card))


def tell_asker(tx: Transaction, desk: Desk, request: ApprovalRequest) -> None:
    """Tell the asker what became of a request, and what to do now."""
    asker, card = desk.roster.get(request.requested_by), read_card(tx, desk, request.id)
    if card is not None and asker is not None and asker.reachable:
        _tell(tx, asker, request, f"{request.state}:{request.execution}", outcome_notice(card))


def _tell(tx: Transaction, person: Person, request: ApprovalRequest, what: str, view: View) -> None:
    key = f"{request.id}:{what}:{person.id}"
    tx.outbox.dm(key, person.accounts[0], view, Urgency.FIRST, about=subject(request.id))
