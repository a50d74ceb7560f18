"""A drill goes the whole way of a live start, does nothing, and says how long people took."""

from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.request import ApprovalRequest, Assurance, ExecutionState, RequestState, VoteWord
from bot.operations.desk import DRILL
from bot.operations.drill import RequestDrill
from bot.operations.filing import Asked
from bot.operations.health import CheckHealth, DeskChecks, Machine
from bot.operations.requests import ExpireRequests
from bot.summaries import CodeAsked
from bot.view import as_dicts
from bot.views import requests as view
from bot.views.drill_form import drill_form
from bot.views.health import health_report
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM, a_policy, a_rule
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig
from tests.bot.views.reading import said


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


def drilled(desk: Listening) -> ApprovalRequest:
    """Otto's drill, whose card hangs."""
    desk.says("drill approval", cause="drill")
    (request,) = desk.rig.read(lambda tx: tx.requests.recent(1))
    desk.hangs(f"request:{request.id}")
    return request


def report(desk: Listening) -> str:
    """What the health report says now."""
    rig, machine = desk.rig, Machine(desk.home)
    checks = DeskChecks(rig.storage, rig.desk, rig.latch, machine)
    health = CheckHealth(rig.storage, rig.desk, checks, machine, rig.gateway).unposted("Otto")
    return said(health_report(health))


def test_a_drill_walks_the_whole_way_and_starts_nothing(desk: Listening) -> None:
    """Asked, approved by an owner, carried out once; the time to answer is told to everybody."""
    request = drilled(desk)
    assert (request.action, request.rule.among) == (DRILL, a_rule().among)
    assert "T1/U7" in [row.lane for row in desk.rig.outgoing("dm")]
    assert "DRILL · Otto asks for an answer" in desk.rig.told()[0][1]

    desk.rig.clock.passes(seconds=72)
    desk.rig.answers(request.id, by=OLIVIA)
    assert "It was approved after 72 s." in str(desk.rig.outgoing("dm")[-1].body["blocks"])
    desk.draws(request.id)
    desk.rig.clock.passes(seconds=10)
    desk.presses(view.EXECUTE, request.id, RITA, cause="a")
    desk.presses(view.EXECUTE, request.id, OTTO, cause="b")
    desk.presses(view.EXECUTE, request.id, OTTO, cause="c")

    others, over, again = desk.answers()[1:]
    assert "Only Otto, who asked, can press this" in others
    assert over == (
        "The drill is over, and nothing was started: approved after 72 s, finished 82 s after it was asked."
    )
    assert "already" in again
    done = desk.rig.request(request.id)
    assert (done.execution, desk.rig.sessions()) == (ExecutionState.EXECUTED, [])
    assert desk.rig.recorded().count("request.execution") == 1
    assert over in [row.body["text"] for row in desk.rig.outgoing("post")]


@pytest.mark.parametrize(
    ("word", "took"), [(VoteWord.NO, "rejected after 72 s"), (None, "nobody answered within 15 min")]
)
def test_a_drill_without_a_yes_is_measured_too(desk: Listening, word: VoteWord | None, took: str) -> None:
    """A no is an answer, silence is the worst one; the asker hears which it was, and the report says it."""
    request = drilled(desk)
    desk.rig.clock.passes(seconds=72)
    if word is None:
        desk.rig.clock.passes(minutes=15)
        ExpireRequests(desk.rig.storage, desk.rig.desk)()
    else:
        desk.rig.answers(request.id, word=word, reason="I am here")

    assert desk.rig.card_of(request).took == took
    assert took in str(desk.rig.outgoing("dm")[-1].body["blocks"])
    desk.rig.clock.passes(days=40)
    assert f"Last approval drill 40 days ago: {took}" in report(desk)


def test_a_report_says_that_nothing_was_ever_drilled(desk: Listening) -> None:
    """And what to type; a drill that was taken back has measured nothing."""
    request = drilled(desk)
    desk.presses(view.CANCEL, request.id)

    assert desk.rig.request(request.id).state is RequestState.CANCELLED
    assert "No approval was ever drilled: `/peak drill approval`" in report(desk)


