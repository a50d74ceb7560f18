"""What follows a halt: record, card, every account's proof; and how two people clear it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from threading import Lock, Timer
from typing import Any

from approvals.errors import ApprovalError
from approvals.events import ExecutionChanged
from approvals.factor import Code
from approvals.in_force import Kind
from approvals.payload import one_line
from approvals.person import Account, Person
from approvals.quorum import may_ask
from approvals.request import REASON_LENGTH_MAX, ApprovalRequest, ExecutionState, RequestId, RequestState
from bot.operations.asker import Asker
from bot.operations.beginning import BEGINS, begins_lines, begins_value, has_been_begun, put_begun
from bot.operations.clearing import (
    AFTERWARDS,
    RECENT,
    approvers,
    clearing_request,
    found_at_halt,
)
from bot.operations.desk import SHOWN, Desk, Refused, owners
from bot.operations.edited_rows import refused_by
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.request_card import subject as request_subject
from bot.operations.step_up import prove_asker
from bot.operations.unproven import raise_unproven, tell_proven
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.summaries import HaltOutcome, HaltStep, HaltSummary
from bot.views.replies import sentence
from trading.errors import TradingError
from trading.events import EventKind, TradingEvent
from trading.killswitch import Latch
from trading.session import SessionState
from trading.wire import HaltProof

# A halt is recorded whatever stands in the latch, which anybody with a shell may have written.
BY_LENGTH_MAX = 60
CLEARED = "The halt is cleared. Nothing has started by itself."
# A venue that answers proves a halt in three seconds; after so long people are told to look for themselves.
LATE_AFTER_S = 5.0


def subject(halt_id: str) -> str:
    """The card of a halt."""
    return f"halt:{halt_id}"


def halt_id(at: datetime, cause: str = "") -> str:
    """One halt, one id, however many hear of it: that of the click or command, else that of its moment."""
    if cause:
        return f"halt-{sha256(cause.encode()).hexdigest()[:16]}"
    return f"halt-{at:%Y%m%d-%H%M%S-%f}"


class RecordHalt:
    """Write down a halt that has already happened, and have every account prove it."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        exchanges: tuple[str, ...],
        prove: Callable[[str, str], HaltProof],
        late_after_s: float = LATE_AFTER_S,
    ) -> None:
        self._storage = storage
        self._desk = desk
        self._exchanges = exchanges
        self._prove = prove
        self._late_after_s = late_after_s
        self._beginning, self._proving = Lock(), Lock()
        self._proofs: dict[tuple[str, str], HaltProof] = {}

    def __call__(
        self, by: str, reason: str, at: datetime, latch_ms: int | None, cause: str = ""
    ) -> HaltSummary:
        """Record and card first, so that people know; then the proofs, each shown as it comes.

        Raises when the database takes nothing; then too the venue has been asked, and a call made again
        records the proof that was had.
        """
        ident = halt_id(at, cause)
        try:
            with self._beginning:
                with self._storage.reading() as tx:
                    known = tx.halts.get(ident)
                halt = known or self._begin(ident, by, reason, at, latch_ms)
        except Exception:
            with self._proving:
                for exchange in self._exchanges:
                    self._proof(ident, exchange, reason)
            raise
        return self.finish(halt)

    def finish(self, halt: HaltSummary) -> HaltSummary:
        """Have the accounts that have not answered for a halt do so, one halt after the other."""
        with self._proving:
            with self._storage.reading() as tx:
                halt = tx.halts.get(halt.id) or halt
            for exchange in halt.waiting_for:
                halt = self._prove_one(halt, exchange)
            return halt

    def unfinished(self) -> list[HaltSummary]:
        """The halts that an account has not answered for yet, the oldest first."""
        with self._storage.reading() as tx:
            return tx.halts.unfinished()

    def known(self, at: datetime, cause: str = "") -> bool:
        """Whether this halt is in the record."""
        with self._storage.reading() as tx:
            return tx.halts.get(halt_id(at, cause)) is not None

    def stands(self, reason: str) -> bool:
        """Whether the newest halt has this reason and nobody has cleared it."""
        with self._storage.reading() as tx:
            last = tx.halts.last()
            if last is None or last.reason != one_line(reason, REASON_LENGTH_MAX):
                return False
            return clearing_request(tx, last) is None

    def _begin(self, ident: str, by: str, reason: str, at: datetime, latch_ms: int | None) -> HaltSummary:
        by, reason = one_line(by, BY_LENGTH_MAX) or "unknown", one_line(reason, REASON_LENGTH_MAX)
        name = self._desk.name_of(by)
        halt = HaltSummary(ident, name, reason, at, latch_ms, (), self._exchanges)
        with self._storage.transaction() as tx:
            tx.halts.save(halt)
            tx.note("halt", by, halt.id, reason=reason, latch_ms=latch_ms)
            tx.outbox.card(subject(halt.id), self._desk.channels.ops, Urgency.FIRST)
            for owner in owners(self._desk.roster):
                if by not in (owner.id, owner.name):
                    told = sentence(
                        f"{name} halted everything: {reason}. The card stands in the operations channel."
                    )
                    tx.outbox.dm(f"{halt.id}:{owner.id}", owner.accounts[0], told, Urgency.FIRST)
        return halt

    def _prove_one(self, halt: HaltSummary, exchange: str) -> HaltSummary:
        late = Timer(self._late_after_s, self._tell_late, (halt.id, exchange))
        late.daemon = True
        late.start()
        try:
            proof = self._proof(halt.id, exchange, halt.reason)
        finally:
            late.cancel()
        outcome = HaltOutcome(
            exchange=exchange,
            steps=tuple(HaltStep(name, at_ms) for name, at_ms in proof.steps),
            proven=proof.proven,
            open_orders=proof.orders_open,
            held=tuple(sorted(proof.held.items())),
            detail=proof.detail,
            foreign=proof.foreign,
        )
        waiting = tuple(name for name in halt.waiting_for if name != exchange)
        after = replace(halt, outcomes=(*halt.outcomes, outcome), waiting_for=waiting)
        with self._storage.transaction() as tx:
            tx.halts.save(after)
            facts = {"proven": proof.proven, "open_orders": proof.orders_open, "held": dict(proof.held)}
            tx.note("halt.proof", "peak-ops", halt.id, exchange=exchange, detail=proof.detail, **facts)
            tx.outbox.card(subject(halt.id), self._desk.channels.ops, Urgency.FIRST)
            if proof.proven:
                tell_proven(tx, self._desk, exchange)
            else:
                raise_unproven(tx, self._desk, halt.id, exchange, proof.detail)
        self._proofs.pop((halt.id, exchange), None)
        return after

    def _tell_late(self, halt_id: str, exchange: str) -> None:
        """No proof yet: the card says so from now on, and an alert does."""
        with self._storage.transaction() as tx:
            halt = tx.halts.get(halt_id)
            if halt is not None and exchange in halt.waiting_for:
                tx.outbox.card(subject(halt_id), self._desk.channels.ops, Urgency.FIRST)
                raise_unproven(tx, self._desk, halt_id, exchange, "the venue has not confirmed it yet")

    def _proof(self, halt_id: str, exchange: str, reason: str) -> HaltProof:
        """Ask the account, once for a halt: what it has proven is kept until it is recorded."""
        kept = self._proofs.get((halt_id, exchange))
        if kept is None or not kept.proven:
            kept = self._proofs[halt_id, exchange] = self._prove(exchange, reason)
        return kept


