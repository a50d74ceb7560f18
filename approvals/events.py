"""What happened to a request; each event says how it stands in the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from approvals.quorum import Refusal, Tally
from approvals.request import ApprovalRequest, Vote

SYSTEM = "peak-ops"


class Recordable(Protocol):
    """Anything that can be written into the record."""

    @property
    def kind(self) -> str:
        """What happened, as `request.created`."""

    @property
    def actor(self) -> str:
        """The person it came from, or the program itself."""

    @property
    def subject(self) -> str:
        """What it happened to."""

    def body(self) -> dict[str, object]:
        """The facts, ready for `canonical`."""


@dataclass(frozen=True, slots=True)
class RequestCreated:
    """Somebody asked; the vote is his own yes, or None when he asked from a shell.

    `expired` are requests for the same act whose time was over, and which made room for this one.
    """

    request: ApprovalRequest
    vote: Vote | None
    expired: tuple[ApprovalRequest, ...] = ()
    kind: ClassVar[str] = "request.created"

    @property
    def actor(self) -> str:
        """The requester."""
        return self.request.requested_by

    @property
    def subject(self) -> str:
        """The request."""
        return self.request.id

    def body(self) -> dict[str, object]:
        """What was asked for, and under which rule."""
        request = self.request
        return {
            "name": request.name,
            "action": request.action,
            "account": request.account,
            "reason": request.reason,
            "digest": request.digest,
            "payload": request.payload_text,
            "rule": request.rule.as_value(),
            "expires_at": request.expires_at,
            "vote": None if self.vote is None else vote_value(self.vote),
        }


@dataclass(frozen=True, slots=True)
class VoteRecorded:
    """An answer was counted; the request is shown as it is after it.

    `seen` are digests of what the voter was shown, by what it was: the card, the form.
    """

    request: ApprovalRequest
    vote: Vote
    tally: Tally
    seen: Mapping[str, str] = field(default_factory=dict)
    kind: ClassVar[str] = "request.vote"

    @property
    def actor(self) -> str:
        """The voter."""
        return self.vote.person

    @property
    def subject(self) -> str:
        """The request."""
        return self.request.id

    def body(self) -> dict[str, object]:
        """The answer, who counts now, and where the request stands."""
        return {
            **vote_value(self.vote),
            "counted": [person.id for person in self.tally.counted],
            "digest": self.request.digest,
            "state": self.request.state,
            **({"seen": self.seen} if self.seen else {}),
        }


@dataclass(frozen=True, slots=True)
class VoteRefused:
    """Somebody tried to answer and was told no."""

    request: ApprovalRequest
    by: str
    refusal: Refusal
    kind: ClassVar[str] = "request.vote_refused"

    @property
    def actor(self) -> str:
        """The person or, for a stranger, the account."""
        return self.by

    @property
    def subject(self) -> str:
        """The request."""
        return self.request.id

    def body(self) -> dict[str, object]:
        """Why not."""
        return {"reason": self.refusal.reason, "state": self.request.state}


@dataclass(frozen=True, slots=True)
class RequestDecided:
    """A request reached a final state."""

    request: ApprovalRequest
    kind: ClassVar[str] = "request.decided"

    @property
    def actor(self) -> str:
        """Whose word it was that decided."""
        return self.request.decided_by or SYSTEM

    @property
    def subject(self) -> str:
        """The request."""
        return self.request.id

    def body(self) -> dict[str, object]:
        """How it ended."""
        request = self.request
        return {"state": request.state, "note": request.note, "digest": request.digest}


@dataclass(frozen=True, slots=True)
class ExecutionChanged:
    """The carrying out of an approved request was claimed, ended, or became void."""

    request: ApprovalRequest
    by: str = SYSTEM
    kind: ClassVar[str] = "request.execution"

    @property
    def actor(self) -> str:
        """Who pressed for it."""
        return self.by

    @property
    def subject(self) -> str:
        """The request."""
        return self.request.id

    def body(self) -> dict[str, object]:
        """Where the execution stands."""
        request = self.request
        return {"execution": request.execution, "outcome": request.outcome, "digest": request.digest}


def vote_value(vote: Vote) -> dict[str, object]:
    """A vote, ready for `canonical`."""
    return {
        "person": vote.person,
        "vote": vote.vote,
        "kind": vote.kind,
        "at": vote.at,
        "account": str(vote.account),
        "step_up": vote.step_up,
        "reason": vote.reason,
    }
