"""One person pauses a session at once; two let it go on, once, and nothing else ever does."""

from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.person import Person
from approvals.request import ApprovalRequest, Assurance, ExecutionState
from bot.operations.desk import RESUME, Refused
from bot.operations.filing import Asked
from bot.operations.pausing import PauseSession
from bot.operations.resuming import RequestResume, Resumed, ResumeLive
from bot.operations.sessions import summarise
from bot.views import requests as view
from bot.views import sessions
from bot.views.sessions import session_card
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig, at_once, refusal
from tests.bot.views.reading import said
from trading.events import EventKind
from trading.health import Check, Verdict
from trading.session import SessionState, TradingSession


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """The forms that Slack was asked to open."""
    views: list[View] = []
    monkeypatch.setattr(WebClient, "views_open", lambda _client, *, trigger_id, view: views.append(view))
    return views


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """The listeners of a desk over a database file."""
    return Listening(Rig(open_database(tmp_path), tmp_path), tmp_path)


def now_of(rig: Rig, session: TradingSession) -> TradingSession:
    """A session as the database has it."""
    found = rig.read(lambda tx: tx.sessions.get(session.id))
    assert found is not None
    return found


def events_of(rig: Rig, session: TradingSession) -> list[EventKind]:
    """What was told of a session."""
    return [event.kind for event in rig.read(lambda tx: tx.events.by_session(session.id))]


def paused(rig: Rig, by: Person = OTTO, reason: str = "spread too wide") -> TradingSession:
    """A live session that somebody has paused."""
    session = rig.live_session()
    PauseSession(rig.storage, rig.desk)(by, (session.id,), reason, "pause:1")
    return now_of(rig, session)


def asks(rig: Rig, session: TradingSession, by: Person = OTTO, cause: str = "r:1") -> Asked | Refused:
    """Ask for it to go on."""
    resume = RequestResume(rig.storage, rig.desk, rig.rehearsing.readiness, rig.latch)
    wanted = rig.desk.rule(RESUME).step_up
    proof = Assurance.TOTP if wanted else Assurance.NONE
    return resume(by, by.accounts[0], session.id, "the spread is back", cause, proof)


def approved(rig: Rig, session: TradingSession) -> ApprovalRequest:
    """A request to resume that Olivia has approved."""
    asked = asks(rig, session)
    assert isinstance(asked, Asked), asked
    assert isinstance(rig.answers(asked.request.id), ApprovalRequest)
    return rig.request(asked.request.id)


def resumes(rig: Rig, request: ApprovalRequest, by: Person = OTTO) -> Resumed | Refused:
    """Press Resume."""
    return ResumeLive(rig.storage, rig.desk, rig.start)(by, request.id)


def test_one_person_pauses_at_once_and_owners_are_told(desk: Listening) -> None:
    """By symbol, with the reason on record, on the card, in the thread and to every owner."""
    session = desk.rig.live_session()
    desk.says("pause btc/usd spread too wide")

    now = now_of(desk.rig, session)
    assert (now.state, now.state_reason) == (SessionState.PAUSED, "paused by Otto: spread too wide")
    assert events_of(desk.rig, session)[-1] is EventKind.SESSION_PAUSED
    assert desk.answers()[-1].startswith("BTC/USD is paused. It opens nothing from now on")
    assert "BTC/USD" in str(desk.rig.told()[-1]), desk.rig.told()
    assert "session.pause" in desk.rig.recorded()
    assert f"session:{session.id}" in desk.rig.cards()


def test_the_pause_button_does_the_same(desk: Listening) -> None:
    """It stands on the card of what runs; on that of what is paused stands the way on."""
    session = desk.rig.live_session()
    summary = desk.rig.read(lambda tx: summarise(tx, desk.rig.desk, session))
    assert sessions.PAUSE in str([block.to_dict() for block in session_card(summary).blocks])
    desk.presses(sessions.PAUSE, session.id)

    now = now_of(desk.rig, session)
    assert now.state is SessionState.PAUSED
    card = session_card(desk.rig.read(lambda tx: summarise(tx, desk.rig.desk, now)))
    assert sessions.PAUSE not in str([block.to_dict() for block in card.blocks])
    assert "Ask to resume" in str([block.to_dict() for block in card.blocks])


@pytest.mark.parametrize(
    ("typed", "by", "told"),
    [
        ("pause", OTTO, "Which one?"),
        ("pause DOGE/USD", OTTO, "No open session is called “DOGE/USD”"),
        ("pause BTC/USD", SAM, "you hold no role"),
    ],
)
def test_a_pause_that_cannot_be_is_refused_in_words(
    desk: Listening, typed: str, by: Person, told: str
) -> None:
    """Without a name, of nothing, by somebody without a role: nothing changes."""
    session = desk.rig.live_session()
    desk.says(typed, by)
    assert told in desk.answers()[-1]
    assert now_of(desk.rig, session).state is SessionState.RUNNING


def test_what_is_paused_already_is_paused_once_more(desk: Listening) -> None:
    """The first reason stands; the second pause is on record, and told of once however often it is heard."""
    session = paused(desk.rig)
    desk.rig.clock.passes(seconds=1)
    desk.says("pause all once more")
    assert "is paused already (paused by Otto: spread too wide)" in desk.answers()[-1]
    assert now_of(desk.rig, session).state_reason == "paused by Otto: spread too wide"
    for _ in range(2):
        desk.rig.clock.passes(seconds=1)
        PauseSession(desk.rig.storage, desk.rig.desk)(RITA, (session.id,), "the feed is old", "pause:2")
    assert events_of(desk.rig, session).count(EventKind.SESSION_PAUSED) == 3
    assert desk.rig.recorded().count("session.pause") == 3