class RequestRearm:
    """Ask for the halt to be cleared."""

    def __init__(self, storage: Storage, desk: Desk, latch: Latch) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch

    def __call__(
        self, actor: Person, account: Account, reason: str, cause: str, code: Code | None = None
    ) -> Asked | Refused:
        """File the request; the wait since the halt, the people and the code are the policy's."""
        with self._storage.reading() as tx:
            if known := tx.requests.by_cause(cause):
                return Asked(known)
        if refused := self.refused_early(actor):
            return refused
        if not reason.strip():
            return Refused(
                "Say why the halt can be cleared: /peak rearm followed by the reason. Nothing was asked for."
            )
        with self._storage.transaction() as tx:
            if refused := may_file(tx, self._desk, actor, "rearm", "desk"):
                return refused
            proof = prove_asker(tx, self._desk, actor, "rearm", code or Code(""), cause)
            if isinstance(proof, Refused):
                return proof
            payload = rearm_payload(tx, self._latch, self._desk)
            payload[SHOWN] = (
                found_at_halt(tx, self._desk) if self._desk.begun else {"changes": begins_lines(self._desk)}
            )
            return file_request(
                tx, self._desk, actor, account, "rearm", "desk", payload, reason, cause, proof
            )

    def refused_early(self, actor: Person) -> Refused | None:
        """What is known to be refused before anybody has said why."""
        if refusal := may_ask(self._desk.rule("rearm"), actor):
            return Refused(refusal.sentence)
        if not self._latch.engaged() and self._desk.begun:
            return Refused("Nothing is halted, so there is nothing to clear.")
        with self._storage.reading() as tx:
            return self._cooling(tx)

    def _cooling(self, tx: Transaction) -> Refused | None:
        halted_at = _halted_last(tx, self._latch)
        if halted_at is None:
            return None
        cooldown_s = self._desk.policy.rule("rearm").cooldown_s
        ready_at = halted_at + timedelta(seconds=cooldown_s)
        if tx.now >= ready_at:
            return None
        left_s = ceil((ready_at - tx.now).total_seconds())
        return Refused(
            f"The halt must stand {cooldown_s} seconds before it can be cleared, "
            f"so nothing was asked for. Ask again in {left_s // 60} min {left_s % 60} s, "
            f"from {ready_at:%H:%M:%S} UTC."
        )


