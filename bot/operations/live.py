"""Asking for a live session, and starting it once it was approved."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from approvals.errors import ApprovalError
from approvals.events import ExecutionChanged
from approvals.payload import one_line
from approvals.person import Account, Person
from approvals.quorum import may_ask
from approvals.request import (
    REASON_LENGTH_MAX,
    Assurance,
    RequestId,
)
from bot.operations.asker import Asker
from bot.operations.desk import ACTIVATE, NOT_BEGUN, SHOWN, Desk, Refused, plan_of
from bot.operations.edited_rows import refused_by
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.health import in_short
from bot.operations.request_card import subject
from bot.operations.starting import GrantSpent, Start, halted, unready
from bot.outbox import Urgency
from bot.records import new_id
from bot.storage import Storage, Transaction
from bot.views.live_form import CHECKLIST, TIMEFRAMES, LiveAnswers
from trading.after_halt import AfterHalt
from trading.amount import BadAmount, parse_amount
from trading.health import HealthReport
from trading.killswitch import Latch
from trading.session import SessionPlan, Stage, TradingSession


class Rehearsal(Protocol):
    """What can be tried before a start: the checks, and the orders it would send."""

    def readiness(self, stage: Stage) -> HealthReport:
        """Run every check of a stage."""

    def preview(self, plan: SessionPlan) -> str:
        """The orders of a start in one line; raises when they cannot be computed."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A session may start now; its process follows."""

    session: TradingSession


class RequestLive:
    """File a request for a live session after its readiness and its preview."""

    def __init__(self, storage: Storage, desk: Desk, rehearsal: Rehearsal, latch: Latch) -> None:
        self._storage = storage
        self._desk = desk
        self._rehearsal = rehearsal
        self._latch = latch

    def may_ask(self, actor: Person) -> Refused | None:
        """Whether this person may ask at all, now."""
        if refusal := may_ask(self._desk.policy.rule("live.activate"), actor):
            return Refused(refusal.sentence)
        if not self._desk.begun:
            return Refused(NOT_BEGUN)
        return halted(self._latch, "nothing can start")

    def refused_early(self, actor: Person, symbol: str) -> Refused | None:
        """What is known to be refused before anybody fills in a form: a symbol may still be missing."""
        with self._storage.reading() as tx:
            account = venue_account(self._desk, symbol) if symbol else ""
            return _busy(tx, symbol) or may_file(tx, self._desk, actor, "live.activate", account)

    def plan(self, answers: LiveAnswers) -> SessionPlan | Refused:
        """Read a form's answers; every field that is wrong has its own sentence."""
        desk = self._desk
        problems: dict[str, str] = {}
        choice = desk.strategy(answers.strategy)
        if choice is None:
            problems["strategy"] = f"Choose one of {', '.join(s.name for s in desk.strategies)}."
        elif not choice.source_digest:
            problems["strategy"] = (
                f"There is no file for {choice.class_path}. Put it into the strategies folder beside "
                "config.toml, and start the bot again."
            )
        if answers.symbol not in desk.symbols:
            problems["symbol"] = f"This desk trades {', '.join(desk.symbols)} only."
        if answers.timeframe not in TIMEFRAMES:
            problems["timeframe"] = f"Choose one of {', '.join(TIMEFRAMES)}."
        notional = Decimal(0)
        try:
            notional = parse_amount(
                answers.notional, minimum=Decimal(1), maximum=desk.limits.max_order_notional
            )
        except BadAmount as error:
            problems["notional"] = str(error)
        if not one_line(answers.reason, REASON_LENGTH_MAX):
            problems["reason"] = "Say why, in a few words; the approver reads it."
        if missing := [text for key, text in CHECKLIST.items() if key not in answers.ticked]:
            problems["checklist"] = f"Still open: {'; '.join(missing)}."
        if problems or choice is None:
            return Refused("Some answers are not usable, so nothing was asked for.", problems)
        return SessionPlan(
            stage=Stage.LIVE,
            exchange=desk.live_exchange,
            strategy=choice.name,
            symbol=answers.symbol,
            timeframe=answers.timeframe,
            notional_max=notional,
            parameters=choice.parameters,
            class_path=choice.class_path,
            source_digest=choice.source_digest,
        )

    def __call__(
        self,
        actor: Person,
        account: Account,
        plan: SessionPlan,
        reason: str,
        cause: str,
        proof: Assurance = Assurance.NONE,
    ) -> Asked | Refused:
        """Rehearse outside any transaction, then file the request and its card in one.

        `proof` is how surely it was the person who sent the form.
        """
        if known := self._asked_before(cause):
            return known
        if refused := self.may_ask(actor) or self.refused_early(actor, plan.symbol):
            return refused
        report = self._rehearsal.readiness(Stage.LIVE)
        if refused := unready(report):
            return refused
        payload = self._desk.live_payload(plan)
        payload[SHOWN] = {
            "readiness": in_short(report),
            "preview": self._rehearsal.preview(plan),
            **self._careful(),
        }
        with self._storage.transaction() as tx:
            return file_request(
                tx,
                self._desk,
                actor,
                account,
                "live.activate",
                venue_account(self._desk, plan.symbol),
                payload,
                reason,
                cause,
                proof,
            )

    def _careful(self) -> dict[str, str]:
        """What whoever approves should know of a halt that was cleared lately."""
        with self._storage.reading() as tx:
            until = AfterHalt(self._latch, lambda: tx.now).until()
        return {"after a halt": f"it opens at half of its size until {until:%H:%M} UTC"} if until else {}

    def _asked_before(self, cause: str) -> Asked | None:
        with self._storage.reading() as tx:
            known = tx.requests.by_cause(cause)
        return Asked(known) if known else None


