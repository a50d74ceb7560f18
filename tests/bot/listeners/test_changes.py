"""From `/peak roster propose` to the roster in force, through forms and buttons, with a code for each yes."""

from dataclasses import replace
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.in_force import Kind, Rules
from approvals.person import Role
from approvals.request import ExecutionState
from bot.summaries import CodeAsked
from bot.view import as_dicts
from bot.views.answer_form import approve_form
from bot.views.requests import EXECUTE, request_card
from tests.approvals.desk import OLIVIA, OTTO, SAM, a_policy, a_rule, roster_with
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig
from tests.bot.operations.test_limits import LIMITS


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """A desk in whose people.toml Sam has just become an owner."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.with_policy(a_policy(a_rule("roster.change", step_up=True), a_rule("factor.change", step_up=True)))
    rig.enrols(OTTO, OLIVIA)
    after = roster_with(replace(SAM, roles=frozenset({Role.OWNER})))
    rig.files = Rules(after, rig.desk.policy)
    return Listening(rig, tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """The forms that Slack was asked to open."""
    views: list[View] = []
    monkeypatch.setattr(WebClient, "views_open", lambda _client, *, trigger_id, view: views.append(view))
    return views


def test_a_roster_is_proposed_approved_and_put_in_force_from_slack(
    desk: Listening, opened: list[View]
) -> None:
    """Form, card and form of the approval each show the field that differs; then the desk goes by it."""
    rig = desk.rig
    desk.says("roster propose Sam stands in for Olivia")
    (form,) = opened
    assert "sam, roles: none → owner" in str(as_dicts(form.blocks or []))

    assert desk.submits(form, cause="view:1", reason="Sam stands in", code=rig.code(OTTO)) == {}
    (request,) = rig.read(lambda tx: tx.requests.recent(5))
    card = desk.card(request)
    assert "sam, roles: none → owner" in str(as_dicts(request_card(card).blocks))
    answer = approve_form(card, "C0APPROVALS", True, CodeAsked("amber falcon"))
    assert "sam, roles: none → owner" in str(as_dicts(answer.blocks or []))
    assert desk.submits(answer, OLIVIA, cause="view:2", code=rig.code(OLIVIA)) == {}
    desk.presses(EXECUTE, request.id)

    assert rig.request(request.id).execution is ExecutionState.EXECUTED
    assert rig.desk.roster.as_value() == rig.files.roster.as_value()
    assert "in force from now on" in desk.answers()[-1]


def test_a_proposal_without_a_code_files_nothing(desk: Listening, opened: list[View]) -> None:
    """The asker's own yes needs the second factor too, and the form says so at its field."""
    desk.says("roster propose Sam stands in for Olivia")

    told = desk.submits(opened[0], reason="Sam stands in", code="000000")

    assert "not a code of yours" in told["errors"]["code"]
    assert desk.rig.read(lambda tx: tx.requests.recent(5)) == []


def test_nothing_to_propose_opens_no_form(desk: Listening, opened: list[View]) -> None:
    """Whoever asks is told at once."""
    desk.says("policy propose why not")

    assert opened == []
    assert "nothing to agree to" in desk.answers()[-1]


def test_a_new_factor_is_asked_for_from_slack(desk: Listening, opened: list[View]) -> None:
    """The form says for whom, the card has no button: the terminal carries it out."""
    rig = desk.rig
    desk.says("factor Rita first phone")
    assert "Rita: a first second factor" in str(as_dicts(opened[0].blocks or []))

    assert desk.submits(opened[0], reason="first phone", code=rig.code(OTTO)) == {}
    (request,) = rig.read(lambda tx: tx.requests.recent(5))
    answer = approve_form(desk.card(request), "C0APPROVALS", True, CodeAsked("amber falcon"))
    assert desk.submits(answer, OLIVIA, cause="view:2", code=rig.code(OLIVIA)) == {}

    shown = str(as_dicts(request_card(desk.card(request)).blocks))
    assert "with peak-ops enrol" in shown
    assert EXECUTE not in shown
    desk.presses(EXECUTE, request.id)
    assert rig.request(request.id).execution is ExecutionState.NONE


def test_a_factor_of_nobody_opens_no_form(desk: Listening, opened: list[View]) -> None:
    """Nor does one of one's own."""
    for words in ("factor", "factor Otto new phone"):
        desk.says(words, cause=f"command:{words}")

    assert opened == []
    assert "Say whose" in desk.answers()[0]
    assert "about yourself" in desk.answers()[1]


def test_tighter_limits_are_put_in_force_by_one_person(desk: Listening, opened: list[View]) -> None:
    """The form says that nobody else has to agree, and shows each limit; then they count."""
    rig = desk.rig
    wide, tight = ({"limits": {**LIMITS, "max_order_notional": most}} for most in ("100", "50"))
    rig.desk.goes_by(replace(rig.desk.rules, settings={Kind.LIMITS: wide}))
    rig.files = replace(rig.desk.rules, settings={Kind.LIMITS: tight})
    rig.is_begun()

    desk.says("limits propose markets are wild", OLIVIA)
    (form,) = opened
    shown = str(as_dicts(form.blocks or []))
    assert "limits, max_order_notional: 100 → 50" in shown
    assert "Nobody else has to agree" in shown
    assert desk.submits(form, OLIVIA, cause="view:1", reason="markets are wild") == {}

    assert rig.desk.rules.value(Kind.LIMITS) == tight
    assert rig.read(lambda tx: tx.requests.recent(5)) == []
    (told,) = [row for row in rig.announced() if row.key.startswith("limits.tightened:")]
    assert "tightened by Olivia: limits, max_order_notional: 100 → 50. markets are wild" in told.body["text"]
