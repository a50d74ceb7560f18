"""What the database keeps of requests and votes, and what it lets happen once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.errors import (
    AlreadyOpen,
    AskedTooOften,
    NotApproved,
    QuorumMissing,
    RequestRepeated,
    RequestUnknown,
)
from approvals.events import RequestCreated, VoteRecorded
from approvals.quorum import Reason, Refusal
from approvals.request import RequestId, RequestState, Vote, VoteKind
from approvals.store import GrantStore, RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    ONE_SECOND,
    OTTO,
    RITA,
    ROSTER,
    SAM,
    XENA,
    a_request,
    a_rule,
    asked,
    no,
    roster_with,
    roster_without,
    yes,
)
from tests.approvals.stored import SOON, answer, file, read


def test_a_request_comes_back_as_it_was_filed(database: Database) -> None:
    """Every field, with the rule and the requester's own yes."""
    request = a_request(reason="Größe")
    with database.transaction() as session:
        assert RequestStore(session, KEY).add(request, asked()) == RequestCreated(request, asked())
    with database.reading() as session:
        store = RequestStore(session, KEY)
        assert store.get(request.id) == request
        assert store.votes(request.id) == (asked(),)
        assert (
            store.by_cause("click-1") == store.by_name(request.name) == store.by_name(request.id) == request
        )
        assert store.open_requests(NOON) == store.recent(10) == [request]


def test_what_is_not_there_is_told(database: Database) -> None:
    """An unknown id or name is an error in words, an unknown cause is simply new."""
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        with pytest.raises(RequestUnknown, match="req-none"):
            store.get(RequestId("req-none"))
        with pytest.raises(RequestUnknown, match="amber nothing"):
            store.by_name("amber nothing")
        with pytest.raises(RequestUnknown):
            store.record_vote(RequestId("req-none"), yes(OLIVIA), ROSTER, NOON)
        assert store.by_cause("click-9") is None


def test_one_click_files_one_request(database: Database) -> None:
    """The same click delivered again is answered with the request that it filed."""
    first = file(database)
    with pytest.raises(RequestRepeated, match=first.name):
        file(database, a_request(account="other"))


def test_rule_14_one_open_request_an_action_and_account(database: Database) -> None:
    """A second one has to wait for the first; another account or action need not."""
    first = file(database)
    with pytest.raises(AlreadyOpen, match=first.name):
        file(database, a_request(cause="click-2"))
    file(database, a_request(cause="click-3", account="krakenfutures"))
    file(database, a_request(cause="click-4", rule=a_rule("rearm")))


def test_rule_14_five_requests_a_person_and_hour(database: Database) -> None:
    """The sixth within the hour is refused, and a minute past the hour it is not."""
    for number in range(5):
        at = NOON + timedelta(minutes=number)
        file(database, a_request(cause=f"click-{number}", account=f"venue-{number}", now=at), asked(at=at))
    with pytest.raises(AskedTooOften, match=r"otto has asked for 5 .* 13:00 UTC"):
        file(database, a_request(cause="click-5", account="venue-5", now=NOON + timedelta(minutes=59)))
    with database.reading() as session:
        assert RequestStore(session, KEY).asked_since(OTTO.id, NOON) == 4
    file(database, a_request(RITA, cause="click-6", account="venue-5"), asked(RITA))
    file(database, a_request(cause="click-7", account="venue-7", now=NOON + timedelta(minutes=60)))


@pytest.mark.parametrize("vote", [yes(OLIVIA), no(OLIVIA)])
def test_a_closed_request_makes_room(database: Database, vote: Vote) -> None:
    """Approved or rejected, it no longer stands in the way of the next."""
    answer(database, file(database), vote)
    file(database, a_request(cause="click-2"))


def test_an_expired_request_makes_room_and_is_told(database: Database) -> None:
    """Nobody has tidied up, and it does not block; who files learns whose card to redraw, no other."""
    first = file(database)
    file(database, a_request(cause="click-3", account="other"))
    file(database, a_request(cause="click-4", rule=a_rule("rearm")))
    later = a_request(cause="click-2", now=first.expires_at)
    with database.transaction() as session:
        created = RequestStore(session, KEY).add(later, asked(at=first.expires_at))
    assert [request.id for request in created.expired] == [first.id]
    assert read(database, first).state is RequestState.EXPIRED
    assert read(database, later).state is RequestState.PENDING


def test_the_owners_yes_approves(database: Database) -> None:
    """Vote, tally and decision are written together."""
    request = file(database)
    outcome = answer(database, request, yes(OLIVIA, reason="go\u202e on"))
    assert isinstance(outcome, VoteRecorded)
    assert outcome.tally.reached
    assert outcome.request == read(database, request)
    assert (outcome.request.state, outcome.request.decided_by) == (RequestState.APPROVED, OLIVIA.id)
    with database.reading() as session:
        assert RequestStore(session, KEY).votes(request.id) == (asked(), yes(OLIVIA, reason="go on"))
        assert RequestStore(session, KEY).executable_requests(SOON) == [outcome.request]
        assert RequestStore(session, KEY).executable_requests(SOON + timedelta(hours=1)) == []


