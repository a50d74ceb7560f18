"""Asking that somebody may enrol a new second factor: two others agree, then the terminal takes it once."""

from dataclasses import dataclass
from typing import Any

from approvals.errors import PolicyUnsafe
from approvals.factor import Code
from approvals.payload import time_text
from approvals.person import Account, Person, PersonId, person_id
from approvals.quorum import SENTENCES, Reason, may_ask
from approvals.request import ApprovalRequest
from bot.mistakes import closest
from bot.operations.desk import NOT_BEGUN, SHOWN, Desk, Refused
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.step_up import prove_asker
from bot.storage import Storage, Transaction

ACTION = "factor.change"
NO_FACTOR = "none"


@dataclass(frozen=True, slots=True)
class FactorProposal:
    """For whom, and what would become of the factor that is there."""

    person: Person
    lines: tuple[str, ...]


class RequestFactor:
    """Ask for a person's new factor, as two others than that person have to agree."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def proposal(self, actor: Person, wanted: str) -> FactorProposal | Refused:
        """What would be asked for; whoever it is for, or may not ask, is refused before any form opens."""
        if refusal := may_ask(self._desk.rule(ACTION), actor):
            return Refused(refusal.sentence)
        if not self._desk.begun:
            return Refused(NOT_BEGUN)
        person = self._desk.roster.get(person_id(wanted) or PersonId(wanted))
        if person is None:
            known = closest(wanted, (each.id for each in self._desk.roster))
            return Refused(f"“{wanted[:40]}” is nobody on the roster, so nothing was asked for: {known}.")
        if person.id == actor.id:
            return Refused(SENTENCES[Reason.CONCERNED])
        with self._storage.reading() as tx:
            before = tx.factors.get(person.id)
        line = (
            f"{person.name}: a new second factor in place of that of {before.enrolled_at:%Y-%m-%d %H:%M} UTC"
            if before
            else f"{person.name}: a first second factor"
        )
        return FactorProposal(person, (line,))

    def __call__(
        self, actor: Person, account: Account, wanted: str, reason: str, cause: str, code: Code
    ) -> Asked | Refused:
        """File the request; what it gives is one `peak-ops enrol` of this person."""
        with self._storage.reading() as tx:
            if known := tx.requests.by_cause(cause):
                return Asked(known)
        found = self.proposal(actor, wanted)
        if isinstance(found, Refused):
            return found
        if not reason.strip():
            return Refused("Say why, in a few words; the approver reads it. Nothing was asked for.")
        with self._storage.transaction() as tx:
            if refused := may_file(tx, self._desk, actor, ACTION, found.person.id):
                return refused
            proof = prove_asker(tx, self._desk, actor, ACTION, code, cause)
            if isinstance(proof, Refused):
                return proof
            payload = {**factor_payload(tx, self._desk, found.person), SHOWN: {"changes": found.lines}}
            busy = found.person.id
            try:
                return file_request(
                    tx, self._desk, actor, account, ACTION, busy, payload, reason, cause, proof
                )
            except PolicyUnsafe as error:
                return Refused(f"Without {found.person.name} nobody could agree to this. {error}")


def factor_payload(tx: Transaction, desk: Desk, person: Person) -> dict[str, Any]:
    """Whose factor would be enrolled, in place of which, and by whose rules."""
    before = tx.factors.get(person.id)
    return {
        "action": ACTION,
        "concerns": person.id,
        "enrolled_at": time_text(before.enrolled_at) if before else NO_FACTOR,
        **desk.rules_value(),
    }


def agreed_for(tx: Transaction, desk: Desk, person: Person) -> ApprovalRequest | None:
    """The approved request by which this person may enrol now; None when there is none that still holds."""
    now = factor_payload(tx, desk, person)
    for request in tx.requests.executable_requests(tx.now):
        if request.action == ACTION and not desk.drift(request.payload, now):
            return request
    return None
