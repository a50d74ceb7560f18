"""What comes between the reading of a request and the writing of what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import ClauseElement, Select, event
from sqlalchemy.dialects import postgresql

from approvals.errors import AlreadyOpen, ClockSetBack, ExecutionClosed, RequestClosed
from approvals.events import VoteRecorded
from approvals.person import Account, Person, PersonId, Role, Roster
from approvals.quorum import Reason, Refusal
from approvals.request import (
    REASON_LENGTH_MAX,
    ApprovalRequest,
    Assurance,
    ExecutionState,
    RequestId,
    RequestState,
    VoteKind,
)
from approvals.rows import VOTE, insert, signed, vote_values
from approvals.store import CLOCK_BACK_MAX, RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    OLIVIA,
    ONE_SECOND,
    OTTO,
    RITA,
    ROSTER,
    a_request,
    a_rule,
    no,
    roster_with,
    yes,
)
from tests.approvals.stored import SOON, answer, approve, file, read


@dataclass(frozen=True)
class Interrupted(Roster):
    """The desk's roster; whoever looks into it is kept waiting until somebody else has done something."""

    act: Callable[[], object] = lambda: None

    def by_account(self, account: Account) -> Person | None:
        """Looked into once a request and its votes are read, before anything is written."""
        self.act()
        return super().by_account(account)

    def get(self, wanted: PersonId) -> Person | None:
        """The same, when those who voted are looked at again."""
        self.act()
        return super().get(wanted)


def interrupted(act: Callable[[], object]) -> Roster:
    """The roster of the tests, with somebody else's act in between."""
    return Interrupted(ROSTER.persons, act)


def test_only_who_decides_locks_the_request(database: Database) -> None:
    """A vote and an execution keep others from its row until they are done; a look at it keeps nobody."""
    request = file(database)
    with database.transaction() as session:
        store, locking = RequestStore(session, KEY), []

        def note(_: object, statement: ClauseElement, *rest: object) -> None:
            if isinstance(statement, Select):
                locking.append("FOR UPDATE" in str(statement.compile(dialect=postgresql.dialect())))

        event.listen(session.connection(), "before_execute", note)
        for act, locks in (
            (lambda: store.genuine(request.id), False),
            (lambda: store.record_vote(request.id, yes(OLIVIA), ROSTER, SOON), True),
            (lambda: store.claim_execution(request.id, ROSTER, SOON), True),
        ):
            act()
            assert any(locking) is locks
            locking.clear()


