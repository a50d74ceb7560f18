"""What stands between an approved request and a live session that opens, at its start and after a pause."""

from collections.abc import Callable
from typing import Any, Protocol

from approvals.events import ExecutionChanged
from approvals.person import Person
from approvals.request import ApprovalRequest, ExecutionState, RequestState
from bot.errors import BotError
from bot.operations.desk import Desk, Refused
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.storage import Transaction
from bot.views.requests import execute_label
from bot.views.wording import merged
from trading.health import HealthReport, Verdict
from trading.killswitch import Latch


class GrantSpent(BotError):
    """The grant of {name} is used up or over, so nothing was started. Ask again."""

    name: str


class InForce(Protocol):
    """The gateway that a session would trade through."""

    def goes_by(self, settings_digest: str) -> bool:
        """Whether it answers and was started with these settings."""


class Start:
    """The checks that are made anew when an approved request is carried out."""

    def __init__(self, desk: Desk, latch: Latch, gateway: InForce, alone: Callable[[], bool]) -> None:
        """`alone` says whether Slack knows of no other bot with our tokens."""
        self._desk = desk
        self._latch = latch
        self._gateway = gateway
        self._alone = alone

    def refused_around(self) -> Refused | None:
        """What speaks against any start now, asked outside of a transaction."""
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
        return None

    def refused(
        self, tx: Transaction, actor: Person, request: ApprovalRequest, action: str
    ) -> Refused | None:
        """What speaks against carrying out this request: who presses, its state, its time, a halt."""
        if request.action != action:
            return Refused("This request is not for a live session, so nothing was started.")
        if request.requested_by != actor.id:
            asker = self._desk.name_of(request.requested_by)
            return Refused(
                f"Only {asker}, who asked, can press {execute_label(action)}, so that both of you are "
                "present. Nothing was started."
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
        return halted(self._latch, "nothing was started")

    def drifted(
        self, tx: Transaction, request: ApprovalRequest, now_payload: dict[str, Any]
    ) -> Refused | None:
        """Void a request whose payload is not what would run now."""
        changes = self._desk.drift(request.payload, now_payload)
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

    def claimed(self, tx: Transaction, request: ApprovalRequest) -> Refused | None:
        """Claim a request; raises ApprovalError for one that may not be, or was not written by us."""
        if tx.requests.claim_execution(request.id, self._desk.roster, tx.now):
            return None
        return Refused(
            "Somebody has pressed this already, and one start is all it gives. Nothing more was started."
        )


def halted(latch: Latch, so: str) -> Refused | None:
    """While everything is halted nothing begins."""
    if not latch.engaged():
        return None
    return Refused(f"Everything is halted, so {so}. Two people clear the halt with /peak rearm <reason>.")


def unready(report: HealthReport) -> Refused | None:
    """What a readiness that did not pass is refused with: each check that failed, in its words."""
    if report.verdict is Verdict.PASSED:
        return None
    wrong = [check for check in report.checks if check.verdict is Verdict.FAILED]
    failed = "; ".join(f"{names}: {check.detail}" for names, check in merged(wrong))
    return Refused(
        f"Readiness failed, so nothing was asked for. {failed}. /peak readiness live shows every check."
    )
