"""An approval request: what was asked, in the very text that will run, and the only ways it can change."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType, Self

from approvals.errors import (
    ExecutionClosed,
    GrantExpired,
    NotApproved,
    OutcomeImpossible,
    PayloadAltered,
    RequestClosed,
)
from approvals.payload import canonical, digest, one_line, parsed, speakable_name
from approvals.person import Account, PersonId, Roster
from approvals.policy import Rule

if TYPE_CHECKING:
    from approvals.quorum import Tally

RequestId = NewType("RequestId", str)

REASON_LENGTH_MAX = 500


class RequestState(StrEnum):
    """Where the asking stands; every state but pending is final."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    VOID = "void"


class ExecutionState(StrEnum):
    """Where the doing stands, apart from the asking."""

    NONE = "none"
    CLAIMED = "claimed"
    EXECUTED = "executed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    VOID = "void"


OUTCOMES = frozenset({ExecutionState.EXECUTED, ExecutionState.FAILED, ExecutionState.UNKNOWN})


class VoteWord(StrEnum):
    """What a vote says."""

    YES = "yes"
    NO = "no"


class Assurance(StrEnum):
    """How surely it was the person who answered: by the Slack session alone, or by a second factor too."""

    NONE = "none"
    TOTP = "totp"
    RECOVERY = "recovery"


class VoteKind(StrEnum):
    """Whether a vote is the requester's own yes, given by asking, or an answer to it."""

    REQUESTER = "requester"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's answer, with the account it came from and how surely it was he."""

    person: PersonId
    vote: VoteWord
    at: datetime
    account: Account
    step_up: Assurance = Assurance.NONE
    reason: str = ""
    kind: VoteKind = VoteKind.APPROVER


