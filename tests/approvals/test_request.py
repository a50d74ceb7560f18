"""A request changes only in the ways that are legal."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.errors import (
    ExecutionClosed,
    GrantExpired,
    NotApproved,
    OutcomeImpossible,
    PayloadAltered,
    PolicyUnsafe,
    RequestClosed,
)
from approvals.payload import canonical, digest, speakable_name
from approvals.person import Role
from approvals.quorum import tally
from approvals.request import ApprovalRequest, ExecutionState, RequestState
from tests.approvals.desk import (
    NOON,
    OLIVIA,
    ONE_SECOND,
    OTTO,
    PAYLOAD,
    RITA,
    ROSTER,
    a_request,
    a_rule,
    asked,
    no,
    yes,
)

SOON = NOON + timedelta(minutes=1)
LATER = NOON + timedelta(minutes=2)
FINAL = [state for state in RequestState if state is not RequestState.PENDING]


def approved(request: ApprovalRequest | None = None) -> ApprovalRequest:
    """A request to which Olivia said yes at noon."""
    request = request or a_request()
    return request.vote(yes(OLIVIA), tally(request, [asked(), yes(OLIVIA)], ROSTER, NOON))


def test_rule_01_the_rule_is_frozen_into_the_request() -> None:
    """What the policy says later does not change what was asked under it."""
    rule = a_rule(expires_s=60, grant_s=30, among=[Role.OWNER, Role.RISK_OFFICER])
    request = a_request(rule=rule)
    assert request.rule == rule
    assert request.expires_at == NOON + timedelta(seconds=60)


def test_rule_02_what_will_run_is_stored_as_it_was_asked() -> None:
    """The digest on the card is that of the stored text, and the text is the payload."""
    request = a_request()
    assert (request.action, request.account, request.cause) == ("live.activate", "kraken", "click-1")
    assert request.payload_text == canonical(PAYLOAD)
    assert request.digest == digest(canonical(PAYLOAD))
    assert request.payload["notional"] == "100"
    request.check_digest()


def test_rule_02_an_altered_payload_is_found() -> None:
    """A stored text that was changed afterwards no longer has its digest."""
    request = replace(a_request(), payload_text=canonical({**PAYLOAD, "fast": 11}))
    with pytest.raises(PayloadAltered, match=f"stored for {request.name} is no longer what was approved"):
        request.check_digest()


def test_a_request_has_a_name_of_its_own() -> None:
    """Two requests for the same thing are told apart."""
    first, second = a_request(), a_request()
    assert first.id != second.id
    assert re.fullmatch(r"req-[0-9a-f]{16}", first.id)
    assert first.name == speakable_name(first.id)


def test_a_typed_reason_is_one_line() -> None:
    """A reason cannot add lines to a card or a log, and not flood them either."""
    assert a_request(reason=" small\nrun\u202e ").reason == "small run"
    assert a_request(reason="x" * 501).reason == "x" * 500


def test_whom_it_is_about_is_not_among_those_who_could_agree() -> None:
    """Only Olivia is an owner, so nobody could agree to a change of her own factor."""
    with pytest.raises(PolicyUnsafe, match="holds the role owner"):
        a_request(payload={"concerns": OLIVIA.id})
    assert a_request(payload={"concerns": RITA.id}).concerns == RITA.id


def test_a_yes_that_completes_the_quorum_approves() -> None:
    """Olivia is the second person and the owner."""
    request = approved()
    assert (request.state, request.decided_by, request.decided_at) == (RequestState.APPROVED, OLIVIA.id, NOON)
    assert request.grant_expires_at == NOON + timedelta(seconds=600)


def test_a_yes_that_is_not_enough_changes_nothing() -> None:
    """Rita agrees, and the owner is still missing."""
    request = a_request()
    assert request.vote(yes(RITA), tally(request, [asked(), yes(RITA)], ROSTER, NOON)) is request


def test_one_no_closes_the_request() -> None:
    """A reject stands, with its reason, whatever else was said."""
    request = a_request()
    closed = request.vote(no(RITA), tally(request, [asked(), no(RITA)], ROSTER, NOON))
    assert (closed.state, closed.decided_by, closed.note) == (RequestState.REJECTED, RITA.id, "too large")
    assert closed.decided_at == NOON


def test_rule_09_expiry_is_seen_at_every_read() -> None:
    """To the second, and without anybody having tidied up."""
    request = a_request()
    assert request.state_at(request.expires_at - ONE_SECOND) is RequestState.PENDING
    assert request.state_at(request.expires_at) is RequestState.EXPIRED
    assert request.state is RequestState.PENDING


def test_rule_09_nothing_that_timed_out_counts_as_a_yes() -> None:
    """A yes at the very moment of expiry is too late."""
    request = a_request()
    late = yes(OLIVIA, at=request.expires_at)
    with pytest.raises(RequestClosed, match="already expired"):
        request.vote(late, tally(request, [asked(), yes(OLIVIA)], ROSTER, NOON))


def test_expiring_early_changes_nothing() -> None:
    """The sweep cannot close what is still open, nor close a thing twice."""
    request = a_request()
    assert request.expire(SOON) is request
    closed = request.expire(request.expires_at + timedelta(hours=3))
    assert (closed.state, closed.decided_at) == (RequestState.EXPIRED, request.expires_at)
    assert (closed.decided_by, closed.note) == (None, "")
    assert closed.expire(request.expires_at + timedelta(hours=4)) is closed


@pytest.mark.parametrize("state", FINAL)
def test_rule_04_a_final_state_is_left_by_nothing(state: RequestState) -> None:
    """Approved too is final: to stop, halt."""
    request = replace(a_request(), state=state, decided_at=NOON, execution=ExecutionState.CLAIMED)
    full = tally(request, [asked(), yes(OLIVIA)], ROSTER, NOON)
    for change in (
        lambda: request.vote(yes(OLIVIA), full),
        lambda: request.vote(no(OLIVIA), full),
        lambda: request.reject(OLIVIA.id, SOON, "no"),
        lambda: request.cancel(OTTO.id, SOON),
        lambda: request.void(SOON, "limits changed"),
    ):
        with pytest.raises(RequestClosed, match=f"already {state}.*12:00 UTC"):
            change()
    assert request.expire(NOON + timedelta(days=1)) is request


def test_cancel_and_void_close_what_is_open() -> None:
    """The requester takes it back, or the desk finds that it no longer holds."""
    withdrawn = a_request().cancel(OTTO.id, SOON, "never mind")
    assert (withdrawn.state, withdrawn.decided_by, withdrawn.decided_at) == (
        RequestState.CANCELLED,
        OTTO.id,
        SOON,
    )
    assert (withdrawn.note, a_request().cancel(OTTO.id, SOON).note) == ("never mind", "")
    closed = a_request().void(SOON, "notional 100 -> 250")
    assert (closed.state, closed.note) == (RequestState.VOID, "notional 100 -> 250")
    assert (closed.decided_at, closed.decided_by) == (SOON, None)
    assert a_request().void(SOON, "x" * 501).note == "x" * 500


def test_drift_after_the_approval_voids_the_execution_only() -> None:
    """The approval stands in the record; it can no longer be carried out."""
    request = approved().void(SOON, "fast 10 -> 12")
    assert (request.state, request.execution) == (RequestState.APPROVED, ExecutionState.VOID)
    assert (request.outcome, request.execution_at) == ("fast 10 -> 12", SOON)
    assert approved().void(SOON, "x" * 501).outcome == "x" * 500
    with pytest.raises(ExecutionClosed, match=f"The execution of {request.name} is void already"):
        request.claim(SOON)


def test_an_execution_is_claimed_once() -> None:
    """One approval is good for one act."""
    request = approved().claim(SOON)
    assert (request.execution, request.execution_at) == (ExecutionState.CLAIMED, SOON)
    with pytest.raises(ExecutionClosed, match="claimed already"):
        request.claim(SOON)


@pytest.mark.parametrize("late", [timedelta(seconds=600), timedelta(days=1), timedelta(seconds=-1)])
def test_nothing_is_carried_out_outside_the_grants_life(late: timedelta) -> None:
    """Ten minutes after the approval it is over, and with a clock set back it has not begun."""
    request = approved()
    assert request.executable_at(NOON + timedelta(seconds=599))
    assert request.claim(NOON).execution is ExecutionState.CLAIMED
    with pytest.raises(GrantExpired, match="12:00:00 until 12:10:00"):
        request.claim(NOON + late)


@pytest.mark.parametrize("state", [state for state in RequestState if state is not RequestState.APPROVED])
def test_only_an_approved_request_is_carried_out(state: RequestState) -> None:
    """Pending, rejected, expired, cancelled and void ones are refused in words."""
    request = replace(a_request(), state=state, decided_at=NOON)
    assert request.grant_expires_at is None
    with pytest.raises(NotApproved, match=f"{request.name} is {state}"):
        request.claim(SOON)


@pytest.mark.parametrize("outcome", [ExecutionState.EXECUTED, ExecutionState.FAILED, ExecutionState.UNKNOWN])
def test_an_execution_ends_once(outcome: ExecutionState) -> None:
    """Executed, failed and unknown are three different ends, and each is an end."""
    ended = approved().claim(SOON).finish(outcome, "session\nses-1", LATER)
    assert (ended.execution, ended.outcome, ended.execution_at) == (outcome, "session ses-1", LATER)
    assert approved().claim(SOON).finish(outcome, "x" * 501, SOON).outcome == "x" * 500
    with pytest.raises(ExecutionClosed, match=f"The execution of {ended.name} is {outcome} already"):
        ended.finish(ExecutionState.EXECUTED, "", SOON)
    with pytest.raises(ExecutionClosed):
        ended.claim(SOON)


def test_what_was_not_claimed_cannot_end() -> None:
    """No outcome without an execution, and no execution ends as none."""
    with pytest.raises(ExecutionClosed):
        approved().finish(ExecutionState.EXECUTED, "", SOON)
    with pytest.raises(OutcomeImpossible, match=r"^none is no end of an execution"):
        approved().claim(SOON).finish(ExecutionState.NONE, "", SOON)
