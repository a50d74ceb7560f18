"""Sessions and the states they may pass through."""

from datetime import timedelta

import pytest

from approvals.errors import GrantExpired, GrantMismatch
from approvals.grant import Grant, GrantId
from approvals.payload import digest
from tests.trading.given import NOON, a_plan, a_session
from trading.errors import IllegalTransition, UnapprovedSession
from trading.session import SessionPlan, SessionState, Stage, TradingSession

LATER = NOON + timedelta(minutes=5)
S = SessionState

LEGAL = {
    S.STARTING: {S.RUNNING, S.STOPPING, S.HALTED, S.FAILED, S.UNKNOWN},
    S.RUNNING: {S.PAUSED, S.STOPPING, S.HALTED, S.FAILED, S.UNKNOWN},
    S.PAUSED: {S.RUNNING, S.STOPPING, S.HALTED, S.FAILED, S.UNKNOWN},
    S.STOPPING: {S.STOPPED, S.HALTED, S.FAILED, S.UNKNOWN},
    S.UNKNOWN: {S.STOPPED, S.HALTED, S.FAILED},
}
LIVE = a_plan(stage=Stage.LIVE)


def a_grant(**changes: object) -> Grant:
    """Give a grant for the payload "payload" that is good for ten minutes."""
    fields = {
        "id": GrantId("grant-1"),
        "request_id": "request-1",
        "action": "live.activate",
        "digest": digest("payload"),
        "issued_at": NOON,
        "expires_at": NOON + timedelta(minutes=10),
    }
    return Grant(**{**fields, **changes})  # type: ignore[arg-type]


def go_live(grant: Grant, payload: str = "payload", plan: SessionPlan = LIVE) -> TradingSession:
    """Start live with a grant, a few minutes after it was issued."""
    return TradingSession.live("s1", plan, grant, payload, "Otto", "first small run", LATER)


@pytest.mark.parametrize("before", list(S))
@pytest.mark.parametrize("after", list(S))
def test_only_legal_moves_are_made(before: SessionState, after: SessionState) -> None:
    """A session that is over stays over, and none stays where it is by moving."""
    session = a_session(state=before)

    if after in LEGAL.get(before, set()):
        assert session.moved(after, LATER, "because").state is after
    else:
        with pytest.raises(IllegalTransition, match=f"is {before} and cannot become {after}"):
            session.moved(after, LATER)


def test_a_session_remembers_when_it_first_ran_and_when_it_ended() -> None:
    """Pausing and resuming does not start it again."""
    session = a_session().moved(S.RUNNING, NOON).moved(S.PAUSED, LATER).moved(S.RUNNING, LATER)
    assert (session.started_at, session.ended_at) == (NOON, None)

    ended = session.moved(S.STOPPING, LATER).moved(S.STOPPED, LATER, "asked to")

    assert (ended.started_at, ended.ended_at, ended.state_reason) == (NOON, LATER, "asked to")


def test_an_unknown_session_is_not_over() -> None:
    """It may still hold orders."""
    assert {state for state in S if state.is_over} == {S.STOPPED, S.HALTED, S.FAILED}


def test_a_grant_starts_a_live_session() -> None:
    """Which names the request that it came from."""
    session = go_live(a_grant())

    assert (session.state, session.request_id, session.created_at) == (S.STARTING, "request-1", LATER)


def test_a_late_grant_starts_nothing() -> None:
    """Ten minutes are ten minutes."""
    with pytest.raises(GrantExpired):
        go_live(a_grant(expires_at=LATER))


@pytest.mark.parametrize("changes", [{"action": "live.resume"}, {"digest": digest("another")}])
def test_a_grant_for_something_else_starts_nothing(changes: dict[str, str]) -> None:
    """Neither for another act nor for another payload."""
    with pytest.raises(GrantMismatch):
        go_live(a_grant(**changes))


def test_a_live_session_cannot_be_written_without_a_request() -> None:
    """By accident least of all."""
    with pytest.raises(UnapprovedSession, match="without a grant"):
        a_session(plan=LIVE)
