"""What was claimed by a bot that died gets the outcome that can be known."""

import pytest

from approvals.request import ExecutionState, RequestId
from bot.operations.claimed import FinishClaimed
from bot.operations.halt import ClearHalt
from tests.approvals.desk import OTTO
from tests.bot.operations.rig import Rig
from tests.bot.operations.test_clearing import rearm_approved
from trading.events import EventKind
from trading.session import SessionState


class Killed(BaseException):
    """The bot is gone in the middle."""


def dies_clearing(rig: Rig, monkeypatch: pytest.MonkeyPatch, *, cleared: bool) -> str:
    """A bot that claimed the end of a halt and died before or after it cleared the latch."""
    request_id = rearm_approved(rig)
    clear = rig.latch.clear

    def dies(*given: object) -> None:
        if cleared:
            clear(*given)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(rig.latch, "clear", dies)
        with pytest.raises(Killed):
            ClearHalt(rig.storage, rig.desk, rig.latch)(OTTO, RequestId(request_id))
    assert rig.request(request_id).execution is ExecutionState.CLAIMED
    return request_id


def test_a_latch_that_was_cleared_is_told_as_cleared(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, with the post that the desk would have had."""
    request_id = dies_clearing(rig, monkeypatch, cleared=True)
    finish = FinishClaimed(rig.storage, rig.desk, rig.latch)

    finish()
    finish()

    assert rig.request(request_id).execution is ExecutionState.EXECUTED
    assert ["Otto cleared the halt" in row.body["text"] for row in rig.announced()] == [True]


def test_a_latch_that_still_stands_is_not_told_as_cleared(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far it came, and somebody has to look."""
    request_id = dies_clearing(rig, monkeypatch, cleared=False)

    FinishClaimed(rig.storage, rig.desk, rig.latch)()

    assert rig.request(request_id).execution is ExecutionState.UNKNOWN
    alerts = rig.read(lambda tx: tx.alerts.recent(5))
    assert [(alert.kind, alert.severity) for alert in alerts] == [("execution.unknown", "high")]
    assert rig.announced() == []


def test_a_start_with_its_session_is_left_to_the_session(rig: Rig) -> None:
    """Its events say whether it went live."""
    request = rig.approved()
    rig.goes_live(request.id)

    assert FinishClaimed(rig.storage, rig.desk, rig.latch)() == []
    assert rig.request(request.id).execution is ExecutionState.CLAIMED


def test_a_session_saved_before_the_clear_never_starts(rig: Rig) -> None:
    """It is halted with the claim, before anything can be sent again."""
    request = rig.approved()
    rig.goes_live(request.id)
    request_id = rearm_approved(rig)

    ClearHalt(rig.storage, rig.desk, rig.latch)(OTTO, RequestId(request_id))

    assert not rig.latch.engaged()
    (session,) = rig.sessions()
    assert session.state is SessionState.HALTED
    events = rig.read(lambda tx: tx.events.by_session(session.id))
    assert [event.kind for event in events] == [EventKind.SESSION_HALTED]