def new_request_id() -> RequestId:
    """Make an id that nobody can guess."""
    return RequestId(f"req-{secrets.token_hex(8)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """One act asked for once; `account` is the venue account it touches, `cause` the click that filed it."""

    id: RequestId
    name: str
    action: str
    requested_by: PersonId
    account: str
    reason: str
    payload_text: str
    digest: str
    rule: Rule
    created_at: datetime
    expires_at: datetime
    cause: str
    state: RequestState = RequestState.PENDING
    decided_at: datetime | None = None
    decided_by: PersonId | None = None
    note: str = ""
    execution: ExecutionState = ExecutionState.NONE
    execution_at: datetime | None = None
    outcome: str = ""

    @classmethod
    def asked(
        cls,
        *,
        rule: Rule,
        roster: Roster,
        requested_by: PersonId,
        account: str,
        reason: str,
        payload: Mapping[str, object],
        cause: str,
        now: datetime,
    ) -> Self:
        """File what is asked for, with the rule copied in; raises PolicyUnsafe if the rule is not safe."""
        concerned = payload.get("concerns")
        rule.check(roster.without(concerned if isinstance(concerned, str) else None))
        text = canonical(payload)
        identity = new_request_id()
        return cls(
            id=identity,
            name=speakable_name(identity),
            action=rule.action,
            requested_by=requested_by,
            account=account,
            reason=one_line(reason, REASON_LENGTH_MAX),
            payload_text=text,
            digest=digest(text),
            rule=rule,
            created_at=now,
            expires_at=now + timedelta(seconds=rule.expires_s),
            cause=cause,
        )

    @property
    def payload(self) -> dict[str, Any]:
        """What was asked for, read from the stored text; amounts and times are text."""
        value: dict[str, Any] = parsed(self.payload_text)
        return value

    @property
    def concerns(self) -> PersonId | None:
        """The person whom it is about, who may neither ask for it nor agree to it; None for most acts."""
        # Asked at every vote: a payload that does not name it is not read for that.
        return self.payload.get("concerns") if '"concerns"' in self.payload_text else None

    @property
    def grant_expires_at(self) -> datetime | None:
        """Until when an approved request may be carried out."""
        if self.state is not RequestState.APPROVED or self.decided_at is None:
            return None
        return self.decided_at + timedelta(seconds=self.rule.grant_s)

    def state_at(self, now: datetime) -> RequestState:
        """The state as it is at this moment, whether or not somebody has tidied up since."""
        overdue = self.state is RequestState.PENDING and now >= self.expires_at
        return RequestState.EXPIRED if overdue else self.state

    def executable_at(self, now: datetime) -> bool:
        """Whether an approved request can still be carried out."""
        ends = self.grant_expires_at
        return ends is not None and now < ends and self.execution is ExecutionState.NONE

    def check_digest(self) -> None:
        """Raise PayloadAltered unless the stored text is the one that was asked for."""
        if digest(self.payload_text) != self.digest:
            raise PayloadAltered(name=self.name)

    def vote(self, vote: Vote, tally: "Tally") -> Self:
        """Take one vote that counts: a no rejects, the yes that completes the quorum approves."""
        self._check_open(vote.at)
        if vote.vote is VoteWord.NO:
            return self.reject(vote.person, vote.at, vote.reason)
        if not tally.reached:
            return self
        return self._decided(RequestState.APPROVED, vote.at, vote.person, vote.reason)

    def reject(self, by: PersonId, at: datetime, reason: str) -> Self:
        """Close it with one person's no."""
        self._check_open(at)
        return self._decided(RequestState.REJECTED, at, by, reason)

    def cancel(self, by: PersonId, at: datetime, reason: str = "") -> Self:
        """Take it back."""
        self._check_open(at)
        return self._decided(RequestState.CANCELLED, at, by, reason)

    def expire(self, now: datetime) -> Self:
        """Close it because its time is over; before that it stays as it is."""
        if self.state_at(now) is not RequestState.EXPIRED or self.state is RequestState.EXPIRED:
            return self
        return self._decided(RequestState.EXPIRED, self.expires_at, None, "")

    def void(self, at: datetime, why: str) -> Self:
        """Close it because what was asked for is no longer so; after the approval its execution is closed."""
        if self.state is RequestState.APPROVED and self.execution is ExecutionState.NONE:
            note = one_line(why, REASON_LENGTH_MAX)
            return replace(self, execution=ExecutionState.VOID, execution_at=at, outcome=note)
        self._check_open(at)
        return self._decided(RequestState.VOID, at, None, why)

    def claim(self, now: datetime) -> Self:
        """Take the one execution; raises NotApproved, ExecutionClosed or GrantExpired."""
        if self.state is not RequestState.APPROVED or self.decided_at is None:
            raise NotApproved(name=self.name, state=self.state_at(now))
        if self.execution is not ExecutionState.NONE:
            raise ExecutionClosed(name=self.name, execution=self.execution)
        if not self.executable_at(now) or now < self.decided_at:
            ends = self.decided_at + timedelta(seconds=self.rule.grant_s)
            raise GrantExpired(issued_at=self.decided_at, expires_at=ends, now=now)
        return replace(self, execution=ExecutionState.CLAIMED, execution_at=now)

    def finish(self, execution: ExecutionState, outcome: str, at: datetime) -> Self:
        """Record how the claimed execution ended: executed, failed, or unknown."""
        if execution not in OUTCOMES:
            raise OutcomeImpossible(outcome=execution)
        if self.execution is not ExecutionState.CLAIMED:
            raise ExecutionClosed(name=self.name, execution=self.execution)
        outcome = one_line(outcome, REASON_LENGTH_MAX)
        return replace(self, execution=execution, execution_at=at, outcome=outcome)

    def _check_open(self, at: datetime) -> None:
        state = self.state_at(at)
        if state is not RequestState.PENDING:
            raise RequestClosed(state=state, decided_at=self.decided_at or self.expires_at)

    def _decided(self, state: RequestState, at: datetime, by: PersonId | None, note: str) -> Self:
        note = one_line(note, REASON_LENGTH_MAX)
        return replace(self, state=state, decided_at=at, decided_by=by, note=note)