def test_a_yes_that_is_not_enough_waits(database: Database) -> None:
    """Rita's yes is kept, and the owner's is still missing."""
    request = file(database)
    outcome = answer(database, request, yes(RITA))
    assert isinstance(outcome, VoteRecorded)
    assert (outcome.request.state, outcome.tally.missing) == (RequestState.PENDING, "an owner")
    answer(database, request, yes(OLIVIA))
    assert read(database, request).state is RequestState.APPROVED


def test_one_eligible_reject_closes(database: Database) -> None:
    """And a yes after it is told so."""
    request = file(database)
    answer(database, request, no(RITA))
    stored = read(database, request)
    assert (stored.state, stored.decided_by, stored.note) == (RequestState.REJECTED, RITA.id, "too large")
    late = answer(database, request, yes(OLIVIA))
    assert isinstance(late, Refusal)
    assert late.reason is Reason.CLOSED


@pytest.mark.parametrize(
    ("vote", "given", "reason"),
    [
        (yes(OTTO), {}, Reason.REQUESTER),
        (no(OTTO), {}, Reason.REQUESTER),
        (yes(SAM), {}, Reason.NO_ROLE),
        (no(SAM), {}, Reason.NO_ROLE),
        (yes(XENA), {}, Reason.NOT_ON_ROSTER),
        (yes(OLIVIA, "T1/U1"), {}, Reason.NOT_ON_ROSTER),
        (yes(OLIVIA), {"roster": roster_without(OLIVIA)}, Reason.NOT_ON_ROSTER),
        (yes(OLIVIA), {"roster": roster_with(replace(OLIVIA, active=False))}, Reason.INACTIVE),
        (yes(OLIVIA), {"now": NOON + timedelta(minutes=15)}, Reason.EXPIRED),
        (yes(OLIVIA), {"now": NOON - ONE_SECOND}, Reason.UNTIMELY),
    ],
)
def test_a_refused_vote_leaves_no_row(
    database: Database, vote: Vote, given: dict[str, object], reason: Reason
) -> None:
    """It is answered with its reason, and the request is as it was."""
    request = file(database)
    outcome = answer(database, request, vote, **given)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is reason
    assert read(database, request) == request
    with database.reading() as session:
        assert RequestStore(session, KEY).votes(request.id) == (asked(),)


def test_a_second_account_gives_no_second_vote(database: Database) -> None:
    """Olivia answered from one account; the other is refused, yes or no."""
    request = file(database, a_request(rule=a_rule(persons=3)))
    assert isinstance(answer(database, request, yes(OLIVIA, "T1/U7")), VoteRecorded)
    for vote in (yes(OLIVIA, "T1/U8"), no(OLIVIA, "T1/U8")):
        outcome = answer(database, request, vote)
        assert isinstance(outcome, Refusal)
        assert outcome.reason is Reason.ALREADY_VOTED
    assert read(database, request).state is RequestState.PENDING


def test_rule_18_the_requester_of_a_shell_request_votes_in_slack(database: Database) -> None:
    """Filed without a yes; his own comes later, counts as the requester's, and is not enough alone."""
    request = a_request()
    with database.transaction() as session:
        RequestStore(session, KEY).add(request, None)
    first = answer(database, request, yes(OLIVIA))
    assert isinstance(first, VoteRecorded)
    assert first.request.state is RequestState.PENDING
    second = answer(database, request, yes(OTTO))
    assert isinstance(second, VoteRecorded)
    assert (second.vote.kind, second.request.state) == (VoteKind.REQUESTER, RequestState.APPROVED)


def test_rule_09_the_sweep_writes_what_is_over(database: Database) -> None:
    """Once, to the moment at which it was over, and nothing else."""
    request = file(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert store.expire_overdue(request.expires_at - ONE_SECOND) == []
        assert store.overdue_requests(request.expires_at) == [request]
        (expired,) = store.expire_overdue(request.expires_at + timedelta(hours=1))
        assert store.expire_overdue(request.expires_at + timedelta(hours=1)) == []
        assert store.open_requests(request.expires_at) == []
    assert expired == read(database, request)
    assert (expired.state, expired.decided_at) == (RequestState.EXPIRED, request.expires_at)


def test_a_decision_is_not_written_over(database: Database) -> None:
    """Whoever decided on an older reading is told that it was too late."""
    request = file(database)
    answer(database, request, no(RITA))
    with database.transaction() as session:
        assert not RequestStore(session, KEY).decide(request.cancel(OTTO.id, SOON))
    assert read(database, request).state is RequestState.REJECTED


def test_a_request_is_cancelled_or_void(database: Database) -> None:
    """The decision stands in the database as it was made."""
    request = file(database)
    with database.transaction() as session:
        assert RequestStore(session, KEY).decide(request.cancel(OTTO.id, SOON, "never mind"))
    assert read(database, request) == request.cancel(OTTO.id, SOON, "never mind")


def test_only_a_vote_approves(database: Database) -> None:
    """A request that was made to look approved cannot be written as such."""
    request = file(database)
    forged = replace(request, state=RequestState.APPROVED, decided_at=SOON)
    with database.transaction() as session:
        with pytest.raises(QuorumMissing, match=f"^{request.name} has not .*: the vote that completes them"):
            RequestStore(session, KEY).decide(forged)
        with pytest.raises(NotApproved):
            GrantStore(session).issue(forged)