def test_a_vote_on_what_was_decided_meanwhile_is_told_so(database: Database) -> None:
    """The yes that would have approved changes nothing; the state that was quicker is named."""
    request = file(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        quicker = interrupted(lambda: store.decide(request.cancel(OTTO.id, SOON)))
        with pytest.raises(RequestClosed, match=r"already cancelled; it was decided at 12:01 UTC"):
            store.record_vote(request.id, yes(OLIVIA), quicker, SOON)
    assert read(database, request).state is RequestState.CANCELLED


def test_a_second_vote_that_was_quicker_stands(database: Database) -> None:
    """Of two votes of one person in one moment, one row is written, and the other is told so."""
    request = file(database)
    with database.transaction() as session:
        first = vote_values(request.id, replace(yes(OLIVIA), reason="the first"))
        quicker = interrupted(lambda: insert(session.connection(), VOTE, signed(VOTE, first, KEY)))
        outcome = RequestStore(session, KEY).record_vote(request.id, yes(OLIVIA), quicker, SOON)
        votes = RequestStore(session, KEY).votes(request.id)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.ALREADY_VOTED
    assert [vote.reason for vote in votes] == ["", "the first"]
    assert read(database, request).state is RequestState.PENDING


def test_an_execution_that_was_claimed_or_void_meanwhile_is_not_claimed(database: Database) -> None:
    """Whoever was quicker has it."""
    request = approve(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        quicker = interrupted(lambda: store.void_execution(request.void(SOON, "fast 10 -> 12")))
        assert not store.claim_execution(request.id, quicker, SOON)
    assert read(database, request).execution is ExecutionState.VOID


class Overtaken(RequestStore):
    """A store in which somebody else ends an execution as soon as it was read."""

    def get(self, request_id: RequestId) -> ApprovalRequest:
        """Read it first."""
        found = super().get(request_id)
        if found.execution is ExecutionState.CLAIMED:
            quicker = RequestStore(self._session, self._key)
            quicker.finish_execution(request_id, ExecutionState.FAILED, "no margin", SOON)
        return found


def test_an_end_that_was_quicker_stands(database: Database) -> None:
    """The second end is refused with the word of the first."""
    request = approve(database)
    with database.transaction() as session:
        store = Overtaken(session, KEY)
        assert store.claim_execution(request.id, ROSTER, SOON)
        with pytest.raises(ExecutionClosed, match=f"The execution of {request.name} is failed already"):
            store.finish_execution(request.id, ExecutionState.EXECUTED, "session ses-1", SOON)
    assert read(database, request).outcome == "no margin"


def test_what_stands_in_the_way_of_a_new_request_is_named(database: Database) -> None:
    """The open one of that act and account; where there is none the id was taken: then itself."""
    answer(database, file(database, a_request(cause="click-1")), no(RITA))
    first = file(database, a_request(cause="click-5"))
    file(database, a_request(cause="click-2", account="other"))
    with pytest.raises(AlreadyOpen) as refused:
        file(database, a_request(cause="click-3"))
    assert (refused.value.action, refused.value.account, refused.value.name) == (
        "live.activate",
        "kraken",
        first.name,
    )
    again = replace(first, name="quiet heron", cause="click-4", account="third")
    with pytest.raises(AlreadyOpen, match="on third is open already: quiet heron"):
        file(database, again)


def test_rule_15_by_a_clock_that_was_set_back_nothing_happens(database: Database) -> None:
    """Five seconds are a correction; a second more is refused with both times."""
    request = file(database)
    corrected, set_back = SOON + CLOCK_BACK_MAX, SOON + CLOCK_BACK_MAX + ONE_SECOND
    told = r"clock says 2026-11-23 12:01:00 UTC, and 2026-11-23 12:01:06 was seen before"
    another = a_request(RITA, cause="click-2", account="other", now=SOON)
    with database.transaction() as session:
        store = RequestStore(session, KEY, set_back)
        for act in (
            lambda: store.add(another, None),
            lambda: store.record_vote(request.id, yes(OLIVIA), ROSTER, SOON),
            lambda: store.claim_execution(request.id, ROSTER, SOON),
        ):
            with pytest.raises(ClockSetBack, match=told):
                act()
        store = RequestStore(session, KEY, corrected)
        store.add(another, None)
        assert isinstance(store.record_vote(request.id, yes(OLIVIA), ROSTER, SOON), VoteRecorded)
        assert store.claim_execution(request.id, ROSTER, SOON)


def test_the_askers_own_yes_is_kept_as_such(database: Database) -> None:
    """Whatever kind it came with, on one line, and only as long as a reason may be."""
    request = a_request()
    given = yes(OTTO, reason="go\u202e on " + "x" * 600)
    with database.transaction() as session:
        created = RequestStore(session, KEY).add(request, given)
        (kept,) = RequestStore(session, KEY).votes(request.id)
    assert created.vote == kept
    assert (kept.kind, len(kept.reason)) == (VoteKind.REQUESTER, REASON_LENGTH_MAX)
    assert kept.reason.startswith("go on x")


def test_an_asker_who_may_no_longer_ask_is_told_who_may(database: Database) -> None:
    """He asked from a shell, and lost his role before his own yes came."""
    request = a_request(rule=a_rule(ask=[Role.OPERATOR]))
    with database.transaction() as session:
        RequestStore(session, KEY).add(request, None)
    changed = roster_with(replace(OTTO, roles=frozenset({Role.RISK_OFFICER})))
    outcome = answer(database, request, yes(OTTO), roster=changed)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.MAY_NOT_ASK
    assert "it takes operator. Ask one of them" in outcome.sentence


def test_a_yes_without_the_second_factor_that_a_rule_wants_is_refused(database: Database) -> None:
    """And leaves no row, while a no needs none."""
    request = file(database, a_request(rule=a_rule(step_up=True)), yes(OTTO, step_up=Assurance.TOTP))
    outcome = answer(database, request, yes(OLIVIA))
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.NO_SECOND_FACTOR
    assert isinstance(answer(database, request, no(OLIVIA)), VoteRecorded)
    assert read(database, request).state is RequestState.REJECTED
