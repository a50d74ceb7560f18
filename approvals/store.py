"""Requests, votes and grants in the database; each store works inside its caller's transaction.

What decides is written by conditional statements, so that two processes on one database cannot both win. The
rows of requests and votes are signed with a key that is not in the database, which is looked at when a vote
is counted and when a request is carried out.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from approvals.errors import (
    AlreadyOpen,
    AskedTooOften,
    ClockSetBack,
    ExecutionClosed,
    GrantUnknown,
    NotApproved,
    QuorumMissing,
    RequestClosed,
    RequestRepeated,
    RequestUnknown,
    RowForged,
)
from approvals.events import RequestCreated, VoteRecorded
from approvals.grant import Grant, GrantId, new_grant_id
from approvals.payload import one_line
from approvals.person import PersonId, Roster
from approvals.quorum import Reason, Refusal, may_vote, refusal, tally
from approvals.request import (
    REASON_LENGTH_MAX,
    ApprovalRequest,
    ExecutionState,
    RequestId,
    RequestState,
    Vote,
    VoteKind,
    VoteWord,
)
from approvals.rows import (
    GRANT,
    REQUEST,
    VOTE,
    grant_of,
    grant_values,
    insert,
    is_signed,
    request_of,
    request_values,
    signed,
    vote_of,
    vote_values,
)

ASKS_MAX = 5
ASKING_SPAN = timedelta(hours=1)
# Clocks are corrected by less than this without anybody having set them.
CLOCK_BACK_MAX = timedelta(seconds=5)

# Made once: every vote runs them, and making a statement costs as much as running it.
_REQUEST = select(REQUEST).where(REQUEST.c.id == bindparam("wanted"))
_LOCKED = _REQUEST.with_for_update()
_VOTES = (
    select(VOTE)
    .where(VOTE.c.request_id == bindparam("wanted"))
    .order_by(VOTE.c.at, VOTE.c.kind.desc(), VOTE.c.person)  # of one moment, the requester comes first
)
_CHANGING = ("state", "decided_at", "decided_by", "note", "execution", "execution_at", "outcome", "mac")
_CHANGED = (
    update(REQUEST)
    .where(REQUEST.c.id == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_PENDING = REQUEST.c.state == RequestState.PENDING
_DECIDED = _CHANGED.where(_PENDING)


class RequestStore:
    """Approval requests and their votes; the key signs their rows.

    `highest` is the highest time that was seen. Nothing is asked, voted or carried out by a clock that was
    set back: what has expired would be alive again.
    """

    def __init__(self, session: Session, key: bytes, highest: datetime | None = None) -> None:
        self._session = session
        self._key = key
        self._highest = highest

    def add(self, request: ApprovalRequest, vote: Vote | None) -> RequestCreated:
        """File a new request with the requester's own yes; None when he asked from a shell.

        Raises RequestRepeated for a cause that filed one before, AlreadyOpen while another one waits,
        AskedTooOften after five in an hour, ClockSetBack.
        """
        self._check_clock(request.created_at)
        if earlier := self.by_cause(request.cause):
            raise RequestRepeated(name=earlier.name)
        expired = self.expire_overdue(request.created_at, _same_act(request))
        if until := self.asks_again_at(request.requested_by, request.created_at):
            raise AskedTooOften(person=request.requested_by, count=ASKS_MAX, until=until)
        if not self._insert(REQUEST, request_values(request)):
            waiting = self._select(_same_act(request), _PENDING)
            name = waiting[0].name if waiting else request.name
            raise AlreadyOpen(action=request.action, account=request.account, name=name)
        if vote is not None:
            vote = _clean(vote, VoteKind.REQUESTER)
            self._insert(VOTE, vote_values(request.id, vote))
        return RequestCreated(request, vote, tuple(expired))

    def get(self, request_id: RequestId) -> ApprovalRequest:
        """Read a request; raises RequestUnknown."""
        found = self._select(REQUEST.c.id == request_id)
        if not found:
            raise RequestUnknown(wanted=request_id)
        return found[0]

    def genuine(self, request_id: RequestId) -> ApprovalRequest:
        """Read a request whose rows this desk wrote; raises RequestUnknown, PayloadAltered or RowForged."""
        return self._genuine(request_id, lock=False)[0]

    def by_cause(self, cause: str) -> ApprovalRequest | None:
        """Find the request that a click or command has filed already."""
        return next(iter(self._select(REQUEST.c.cause == cause)), None)

    def by_name(self, name: str) -> ApprovalRequest:
        """Find a request by its id or its speakable name, the newest of that name; raises RequestUnknown."""
        found = self._select(or_(REQUEST.c.name == name.strip().lower(), REQUEST.c.id == name.strip()))
        if not found:
            raise RequestUnknown(wanted=name)
        return found[-1]

    def votes(self, request_id: RequestId) -> tuple[Vote, ...]:
        """List the votes on a request, oldest first."""
        return tuple(
            vote_of(row) for row in self._connection.execute(_VOTES, {"wanted": request_id}).mappings()
        )

    def open_requests(self, now: datetime) -> list[ApprovalRequest]:
        """List what waits for an answer, oldest first."""
        return self._select(_PENDING, REQUEST.c.expires_at > now)

    def overdue_requests(self, now: datetime, *where: Any) -> list[ApprovalRequest]:
        """List what is still written as pending though its time is over."""
        return self._select(_PENDING, REQUEST.c.expires_at <= now, *where)

    def expire_overdue(self, now: datetime, *where: Any) -> list[ApprovalRequest]:
        """Write as expired what is pending though its time is over; gives those that changed.

        This only tidies up: every read and every vote looks at the time by itself.
        """
        changed = [request.expire(now) for request in self.overdue_requests(now, *where)]
        return [request for request in changed if self.decide(request)]

    def executable_requests(self, now: datetime) -> list[ApprovalRequest]:
        """List what is approved and may still be carried out."""
        return [request for request in self._select(_untouched()) if request.executable_at(now)]

    def lapsed_requests(self, now: datetime) -> list[ApprovalRequest]:
        """List what is approved, was never carried out, and whose time for that is over."""
        return [request for request in self._select(_untouched()) if not request.executable_at(now)]

    def claimed_requests(self) -> list[ApprovalRequest]:
        """List executions that were claimed and have no outcome yet."""
        return self._select(REQUEST.c.execution == ExecutionState.CLAIMED)

    def recent(self, count_max: int) -> list[ApprovalRequest]:
        """List the newest requests, newest first."""
        query = select(REQUEST).order_by(REQUEST.c.created_at.desc(), REQUEST.c.id).limit(count_max)
        return [request_of(row) for row in self._connection.execute(query).mappings()]

    def approved_before(self, action: str, before: datetime, count_max: int) -> list[ApprovalRequest]:
        """List the requests for an act that were approved before a time, the newest first."""
        approved = and_(REQUEST.c.action == action, REQUEST.c.state == RequestState.APPROVED)
        query = select(REQUEST).where(approved, REQUEST.c.created_at < before, REQUEST.c.decided_at < before)
        newest = query.order_by(REQUEST.c.created_at.desc(), REQUEST.c.id).limit(count_max)
        return [request_of(row) for row in self._connection.execute(newest).mappings()]

    def last_answerable(self, action: str) -> ApprovalRequest | None:
        """The newest request for an act that was approved, was rejected, or found no answer in its time."""
        over = REQUEST.c.state.in_((RequestState.APPROVED, RequestState.REJECTED, RequestState.EXPIRED))
        query = select(REQUEST).where(REQUEST.c.action == action, over)
        row = (
            self._connection.execute(query.order_by(REQUEST.c.created_at.desc()).limit(1)).mappings().first()
        )
        return None if row is None else request_of(row)

    def waiting_for(self, action: str, account: str, now: datetime) -> ApprovalRequest | None:
        """The one request for this act on this account that waits for an answer."""
        same_act = and_(REQUEST.c.action == action, REQUEST.c.account == account)
        return next(iter(self._select(same_act, _PENDING, REQUEST.c.expires_at > now)), None)

    def asks_again_at(self, person: PersonId, now: datetime) -> datetime | None:
        """When a person who has asked too often may ask again; None for one who may now."""
        asked = self._asked_at(person, now - ASKING_SPAN)
        return asked[-ASKS_MAX] + ASKING_SPAN if len(asked) >= ASKS_MAX else None

    def asked_since(self, person: PersonId, since: datetime) -> int:
        """Count what a person has asked for after a time."""
        return len(self._asked_at(person, since))

    def record_vote(
        self, request_id: RequestId, vote: Vote, roster: Roster, now: datetime
    ) -> VoteRecorded | Refusal:
        """Count one answer: check it, insert it, tally again, and decide if the quorum is there.

        A vote that would not count is refused and leaves no row. Raises RequestUnknown, and RowForged when
        the request or a vote on it was not written with this key, and ClockSetBack.
        """
        self._check_clock(now)
        request, votes = self._genuine(request_id, lock=True)
        person = roster.by_account(vote.account)
        if person is None or person.id != vote.person:
            return refusal(Reason.NOT_ON_ROSTER)
        if refused := may_vote(request, person, votes, roster, now):
            return refused
        asker = person.id == request.requested_by
        vote = _clean(vote, VoteKind.REQUESTER if asker else VoteKind.APPROVER)
        counted = tally(request, (*votes, vote), roster, now)
        if vote.vote is VoteWord.YES and (reason := dict(counted.set_aside).get(person.id)):
            return refusal(reason, request)
        if not self._insert(VOTE, vote_values(request_id, vote)):
            return refusal(Reason.ALREADY_VOTED)
        after = request.vote(vote, counted)
        if after is not request and not self._change(after, _PENDING):
            raise RequestClosed(state=self.get(request_id).state, decided_at=now)
        return VoteRecorded(after, vote, counted)

    def decide(self, after: ApprovalRequest) -> bool:
        """Write a rejected, cancelled, expired or void request; False if another decision was quicker.

        Only a vote approves: raises QuorumMissing for an approval that did not come from one.
        """
        if after.state is RequestState.APPROVED:
            raise QuorumMissing(name=after.name, missing="the vote that completes them")
        return self._change(after, _PENDING)

    def void_execution(self, after: ApprovalRequest) -> bool:
        """Write that an approved request may no longer be carried out; False if somebody began already."""
        return self._change(after, _untouched())

    def claim_execution(self, request_id: RequestId, roster: Roster, now: datetime) -> bool:
        """Take the one execution of an approved request; False if somebody else has it.

        Looks again at the people, the stored payload, the rows' signatures and the time, and raises
        QuorumMissing, PayloadAltered, RowForged, NotApproved, GrantExpired or ClockSetBack.
        """
        self._check_clock(now)
        request, votes = self._genuine(request_id, lock=True)
        if request.execution not in (ExecutionState.NONE, ExecutionState.VOID):
            return False
        claimed = request.claim(now)
        counted = tally(request, votes, roster, now)
        if not counted.reached:
            raise QuorumMissing(name=request.name, missing=counted.missing)
        return self._change(claimed, _untouched())

    def finish_execution(
        self, request_id: RequestId, execution: ExecutionState, outcome: str, now: datetime
    ) -> ApprovalRequest:
        """Write how a claimed execution ended; raises ExecutionClosed if it was not claimed or has ended."""
        after = self.get(request_id).finish(execution, outcome, now)
        if not self._change(after, REQUEST.c.execution == ExecutionState.CLAIMED):
            raise ExecutionClosed(name=after.name, execution=self.get(request_id).execution)
        return after

    def _check_clock(self, now: datetime) -> None:
        if self._highest is not None and now < self._highest - CLOCK_BACK_MAX:
            raise ClockSetBack(now=now, highest=self._highest)

    @cached_property
    def _connection(self) -> Connection:
        return self._session.connection()

    def _select(self, *where: Any) -> list[ApprovalRequest]:
        query = select(REQUEST).where(*where).order_by(REQUEST.c.created_at, REQUEST.c.id)
        return [request_of(row) for row in self._connection.execute(query).mappings()]

    def _asked_at(self, person: PersonId, since: datetime) -> list[datetime]:
        mine = and_(REQUEST.c.requested_by == person, REQUEST.c.created_at > since)
        query = select(REQUEST.c.created_at).where(mine).order_by(REQUEST.c.created_at)
        return list(self._connection.execute(query).scalars())

    def _genuine(self, request_id: RequestId, *, lock: bool) -> tuple[ApprovalRequest, tuple[Vote, ...]]:
        """A request and its votes, once all of it is seen to be what was written."""
        found = self._connection.execute(_LOCKED if lock else _REQUEST, {"wanted": request_id})
        row = found.mappings().first()
        if row is None:
            raise RequestUnknown(wanted=request_id)
        request = request_of(row)
        request.check_digest()
        votes = self._connection.execute(_VOTES, {"wanted": request_id}).mappings().all()
        if not is_signed(REQUEST, row, self._key):
            raise RowForged(what=f"The request {request.name}")
        for vote in votes:
            if not is_signed(VOTE, vote, self._key):
                raise RowForged(what=f"The vote of {vote['person']} on {request.name}")
        return request, tuple(vote_of(vote) for vote in votes)

    def _insert(self, table: Table, values: Mapping[str, Any]) -> bool:
        return insert(self._connection, table, signed(table, values, self._key))

    def _change(self, after: ApprovalRequest, condition: Any) -> bool:
        whole = signed(REQUEST, request_values(after), self._key)
        values = {f"new_{name}": whole[name] for name in _CHANGING}
        statement = _DECIDED if condition is _PENDING else _CHANGED.where(condition)
        return self._connection.execute(statement, {**values, "wanted": after.id}).rowcount == 1


class GrantStore:
    """Grants, each good for one start."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def issue(self, request: ApprovalRequest) -> Grant:
        """Give out the one grant of an approved request, or the one given out before; raises NotApproved."""
        query = select(REQUEST).where(REQUEST.c.id == request.id)
        request = request_of(self._session.connection().execute(query).mappings().one())
        request.check_digest()
        ends = request.grant_expires_at
        if request.decided_at is None or ends is None:
            raise NotApproved(name=request.name, state=request.state)
        times = {"issued_at": request.decided_at, "expires_at": ends}
        grant = Grant(new_grant_id(), request.id, request.action, request.digest, **times)
        if insert(self._session.connection(), GRANT, grant_values(grant)):
            return grant
        return self._one(GRANT.c.request_id == request.id, request.id)

    def get(self, grant_id: GrantId) -> Grant:
        """Read a grant; raises GrantUnknown."""
        return self._one(GRANT.c.id == grant_id, grant_id)

    def of_request(self, request_id: RequestId) -> Grant:
        """Read the grant of a request; raises GrantUnknown."""
        return self._one(GRANT.c.request_id == request_id, request_id)

    def spend(self, grant_id: GrantId, now: datetime) -> bool:
        """Use a grant up; False if it was used before, has expired, is not good yet, or was never given."""
        good = and_(GRANT.c.spent_at.is_(None), GRANT.c.issued_at <= now, GRANT.c.expires_at > now)
        spent = update(GRANT).where(GRANT.c.id == grant_id, good).values(spent_at=now)
        return self._session.connection().execute(spent).rowcount == 1

    def _one(self, where: Any, wanted: str) -> Grant:
        row = self._session.connection().execute(select(GRANT).where(where)).mappings().first()
        if row is None:
            raise GrantUnknown(wanted=wanted)
        return grant_of(row)


def _same_act(request: ApprovalRequest) -> Any:
    return and_(REQUEST.c.action == request.action, REQUEST.c.account == request.account)


def _clean(vote: Vote, kind: VoteKind) -> Vote:
    return replace(vote, kind=kind, reason=one_line(vote.reason, REASON_LENGTH_MAX))


def _untouched() -> Any:
    approved = REQUEST.c.state == RequestState.APPROVED
    return and_(approved, REQUEST.c.execution == ExecutionState.NONE)