def _halted_last(tx: Transaction, latch: Latch) -> datetime | None:
    """When anybody halted last; now, where nobody knows; None for a home that was never begun.

    The latch keeps the time of the first halt: a later one shows in the record, and in its file's time.
    """
    state, last = latch.read(), tx.halts.last()
    times = [at for at in (state.at, latch.said_at(), last.at if last else None) if at is not None]
    if state.at is None:
        if not latch.latch_file.exists() and not has_been_begun(tx):
            return None
        if last is None or last.reason != one_line(state.reason, REASON_LENGTH_MAX):
            times.append(tx.now)  # it has not been recorded yet
    return max(times)


def rearm_payload(tx: Transaction, latch: Latch, desk: Desk) -> dict[str, Any]:
    """The halt that would be cleared, and by whose rules; another halt or other people change it.

    The latch keeps its first reason: a second halt shows in the record, and in the latch's mark.
    """
    state, last = latch.read(), tx.halts.last()
    return {
        "last_halt": last.id if last else "unknown",
        "action": "rearm",
        "halt_reason": state.reason,
        "halted_by": state.by,
        "halted_at": state.at or "unknown",
        "halt_mark": latch.mark(),
        **desk.rules_value(),
        **begins_value(desk),
    }


class ClearHalt:
    """Carry out an approved request to clear the halt."""

    def __init__(self, storage: Storage, desk: Desk, latch: Latch) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> ApprovalRequest | Refused:
        """Claim it in one transaction, clear the latch, then record the outcome."""
        if asker is not None and asker.redelivered and (done := self._carried_out(actor, request_id, asker)):
            return done
        with self._storage.transaction() as tx:
            request = tx.requests.get(request_id)
            if refused := self._may_clear(tx, actor, request):
                return refused
            try:
                if not tx.requests.claim_execution(request.id, self._desk.roster, tx.now):
                    return Refused("Somebody has pressed this already. Nothing more was done.")
            except ApprovalError as error:
                return refused_by(tx, self._desk, error)
            tx.record(ExecutionChanged(tx.requests.get(request.id), actor.id))
            put_begun(tx, request, actor)
            _end_sessions(tx)
            now, seen = tx.now, str(request.payload["halt_mark"])
        self._desk.begun = True  # by the payload's rules: a difference would have made it void
        try:
            self._latch.clear(actor.id, now, seen)
        except (TradingError, OSError) as error:
            self._finish(actor, request_id, ExecutionState.FAILED, str(error))
            return Refused(f"The halt could not be cleared, and everything stays halted. {error}")
        return self._finish(actor, request_id, ExecutionState.EXECUTED, "the halt is cleared", asker)

    def _carried_out(self, actor: Person, request_id: RequestId, asker: Asker) -> ApprovalRequest | None:
        """The request, if this person's press has cleared the halt before and only the answer is missing."""
        with self._storage.transaction() as tx:
            request = tx.requests.get(request_id)
            if request.action != "rearm" or request.requested_by != actor.id:
                return None
            if request.execution is ExecutionState.EXECUTED:
                asker.told(tx, CLEARED)
                return request
        if request.execution is ExecutionState.CLAIMED and was_cleared(self._latch, request):
            return self._finish(actor, request_id, ExecutionState.EXECUTED, "the halt is cleared", asker)
        return None

    def _finish(
        self,
        actor: Person,
        request_id: RequestId,
        state: ExecutionState,
        outcome: str,
        asker: Asker | None = None,
    ) -> ApprovalRequest:
        with self._storage.transaction() as tx:
            done = tx.requests.finish_execution(request_id, state, outcome, tx.now)
            tx.record(ExecutionChanged(done, actor.id))
            tx.outbox.card(request_subject(request_id), self._desk.channels.approvals, Urgency.FIRST)
            if state is ExecutionState.EXECUTED:
                tell_cleared(tx, self._desk, done, actor.name)
                if asker is not None:
                    asker.told(tx, CLEARED)
            return done

    def _may_clear(self, tx: Transaction, actor: Person, request: ApprovalRequest) -> Refused | None:
        if request.action != "rearm":
            return Refused("This request is not for clearing a halt, so nothing was done.")
        if request.requested_by != actor.id:
            return Refused(f"Only {self._desk.name_of(request.requested_by)}, who asked, can press this.")
        if request.state_at(tx.now) is not RequestState.APPROVED or not request.executable_at(tx.now):
            return Refused("This request is not approved any more, so nothing was cleared. Ask again.")
        changes = self._desk.drift(request.payload, rearm_payload(tx, self._latch, self._desk))
        if any(change.field in self._desk.rules_value() for change in changes):
            return Refused(
                "People, policy or program were changed since this was asked, so nothing was cleared. "
                "Ask again."
            )
        if changes:
            return Refused("There was another halt since this was asked, so nothing was cleared. Ask again.")
        return None


