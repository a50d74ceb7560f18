"""A drill: a request that goes the whole way of a live start, and does nothing at its end."""

from uuid import uuid4

from approvals.errors import ApprovalError
from approvals.events import ExecutionChanged
from approvals.factor import Code
from approvals.person import Account, Person
from approvals.quorum import may_ask
from approvals.request import ApprovalRequest, Assurance, ExecutionState, RequestId
from bot.operations.answer_time import took
from bot.operations.asker import Asker
from bot.operations.desk import DRILL, Desk, Refused
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.request_card import subject
from bot.operations.step_up import prove_asker
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence
from bot.views.wording import span

ACCOUNT = "drill"
REASON = "to see how long an answer takes"


class RequestDrill:
    """File a drill, by the rule of a live start: the same people, the same codes, the same time."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(
        self, actor: Person, account: Account, cause: str, code: Code | None = None
    ) -> Asked | Refused:
        """File it; heard again, the first one stands."""
        with self._storage.reading() as tx:
            if known := tx.requests.by_cause(cause):
                return Asked(known)
        if refused := self.refused_early(actor):
            return refused
        with self._storage.transaction() as tx:
            proof = prove_asker(tx, self._desk, actor, DRILL, code or Code(""), cause)
            if isinstance(proof, Refused):
                return proof
            payload = {"action": DRILL, **self._desk.rules_value()}
            return file_request(tx, self._desk, actor, account, DRILL, ACCOUNT, payload, REASON, cause, proof)

    def from_shell(self, asker: Person, at_shell: str) -> Asked | Refused:
        """File it for somebody who has still to say yes in Slack: what comes from a shell carries none."""
        if refused := self.refused_early(asker):
            return refused
        payload = {"action": DRILL, **self._desk.rules_value()}
        reason, cause = f"{REASON}; filed by {at_shell}", f"shell:{uuid4().hex}"
        with self._storage.transaction() as tx:
            none = Assurance.NONE
            return file_request(tx, self._desk, asker, None, DRILL, ACCOUNT, payload, reason, cause, none)

    def refused_early(self, actor: Person) -> Refused | None:
        """What is known to be refused before a code is typed."""
        if refusal := may_ask(self._desk.rule(DRILL), actor):
            return Refused(refusal.sentence)
        with self._storage.reading() as tx:
            return may_file(tx, self._desk, actor, DRILL, ACCOUNT)


class FinishDrill:
    """Carry out an approved drill: claim it as a start is claimed, and tell how long everything took."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> ApprovalRequest | Refused:
        """Claim and end are one transaction, and nothing is done in between."""
        with self._storage.transaction() as tx:
            request = tx.requests.get(request_id)
            if request.requested_by != actor.id:
                who = self._desk.name_of(request.requested_by)
                return Refused(f"Only {who}, who asked, can press this. Nothing was done.")
            try:
                if not tx.requests.claim_execution(request.id, self._desk.roster, tx.now):
                    return Refused("This drill was finished already. Nothing more was done.")
            except ApprovalError as error:
                return Refused(str(error))
            outcome = f"{took(request)}, finished {span(tx.now - request.created_at)} after it was asked"
            done = tx.requests.finish_execution(request.id, ExecutionState.EXECUTED, outcome, tx.now)
            tx.record(ExecutionChanged(done, actor.id))
            self._tell(tx, done, asker)
            return done

    def _tell(self, tx: Transaction, done: ApprovalRequest, asker: Asker | None) -> None:
        said = f"The drill is over, and nothing was started: {done.outcome}."
        approvals, card = self._desk.channels.approvals, subject(done.id)
        tx.outbox.card(card, approvals, Urgency.FIRST)
        tx.outbox.post(f"{done.id}:over", approvals, sentence(said), Urgency.FIRST, thread_of=card)
        if asker is not None:
            asker.told(tx, said)