def test_a_second_pause_voids_an_approval_of_before(rig_of: Rig) -> None:
    """It is paused still, and whoever paused it again saw something of which nobody has judged."""
    rig = rig_of
    session = paused(rig)
    request = approved(rig, session)
    rig.clock.passes(seconds=5)
    PauseSession(rig.storage, rig.desk)(RITA, (session.id,), "the feed is old", "pause:2")

    assert "no longer what was approved" in refusal(resumes(rig, request))
    assert rig.request(request.id).execution is ExecutionState.VOID
    asked = asks(rig, session, cause="r:2")
    assert isinstance(asked, Asked), asked
    why = asked.request.payload["pause"]["why"]
    assert why == "paused by Otto: spread too wide; paused by Rita: the feed is old"


def test_two_people_let_it_go_on_once(desk: Listening, opened: list[View]) -> None:
    """Command, form, job, card, an owner's yes, the asker's press: then it runs, once."""
    session = paused(desk.rig)
    desk.says(f"resume {session.id} the spread is back")
    assert "spread too wide" in said(opened[-1])
    desk.submits(opened[-1], reason="the spread is back")
    (request,) = desk.rig.read(lambda tx: [r for r in tx.requests.recent(5) if r.action == RESUME])
    card = desk.card(request)
    assert "paused by Otto: spread too wide" in said(view.request_card(card))
    assert now_of(desk.rig, session).state is SessionState.PAUSED

    desk.rig.answers(request.id, by=OLIVIA)
    desk.draws(request.id)
    desk.presses(view.EXECUTE, request.id, RITA, cause="a")
    assert "Only Otto, who asked, can press Resume" in desk.answers()[-1]
    desk.presses(view.EXECUTE, request.id, OTTO, cause="b")
    assert now_of(desk.rig, session).state is SessionState.RUNNING
    assert "BTC/USD goes on" in desk.answers()[-1]
    assert events_of(desk.rig, session)[-1] is EventKind.SESSION_RESUMED
    assert desk.rig.request(request.id).execution is ExecutionState.EXECUTED
    desk.presses(view.EXECUTE, request.id, OTTO, cause="c")
    assert "carried out already" in desk.answers()[-1]


def test_pressed_ten_times_at_once_it_goes_on_once(rig_of: Rig) -> None:
    """One approval, one move, one row of it."""
    session = paused(rig_of)
    request = approved(rig_of, session)
    outcomes = at_once([lambda: resumes(rig_of, request) for _ in range(10)])
    assert sum(isinstance(outcome, Resumed) for outcome in outcomes) == 1
    assert events_of(rig_of, session).count(EventKind.SESSION_RESUMED) == 1
    assert rig_of.recorded().count("session.resume") == 1


def test_another_pause_voids_the_approval_of_the_first(rig_of: Rig) -> None:
    """Who approved saw why it was paused; of a later pause nobody has judged."""
    rig = rig_of
    session = paused(rig)
    request = approved(rig, session)
    with rig.storage.transaction() as tx:
        tx.sessions.move(session, session.moved(SessionState.RUNNING, tx.now, "by hand"))
    rig.clock.passes(seconds=5)
    PauseSession(rig.storage, rig.desk)(RITA, (session.id,), "the feed is old", "pause:2")

    assert "no longer what was approved" in refusal(resumes(rig, request))
    assert rig.request(request.id).execution is ExecutionState.VOID
    assert now_of(rig, session).state is SessionState.PAUSED


def test_without_readiness_nothing_is_asked_for(rig_of: Rig) -> None:
    """The check that failed is named."""
    session = paused(rig_of)
    rig_of.rehearsing.checks = (Check("loss of the day", Verdict.FAILED, "it has reached its limit", 1),)
    assert "loss of the day: it has reached its limit" in refusal(asks(rig_of, session))


def test_what_cannot_go_on_is_not_asked_for(rig_of: Rig) -> None:
    """A session that runs, one whose activation is over, anything while everything is halted."""
    rig = rig_of
    session = rig.live_session()
    assert "is running and not paused" in refusal(asks(rig, session))
    PauseSession(rig.storage, rig.desk)(OTTO, (session.id,), "", "pause:1")
    assert "hold no role" in refusal(asks(rig, session, by=SAM))
    request = approved(rig, session)
    rig.clock.passes(days=7)
    assert "The activation of BTC/USD ended" in refusal(asks(rig, session, cause="late"))
    rig.halted()
    assert "Everything is halted, so nothing can go on" in refusal(asks(rig, session, cause="halted"))
    assert rig.request(request.id).execution is not ExecutionState.EXECUTED


def test_a_live_session_ends_after_the_time_of_the_policy(rig_of: Rig) -> None:
    """Seven days where the policy says nothing; it stands in what was approved."""
    session = rig_of.live_session()
    request = rig_of.request(str(session.request_id))
    assert session.ends_at == session.created_at + timedelta(days=7)
    assert request.payload["active_s"] == 7 * 24 * 3600


@pytest.fixture
def rig_of(tmp_path: Path) -> Rig:
    """A desk over a database file, without listeners."""
    return Rig(open_database(tmp_path), tmp_path)