def was_cleared(latch: Latch, request: ApprovalRequest) -> bool:
    """Whether the latch was cleared since somebody claimed this request."""
    since = latch.active_since()
    return since is not None and request.execution_at is not None and since >= request.execution_at


def tell_cleared(tx: Transaction, desk: Desk, request: ApprovalRequest, by: str) -> None:
    """Tell the desk, once for a request, that the halt is cleared, and have the cards of its halts say so."""
    others = " and ".join(approvers(tx, desk, request)) or "nobody"
    what = "cleared the halt", AFTERWARDS
    if begins := request.payload.get(BEGINS):
        count = len(begins[Kind.ROSTER])
        what = "began the desk", f"{count} people are on its roster, and nothing has started by itself."
    told = sentence(f"{by} {what[0]}, with {others}. {what[1]}")
    tx.outbox.post(f"cleared:{request.id}", desk.channels.ops, told, Urgency.FIRST)
    for halt in tx.halts.recent(RECENT):
        ended = clearing_request(tx, halt)
        if ended is not None and ended.id == request.id:
            tx.outbox.card(subject(halt.id), desk.channels.ops, Urgency.FIRST)


def _end_sessions(tx: Transaction) -> None:
    """No session outlives a halt: one saved just before the halt is cleared must not start after it."""
    reason = "everything was halted"
    for before in tx.sessions.all_open():
        if not tx.sessions.move(before, before.moved(SessionState.HALTED, tx.now, reason)):
            continue
        kind = EventKind.SESSION_HALTED
        facts = {"before": before.state.value, "reason": reason}
        key = f"{kind}:{before.id}:{tx.now.isoformat()}"
        tx.events.add(TradingEvent(key, kind, tx.now, before.id, facts))