def test_everything_that_is_said_of_a_drill_says_so_first(desk: Listening) -> None:
    """Nobody is to think at three in the morning that money waits."""
    request = drilled(desk)
    desk.rig.clock.passes(minutes=8)
    desk.rig.reminds()
    ((_, reminder),) = desk.rig.reminded()
    desk.rig.answers(request.id)

    card = view.request_card(desk.rig.card_of(request))
    assert card.text == "DRILL · Otto asks for an answer: Drill, nothing is started"
    assert as_dicts(card.blocks)[0]["text"]["text"] == "DRILL · Otto asks for an answer"
    assert [text for _, text in desk.rig.told() if "DRILL · " not in text] == []
    assert [row.body["text"] for row in desk.rig.outgoing("post") if "DRILL · " not in row.body["text"]] == []
    assert reminder == f"7 min left: {card.text}"


def test_a_drill_asks_for_the_codes_of_a_live_start(desk: Listening, opened: list[View]) -> None:
    """Else it would not show that they work: in the form, and each good once."""
    desk.rig.with_policy(a_policy(a_rule(step_up=True)))
    desk = Listening(desk.rig, desk.home)
    desk.rig.enrols(OTTO, OLIVIA)
    desk.says("drill approval", cause="a")
    assert [form.callback_id for form in opened] == ["drill.request"]

    form = drill_form("C1", CodeAsked("amber falcon"))
    assert "not a code of yours" in desk.submits(form, code="12", cause="b")["errors"]["code"]
    assert desk.submits(form, code=desk.rig.code(OTTO), cause="c") == {}
    (request,) = desk.rig.read(lambda tx: tx.requests.recent(1))
    assert desk.rig.read(lambda tx: tx.requests.votes(request.id))[0].step_up is Assurance.TOTP
    assert "has begun" in desk.answers()[-1]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("drill", "Which drill?"),
        ("drill approvel", "Did you mean approval?"),
        ("drill halt", "“halt” is no drill of this desk"),
    ],
)
def test_a_drill_that_is_not_there_is_named(desk: Listening, typed: str, told: str) -> None:
    """And what there is; nothing is asked for."""
    desk.says(typed)

    assert told in desk.answers()[0]
    assert desk.rig.recorded() == []


def test_who_may_not_ask_may_not_drill(desk: Listening) -> None:
    """The same roles as for a live start."""
    desk.says("drill approval", SAM)

    assert "you hold no role" in desk.answers()[0]
    assert desk.rig.read(lambda tx: tx.requests.recent(1)) == []


def test_rule_18_a_request_from_the_shell_carries_no_yes(desk: Listening) -> None:
    """Its asker says the first one in Slack, where the account is known; no other yes completes it."""
    outcome = RequestDrill(desk.rig.storage, desk.rig.desk).from_shell(OTTO, "root at the shell")
    assert isinstance(outcome, Asked)
    request = outcome.request
    assert desk.rig.read(lambda tx: tx.requests.votes(request.id)) == ()
    assert "filed by root at the shell" in request.reason
    assert {lane for lane, _ in desk.rig.told()} == {str(who.accounts[0]) for who in (OLIVIA, OTTO, RITA)}

    desk.rig.answers(request.id, by=OLIVIA)
    desk.rig.answers(request.id, by=RITA)
    assert desk.rig.request(request.id).state is RequestState.PENDING
    assert desk.rig.card_of(request).could == ("Otto",)

    desk.rig.answers(request.id, by=OTTO)
    assert desk.rig.request(request.id).state is RequestState.APPROVED


def test_a_drill_stands_in_nobodys_way(desk: Listening) -> None:
    """Beside it a live start can be asked for, approved and carried out."""
    request = drilled(desk)

    assert desk.rig.live_session()
    assert desk.rig.request(request.id).state is RequestState.PENDING
