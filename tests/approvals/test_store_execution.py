"""One execution a request, one use a grant."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from approvals.errors import (
    ExecutionClosed,
    GrantExpired,
    GrantUnknown,
    NotApproved,
    PayloadAltered,
    QuorumMissing,
)
from approvals.grant import GrantId
from approvals.payload import canonical
from approvals.request import ExecutionState, RequestId
from approvals.rows import REQUEST
from approvals.store import GrantStore, RequestStore
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    OLIVIA,
    ONE_SECOND,
    OTTO,
    PAYLOAD,
    RITA,
    ROSTER,
    a_request,
    no,
    roster_with,
    roster_without,
)
from tests.approvals.stored import SOON, answer, approve, file, read


def test_an_execution_is_claimed_by_one(database: Database) -> None:
    """The second to press is told that somebody else has it, before and after the outcome."""
    request = approve(database)
    with database.transaction() as session:
        assert RequestStore(session, KEY).claim_execution(request.id, ROSTER, SOON)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert not store.claim_execution(request.id, ROSTER, SOON)
        assert [claimed.id for claimed in store.claimed_requests()] == [request.id]
        after = store.finish_execution(request.id, ExecutionState.EXECUTED, "session ses-1", SOON)
        assert store.claimed_requests() == []
        assert not store.claim_execution(request.id, ROSTER, SOON)
        with pytest.raises(ExecutionClosed):
            store.finish_execution(request.id, ExecutionState.FAILED, "", SOON)
    assert read(database, request) == after
    assert (after.execution, after.outcome) == (ExecutionState.EXECUTED, "session ses-1")


def test_rule_01_people_are_looked_at_again_at_execution(database: Database) -> None:
    """Olivia left between her yes and the start: nothing starts, and nothing is claimed."""
    request = approve(database)
    with database.transaction() as session:
        gone, idle = roster_without(OLIVIA), roster_with(replace(OTTO, active=False))
        for roster, missing in ((gone, "an owner"), (idle, "1 more person")):
            with pytest.raises(QuorumMissing, match=f"^{request.name} has not .*: {missing}"):
                RequestStore(session, KEY).claim_execution(request.id, roster, SOON)
    assert read(database, request).execution is ExecutionState.NONE


def test_rule_02_an_altered_payload_is_not_executed(database: Database) -> None:
    """Somebody edited the stored text after the approval."""
    request = approve(database)
    with database.transaction() as session:
        edited = canonical({**PAYLOAD, "notional": "9999"})
        session.connection().execute(update(REQUEST).values(payload_text=edited))
    with database.transaction() as session:
        with pytest.raises(PayloadAltered):
            RequestStore(session, KEY).claim_execution(request.id, ROSTER, SOON)
        with pytest.raises(PayloadAltered):
            GrantStore(session).issue(request)


def test_an_unapproved_or_late_request_is_not_executed(database: Database) -> None:
    """Pending ones never, approved ones for ten minutes."""
    pending = file(database, a_request(cause="click-2", account="other"))
    request = approve(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        with pytest.raises(NotApproved):
            store.claim_execution(pending.id, ROSTER, SOON)
        with pytest.raises(GrantExpired):
            store.claim_execution(request.id, ROSTER, SOON + timedelta(minutes=10))


def test_drift_voids_what_nobody_has_begun(database: Database) -> None:
    """Before the claim it does, after the claim it comes too late."""
    request = approve(database)
    with database.transaction() as session:
        store = RequestStore(session, KEY)
        assert store.void_execution(request.void(SOON, "fast 10 -> 12"))
        with pytest.raises(ExecutionClosed, match="void"):
            store.claim_execution(request.id, ROSTER, SOON)
        assert not store.void_execution(request.void(SOON, "again"))
    assert read(database, request).outcome == "fast 10 -> 12"


def test_a_grant_is_given_once_and_spent_once(database: Database) -> None:
    """Asking again gives the same grant, spending again gives nothing."""
    request = approve(database)
    with database.transaction() as session:
        grants = GrantStore(session)
        grant = grants.issue(request)
        assert grants.issue(request) == grants.get(grant.id) == grants.of_request(request.id) == grant
        assert (grant.issued_at, grant.expires_at) == (request.decided_at, request.grant_expires_at)
        grant.covers(request.payload_text, request.action, SOON)
    with database.transaction() as session:
        assert GrantStore(session).spend(grant.id, SOON)
        assert not GrantStore(session).spend(grant.id, SOON)


def test_a_grant_is_spent_only_within_its_life(database: Database) -> None:
    """Too early, too late, or never given."""
    request = approve(database)
    with database.transaction() as session:
        grants = GrantStore(session)
        grant = grants.issue(request)
        assert not grants.spend(grant.id, grant.expires_at)
        assert not grants.spend(grant.id, grant.issued_at - ONE_SECOND)
        assert not grants.spend(GrantId("grant-none"), SOON)
        with pytest.raises(GrantUnknown, match="grant-none"):
            grants.get(GrantId("grant-none"))
        with pytest.raises(GrantUnknown, match="no grant req-none"):
            grants.of_request(RequestId("req-none"))
        assert grants.spend(grant.id, grant.expires_at - ONE_SECOND)


def test_a_grant_is_good_from_the_moment_of_the_approval(database: Database) -> None:
    """Not only from the moment after it."""
    request = approve(database)
    with database.transaction() as session:
        grant = GrantStore(session).issue(request)
        assert GrantStore(session).spend(grant.id, grant.issued_at)


def test_a_request_that_is_not_approved_gets_no_grant(database: Database) -> None:
    """Neither while it waits nor once it is rejected."""
    request = file(database)
    with database.transaction() as session, pytest.raises(NotApproved, match=f"^{request.name} is pending"):
        GrantStore(session).issue(request)
    answer(database, request, no(RITA))
    with database.transaction() as session, pytest.raises(NotApproved, match="rejected"):
        GrantStore(session).issue(request)