def venue_account(desk: Desk, symbol: str) -> str:
    """What one live session at a time is allowed for."""
    return f"{desk.live_exchange}:{symbol}"


def _busy(tx: Transaction, symbol: str) -> Refused | None:
    if session := _live_on(tx, symbol):
        return Refused(
            f"{symbol} already has the live session {session.id} on this account "
            f"({session.state}), so nothing was asked for. Stop it first."
        )
    return None


def _live_on(tx: Transaction, symbol: str) -> TradingSession | None:
    """The live session of a symbol that is not over."""
    live = (s for s in tx.sessions.all_open() if s.plan.stage is Stage.LIVE and s.plan.symbol == symbol)
    return next(live, None)


class GoLive:
    """Turn an approved request into a session, once."""

    def __init__(self, storage: Storage, desk: Desk, start: Start, wake: Callable[[], None]) -> None:
        self._storage = storage
        self._desk = desk
        self._start = start
        self._wake = wake

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> Launched | Refused:
        """Re-check people, time, payload and latch; claim, grant, session and answer are one transaction."""
        if refused := self._start.refused_around():
            return refused
        try:
            with self._storage.transaction() as tx:
                outcome = self._launch(tx, actor, request_id)
                if isinstance(outcome, Launched) and asker is not None:
                    told = f"Starting {outcome.session.plan.symbol} as {outcome.session.id}"
                    asker.told(tx, f"{told}; its card follows in the operations channel.")
        except ApprovalError as error:
            with self._storage.transaction() as tx:
                return refused_by(tx, self._desk, error)
        except GrantSpent as error:
            return Refused(str(error))
        if isinstance(outcome, Launched):
            self._wake()
        return outcome

    def _launch(self, tx: Transaction, actor: Person, request_id: RequestId) -> Launched | Refused:
        request = tx.requests.get(request_id)
        if refused := self._start.refused(tx, actor, request, ACTIVATE):
            return refused
        plan = plan_of(request.payload)
        if _live_on(tx, plan.symbol):
            return Refused(
                f"{plan.symbol} has a live session already, so nothing was started. Stop it first."
            )
        if refused := self._start.drifted(tx, request, self._desk.live_payload(plan)):
            return refused
        if refused := self._start.claimed(tx, request):
            return refused
        grant = tx.grants.issue(request)
        if not tx.grants.spend(grant.id, tx.now):
            raise GrantSpent(name=request.name)
        ends_at = tx.now + request.rule.active_for
        session = TradingSession.live(
            new_id("live"), plan, grant, request.payload_text, actor.id, request.reason, tx.now, ends_at
        )
        tx.sessions.add(session)
        tx.record(ExecutionChanged(tx.requests.get(request.id), actor.id))
        tx.note(
            "session.requested",
            actor.id,
            session.id,
            request=request.id,
            symbol=plan.symbol,
            reason=request.reason,
            ends_at=ends_at.isoformat(),
        )
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        return Launched(session)
