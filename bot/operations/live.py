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
    ApprovalRequest,
    Assurance,
    ExecutionState,
    RequestId,
    RequestState,
)
from bot.errors import BotError
from bot.operations.asker import Asker
from bot.operations.desk import NOT_BEGUN, SHOWN, Desk, Refused, plan_of
from bot.operations.edited_rows import refused_by
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.health import in_short
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.records import new_id
from bot.storage import Storage, Transaction
from bot.views.live_form import CHECKLIST, TIMEFRAMES, LiveAnswers
from bot.views.wording import merged
from trading.amount import BadAmount, parse_amount
from trading.health import HealthReport, Verdict
from trading.killswitch import Latch
from trading.session import SessionPlan, Stage, TradingSession


class GrantSpent(BotError):
    """The grant of {name} is used up or over, so nothing was started. Ask again."""

    name: str


class Rehearsal(Protocol):
    """What can be tried before a start: the checks, and the orders it would send."""

    def readiness(self, stage: Stage) -> HealthReport:
        """Run every check of a stage."""

    def preview(self, plan: SessionPlan) -> str:
        """The orders of a start in one line; raises when they cannot be computed."""


class InForce(Protocol):
    """The gateway that a session would trade through."""

    def goes_by(self, settings_digest: str) -> bool:
        """Whether it answers and was started with these settings."""


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
        if self._latch.engaged():
            return Refused(
                "Everything is halted, so nothing can start. "
                "Two people clear the halt with /peak rearm <reason>."
            )
        return None

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
        if report.verdict is not Verdict.PASSED:
            wrong = [check for check in report.checks if check.verdict is Verdict.FAILED]
            failed = "; ".join(f"{names}: {check.detail}" for names, check in merged(wrong))
            return Refused(
                f"Readiness failed, so nothing was asked for. {failed}. /peak readiness live "
                "shows every check."
            )
        payload = self._desk.live_payload(plan)
        payload[SHOWN] = {"readiness": in_short(report), "preview": self._rehearsal.preview(plan)}
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

    def _asked_before(self, cause: str) -> Asked | None:
        with self._storage.reading() as tx:
            known = tx.requests.by_cause(cause)
        return Asked(known) if known else None


def venue_account(desk: Desk, symbol: str) -> str:
    """What one live session at a time is allowed for."""
    return f"{desk.live_exchange}:{symbol}"


def _busy(tx: Transaction, symbol: str) -> Refused | None:
    for session in tx.sessions.all_open():
        if session.plan.stage is Stage.LIVE and session.plan.symbol == symbol:
            return Refused(
                f"{symbol} already has the live session {session.id} on this account "
                f"({session.state}), so nothing was asked for. Stop it first."
            )
    return None


class GoLive:
    """Turn an approved request into a session, once."""

    def __init__(
        self,
        storage: Storage,
        desk: Desk,
        latch: Latch,
        wake: Callable[[], None],
        gateway: InForce,
        alone: Callable[[], bool],
    ) -> None:
        """`alone` says whether Slack knows of no other bot with our tokens."""
        self._storage = storage
        self._desk = desk
        self._latch = latch
        self._wake = wake
        self._gateway = gateway
        self._alone = alone

    def __call__(
        self, actor: Person, request_id: RequestId, asker: Asker | None = None
    ) -> Launched | Refused:
        """Re-check people, time, payload and latch; claim, grant, session and answer are one transaction."""
        if not self._gateway.goes_by(self._desk.settings_digest):
            return Refused(
                "The gateway does not answer, or goes by other limits than those on the card, so nothing was "
                "started. /peak readiness live says which; press again once it passes."
            )
        if not self._alone():
            return Refused(
                "Somebody else is connected with our tokens and gets part of the clicks, so nothing was "
                "started. /peak readiness live says what to do."
            )
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
        if refused := self._may_launch(tx, actor, request):
            return refused
        if void := self._drifted(tx, request):
            return void
        if not tx.requests.claim_execution(request.id, self._desk.roster, tx.now):
            return Refused(
                "Somebody has pressed this already, and one start is all it gives. Nothing more was started."
            )
        grant = tx.grants.issue(request)
        if not tx.grants.spend(grant.id, tx.now):
            raise GrantSpent(name=request.name)
        plan = plan_of(request.payload)
        session = TradingSession.live(
            new_id("live"), plan, grant, request.payload_text, actor.id, request.reason, tx.now
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
        )
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        return Launched(session)

    def _may_launch(self, tx: Transaction, actor: Person, request: ApprovalRequest) -> Refused | None:
        if request.action != "live.activate":
            return Refused("This request is not for a live session, so nothing was started.")
        if request.requested_by != actor.id:
            asker = self._desk.name_of(request.requested_by)
            return Refused(
                f"Only {asker}, who asked, can press Go live, so that both of you are present. "
                "Nothing was started."
            )
        if request.state_at(tx.now) is not RequestState.APPROVED:
            return Refused(
                f"This request is {request.state_at(tx.now)}, not approved, so nothing was started."
            )
        if request.execution is not ExecutionState.NONE:
            return Refused(
                "This request was carried out already; one start is all it gives. Nothing more was started."
            )
        if not request.executable_at(tx.now):
            return Refused(
                f"The approval was good until {request.grant_expires_at:%H:%M} UTC, so nothing "
                "was started. Ask again.",
                moments=(request.grant_expires_at,) if request.grant_expires_at else (),
            )
        if self._latch.engaged():
            return Refused(
                "Everything is halted, so nothing was started. "
                "Two people clear the halt with /peak rearm <reason>."
            )
        plan = plan_of(request.payload)
        if any(s.plan.symbol == plan.symbol and s.plan.stage is Stage.LIVE for s in tx.sessions.all_open()):
            return Refused(
                f"{plan.symbol} has a live session already, so nothing was started. Stop it first."
            )
        return None

    def _drifted(self, tx: Transaction, request: ApprovalRequest) -> Refused | None:
        changes = self._desk.drift(request.payload, self._desk.live_payload(plan_of(request.payload)))
        if not changes:
            return None
        told = "; ".join(f"{change.field}: {change.before} → {change.after}" for change in changes)
        voided = request.void(tx.now, told)
        tx.requests.void_execution(voided)
        tx.record(ExecutionChanged(voided))
        tx.outbox.card(subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        return Refused(
            f"What would run is no longer what was approved ({told}), so nothing was started. Ask again."
        )
