"""What can go wrong in an approval; the docstring of an error is its message, its fields are its facts."""

from dataclasses import dataclass
from datetime import datetime
from typing import dataclass_transform


@dataclass_transform(eq_default=False, kw_only_default=True)
class ApprovalError(Exception):
    """An approval was refused."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclass(eq=False, kw_only=True)(cls)

    def __str__(self) -> str:
        """Fill the class's own sentence with this error's facts."""
        return " ".join((type(self).__doc__ or "").split()).format_map(vars(self))


class NotCanonical(ApprovalError):
    """The field {field} holds {found}, which has no one exact text. Use text, whole numbers, Decimals, UTC
    times, lists or tables with text keys.
    """

    field: str
    found: str


class NotADecimal(ApprovalError):
    """{found} is not an amount that can be kept exactly. Give a finite Decimal of at most 64 digits."""

    found: str


class NaiveTime(ApprovalError):
    """The time {found} names no zone, so it could mean any hour. Give an aware time, in UTC."""

    found: str


class AmountInQuery(ApprovalError):
    """Amounts are kept as text and cannot be ordered or added by the database. Read them first, then use
    Decimals.
    """


class AccountUnreadable(ApprovalError):
    """What stands as an account, {text}, is not one. Write TEAM/USER, for example T024BE7LD/U2147483697."""

    text: str


class PersonUnusable(ApprovalError):
    """The entry of {name} cannot be used: {why}. Correct it in people.toml."""

    name: str
    why: str


class RosterAmbiguous(ApprovalError):
    """The roster is ambiguous: {what} stands for both {first} and {second}. Keep one in people.toml."""

    what: str
    first: str
    second: str


class PolicyUnsafe(ApprovalError):
    """The policy row [{action}] cannot be used: {why}. Correct it in policy.toml."""

    action: str
    why: str


class RuleMissing(ApprovalError):
    """The policy has no row [{action}], so nobody may do this. Add the row to policy.toml."""

    action: str


class RequestUnknown(ApprovalError):
    """There is no approval request {wanted}. See what waits with /peak approvals."""

    wanted: str


class RequestRepeated(ApprovalError):
    """This was asked before, as {name}; nothing new was filed. Look at that request instead."""

    name: str


class AlreadyOpen(ApprovalError):
    """A request for {action} on {account} is open already: {name}. Answer or withdraw it first."""

    action: str
    account: str
    name: str


class AskedTooOften(ApprovalError):
    """{person} has asked for {count} approvals within the hour, and no more are taken. Ask again at
    {until:%H:%M} UTC.
    """

    person: str
    count: int
    until: datetime


class RequestClosed(ApprovalError):
    """This request is already {state}; it was decided at {decided_at:%H:%M} UTC. Ask again if
    it is still wanted.
    """

    state: str
    decided_at: datetime


class QuorumMissing(ApprovalError):
    """{name} has not the people it needs: {missing}. It cannot go on without them."""

    name: str
    missing: str


class NotApproved(ApprovalError):
    """{name} is {state}, not approved, so it cannot be carried out."""

    name: str
    state: str


class ExecutionClosed(ApprovalError):
    """The execution of {name} is {execution} already. One approval is good for one act: ask again."""

    name: str
    execution: str


class OutcomeImpossible(ApprovalError):
    """{outcome} is no end of an execution. Say executed, failed or unknown."""

    outcome: str


class PayloadAltered(ApprovalError):
    """What is stored for {name} is no longer what was approved. Nothing was done; halt, and verify the
    record.
    """

    name: str


class RowForged(ApprovalError):
    """{what} is not as this desk wrote it, so nothing was counted and nothing was done. Somebody has written
    to the database: halt, keep a copy of it, and verify the record.
    """

    what: str


class FactorEnrolled(ApprovalError):
    """{person} has had a second factor since {at:%Y-%m-%d %H:%M} UTC, so nothing was changed. Two others
    agree to a new one in Slack, with /peak factor {person} <reason>; it counts 24 hours after its enrolment.
    """

    person: str
    at: datetime


class FactorNotAgreed(ApprovalError):
    """This desk is at work, so two others than {person} have to agree first that a second factor is enrolled,
    in Slack with /peak factor {person} <reason>. Nothing was enrolled.
    """

    person: str


class FactorUnreadable(ApprovalError):
    """The second factor of {person} cannot be read with this PEAK_OPS_SECRET_KEY, or was edited. Nothing was
    counted; halt, and verify the record.
    """

    person: str


class InForceForged(ApprovalError):
    """The {kind} in force in the database is not signed with this PEAK_OPS_SECRET_KEY, so nobody can say that
    it was agreed to. Nothing was done. Verify the record, and find out who wrote to the database.
    """

    kind: str


class InForceReplaced(ApprovalError):
    """The {kind} in force in the database is not the last that the record has, so somebody has taken it away
    or put an older one back. Nothing was done. Verify the record, and find out who wrote to the database.
    """

    kind: str


class ClockSetBack(ApprovalError):
    """This machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, and {highest:%Y-%m-%d %H:%M:%S} was seen before:
    it was set back, so nothing that takes approval is done. Set it right, and wait until that time comes.
    """

    now: datetime
    highest: datetime


class GrantUnknown(ApprovalError):
    """There is no grant {wanted}. Ask for an approval first."""

    wanted: str


class GrantExpired(ApprovalError):
    """The grant was good from {issued_at:%H:%M:%S} until {expires_at:%H:%M:%S} UTC, and it is {now:%H:%M:%S}.
    Ask again.
    """

    issued_at: datetime
    expires_at: datetime
    now: datetime


class GrantMismatch(ApprovalError):
    """The grant is for another {what} ({granted}) than the one about to run ({found}). Ask again
    for this one.
    """

    what: str
    granted: str
    found: str


class EntryUnusable(ApprovalError):
    """A row of the record cannot hold this {field}: {why}."""

    field: str
    why: str


class AnchorUnusable(ApprovalError):
    """Line {number} of the anchors cannot be relied on: {why}. Somebody has written to that file, or the key
    is another one: compare with the heads in the reports channel.
    """

    number: int
    why: str
