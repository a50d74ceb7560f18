"""Enrolling a person's second factor, from a terminal of the desk's machine and from nowhere else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.errors import FactorEnrolled, FactorNotAgreed
from approvals.events import ExecutionChanged
from approvals.factor import NEW_FACTOR_WAITS, Code, Secret
from approvals.person import Person, PersonId, person_id
from approvals.request import ApprovalRequest, ExecutionState
from bot.errors import BotError
from bot.mistakes import closest
from bot.operations.beginning import has_been_begun
from bot.operations.desk import Desk
from bot.operations.factor_change import agreed_for
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence


class PersonUnknown(BotError):
    """{wanted} is nobody on the roster, so nothing was enrolled: {known}. People stand in people.toml."""

    exit_code = 2
    wanted: str
    known: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor that is kept now; the recovery codes are known here and nowhere else."""

    phrase: str
    good_from: datetime
    waits: bool
    recovery_codes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Enrolled(waits={self.waits})"


class EnrolFactor:
    """Keep a new second factor once a code has proven that the person's app has it."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def person(self, wanted: str) -> Person:
        """The person of this name or id, who may enrol now.

        Raises PersonUnknown, FactorEnrolled or FactorNotAgreed.
        """
        found = self._desk.roster.get(person_id(wanted) or PersonId(wanted))
        if found is None:
            known = closest(wanted, (person.id for person in self._desk.roster))
            raise PersonUnknown(wanted=wanted, known=known)
        with self._storage.reading() as tx:
            self._agreed(tx, found)
        return found

    def __call__(self, person: Person, secret: Secret, code: Code, by: str) -> Enrolled | None:
        """Keep it with its row in the record; None for a wrong code. On a desk at work everybody is told.

        There two others have agreed, and their approval is used up; raises FactorEnrolled or FactorNotAgreed.
        """
        with self._storage.transaction() as tx:
            step = secret.step_of(code, tx.now)
            if step is None:
                return None
            request = self._agreed(tx, person)
            if request is not None:
                tx.requests.claim_execution(request.id, self._desk.roster, tx.now)
                tx.factors.remove(person.id)
            good_from = tx.now + (NEW_FACTOR_WAITS if request else timedelta())
            codes = tx.factors.enrol(person.id, secret, step, good_from, tx.now)
            tx.note(
                "factor.enrolled", by, person.id, good_from=good_from, request=request.id if request else ""
            )
            if request is not None:
                self._finish(tx, request, person, good_from)
            factor = tx.factors.get(person.id)
        return Enrolled(factor.phrase if factor else "", good_from, request is not None, codes)

    def _agreed(self, tx: Transaction, person: Person) -> ApprovalRequest | None:
        """The approval by which this person may enrol; None before the desk is begun, when none is needed."""
        factor = tx.factors.get(person.id)
        if factor is None and not has_been_begun(tx):
            return None
        if request := agreed_for(tx, self._desk, person):
            return request
        if factor is not None:
            raise FactorEnrolled(person=person.id, at=factor.enrolled_at)
        raise FactorNotAgreed(person=person.id)

    def _finish(self, tx: Transaction, request: ApprovalRequest, person: Person, good_from: datetime) -> None:
        outcome = f"enrolled; it counts from {good_from:%Y-%m-%d %H:%M} UTC on"
        done = tx.requests.finish_execution(request.id, ExecutionState.EXECUTED, outcome, tx.now)
        tx.record(ExecutionChanged(done))
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        self._tell(tx, request, person, good_from)

    def _tell(self, tx: Transaction, request: ApprovalRequest, person: Person, good_from: datetime) -> None:
        told = sentence(
            f"A second factor was enrolled for {person.name} on the desk's machine, "
            f"as agreed in “{request.name}”. It counts from "
            f"{good_from:%Y-%m-%d %H:%M} UTC on. If {person.name} knows nothing of it: halt."
        )
        tx.outbox.post(f"factor:{request.id}", self._desk.channels.approvals, told)
        for account in person.accounts:
            tx.outbox.dm(f"factor:{request.id}:{account}", account, told)
