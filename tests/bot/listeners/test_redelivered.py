"""An act that comes again after a crash does nothing twice, and tells the person what really happened."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.operations.claimed import FinishClaimed
from bot.views import requests as request_view
from bot.views.alerts import ACKNOWLEDGE
from bot.views.answer_form import approve_form, reject_form
from bot.views.sessions import STOP
from tests.approvals.desk import OLIVIA, OTTO
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import ETH, Rig
from tests.bot.operations.test_alerts import raised
from tests.bot.operations.test_clearing import rearm_approved
from trading.session import SessionState

Act = Callable[..., object]


class Killed(BaseException):
    """The bot is gone in the middle."""


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """The listeners of a desk over a database file."""
    return Listening(Rig(open_database(tmp_path), tmp_path), tmp_path)


def approving(desk: Listening) -> Act:
    """Olivia approves."""
    form = approve_form(desk.card(desk.rig.asked()), "C0APPROVALS", practice=True)
    return lambda **how: desk.submits(form, OLIVIA, **how)


def rejecting(desk: Listening) -> Act:
    """Olivia says no."""
    form = reject_form(desk.card(desk.rig.asked()), "C0APPROVALS", practice=True)
    return lambda **how: desk.submits(form, OLIVIA, reason="too large", **how)


def approving_ones_own(desk: Listening) -> Act:
    """Otto tries to approve what he asked for."""
    request = desk.rig.asked()
    desk.hangs(f"request:{request.id}")
    return lambda **how: desk.presses(request_view.APPROVE, request.id, OTTO, **how)


def withdrawing(desk: Listening) -> Act:
    """Otto takes his request back."""
    request = desk.rig.asked()
    desk.hangs(f"request:{request.id}")
    return lambda **how: desk.presses(request_view.CANCEL, request.id, **how)


def going_live(desk: Listening) -> Act:
    """Otto presses Go live."""
    request = desk.rig.approved()
    desk.hangs(f"request:{request.id}")
    return lambda **how: desk.presses(request_view.EXECUTE, request.id, **how)


def clearing(desk: Listening) -> Act:
    """Otto presses Clear the halt."""
    request_id = rearm_approved(desk.rig)
    desk.hangs(f"request:{request_id}")
    return lambda **how: desk.presses(request_view.EXECUTE, request_id, **how)


def asking_to_clear(desk: Listening) -> Act:
    """Otto asks for the halt to be cleared."""
    desk.rig.halted()
    desk.rig.clock.passes(minutes=6)
    return lambda **how: desk.says("rearm feed is back", **how)


def stopping(desk: Listening) -> Act:
    """Otto stops everything."""
    desk.rig.live_session(cause="a")
    desk.rig.live_session(cause="b", symbol=ETH)
    return lambda **how: desk.says("stop all enough", **how)


def stopping_by_button(desk: Listening) -> Act:
    """Otto stops one session."""
    session = desk.rig.live_session()
    return lambda **how: desk.presses(STOP, session.id, **how)


def acknowledging(desk: Listening) -> Act:
    """Otto takes an alert."""
    alert = raised(desk.rig)
    return lambda **how: desk.presses(ACKNOWLEDGE, alert.id, **how)


def asking_for_health(desk: Listening) -> Act:
    """Otto asks how things are."""
    return lambda **how: desk.says("health", **how)


@pytest.mark.parametrize(
    ("prepare", "recorded"),
    [
        (approving, "request.decided"),
        (rejecting, "request.decided"),
        (approving_ones_own, "request.vote_refused"),
        (withdrawing, "request.decided"),
        (going_live, "session.requested"),
        (clearing, "request.execution"),
        (asking_to_clear, "request.created"),
        (stopping, "session.stop"),
        (stopping_by_button, "session.stop"),
        (acknowledging, "alert.acknowledged"),
        (asking_for_health, "health.check"),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_an_act_that_was_done_is_not_done_again(
    desk: Listening, prepare: Callable[[Listening], Act], recorded: str
) -> None:
    """Killed before it was noted as done: nothing is added to record, messages or sessions."""
    rig = desk.rig
    act = prepare(desk)
    act()
    assert recorded in rig.recorded()
    before = (rig.recorded(), [row.key for row in rig.outgoing()], desk.answers(), rig.sessions())

    act(again=True)

    assert (rig.recorded(), [row.key for row in rig.outgoing()], desk.answers(), rig.sessions()) == before


def test_a_stop_that_the_gateway_finished_is_told_as_stopped(
    desk: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it was being proven: the answer names what was stopped, though nothing is open now."""
    rig = desk.rig
    sessions = [rig.live_session(cause="a"), rig.live_session(cause="b", symbol=ETH)]
    with monkeypatch.context() as patched:
        patched.setattr(desk.stop, "_proven", killed)
        with pytest.raises(Killed):
            desk.says("stop all enough")
    assert [session.state for session in rig.sessions()] == [SessionState.STOPPING] * 2
    for session in sessions:
        rig.venue.stop_session(session.id, "taken up again")

    desk.says("stop all enough", again=True)

    begun, told = desk.answers()
    assert begun.startswith("Stopping ")
    assert told.count("proven by the venue") == 2
    assert rig.recorded().count("session.stop") == 2


def test_a_stop_that_nobody_finished_is_proven_when_it_comes_again(
    desk: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same act takes up its own sessions, and says so."""
    rig = desk.rig
    session = rig.live_session()
    with monkeypatch.context() as patched:
        patched.setattr(desk.stop, "_proven", killed)
        with pytest.raises(Killed):
            desk.presses(STOP, session.id)

    desk.presses(STOP, session.id, again=True)

    assert "proven by the venue" in desk.answers()[1]
    assert rig.venue.stopped == [session.id]


def test_a_stop_that_comes_again_leaves_a_new_session_alone(
    desk: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It meant the session that was open when it was given."""
    rig = desk.rig
    old = rig.live_session(cause="a")
    with monkeypatch.context() as patched:
        patched.setattr(desk.stop, "_proven", killed)
        with pytest.raises(Killed):
            desk.says("stop BTC/USD enough")
    rig.venue.stop_session(old.id, "taken up again")
    new = rig.live_session(cause="b")

    desk.says("stop BTC/USD enough", again=True)

    assert {each.id: each.state for each in rig.sessions()} == {
        old.id: SessionState.STOPPED,
        new.id: SessionState.RUNNING,
    }


@pytest.mark.parametrize("finished_at_start", [True, False], ids=["restarted", "tried again"])
def test_a_halt_that_was_cleared_is_told_as_cleared(
    desk: Listening, monkeypatch: pytest.MonkeyPatch, finished_at_start: bool
) -> None:
    """Killed between the latch and the record: whoever finishes it, the answer is what happened."""
    rig = desk.rig
    act = clearing(desk)
    with monkeypatch.context() as patched:
        patched.setattr(desk.clear_halt, "_finish", killed)
        with pytest.raises(Killed):
            act()
    assert not rig.latch.engaged()
    if finished_at_start:
        FinishClaimed(rig.storage, rig.desk, rig.latch)()

    act(again=True)

    assert desk.answers() == ["The halt is cleared. Nothing has started by itself."]
    assert rig.recorded().count("request.execution") == 2
    assert "refused" not in rig.recorded()
    assert ["cleared the halt" in row.body["text"] for row in rig.announced()] == [True]


def killed(*_: object, **__: object) -> None:
    """End the process here."""
    raise Killed
