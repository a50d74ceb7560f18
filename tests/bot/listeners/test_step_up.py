"""A yes with a code: one person's, for one request, once; whatever else is typed gives nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.factor import STEP_S, TRIES_MAX
from approvals.person import Person
from approvals.request import ApprovalRequest, Assurance, RequestState
from bot.payloads import kept
from bot.summaries import CodeAsked
from bot.view import as_dicts
from bot.views import requests as request_view
from bot.views.answer_form import approve_form, reject_form
from bot.views.rearm_form import rearm_form
from bot.views.status import ASK_TO_CLEAR
from tests.approvals.desk import OLIVIA, OTTO, RITA, a_policy, a_rule
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import ETH, Rig, refusal


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """A desk whose policy asks for codes; Otto and Olivia have a factor, Rita has none."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.with_policy(a_policy(a_rule(step_up=True), a_rule("rearm", step_up=True)))
    rig.enrols(OTTO, OLIVIA)
    return Listening(rig, tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """The forms that Slack was asked to open."""
    views: list[View] = []
    monkeypatch.setattr(WebClient, "views_open", lambda _client, *, trigger_id, view: views.append(view))
    return views


def asked(desk: Listening, **given: Any) -> ApprovalRequest:
    """Otto's request, with his code, hung as a card."""
    request = desk.rig.asked(**given)
    desk.hangs(f"request:{request.id}")
    return request


def approves(
    desk: Listening, request: ApprovalRequest, code: str, by: Person = OLIVIA, cause: str = "view:1"
) -> Mapping[str, Any]:
    """Send the form of Approve with a code; gives what Slack is told at once."""
    form = approve_form(desk.card(request), "C0APPROVALS", True, CodeAsked("amber falcon"))
    return desk.submits(form, by, cause=cause, code=code)


def test_a_yes_with_a_code_counts_and_the_record_says_how_surely(desk: Listening) -> None:
    """Both persons' votes carry their assurance, in the record and for whoever looks."""
    request = asked(desk)

    assert approves(desk, request, desk.rig.code(OLIVIA)) == {}

    assert desk.rig.request(request.id).state is RequestState.APPROVED
    votes = desk.rig.read(lambda tx: tx.requests.votes(request.id))
    assert [vote.step_up for vote in votes] == [Assurance.TOTP] * 2
    rows = desk.rig.read(lambda tx: list(tx.audit.entries()))
    assert [row.body["step_up"] for row in rows if row.kind == "request.vote"] == ["totp"]
    (line,) = desk.rig.outgoing("post")
    assert "*Olivia* said *yes*, with a code. Otto can press" in str(line.body["blocks"])
    desk.rig.goes_live(request.id)
    assert len(desk.rig.sessions()) == 1


def test_a_recovery_code_is_told_apart(desk: Listening) -> None:
    """It counts, and the record says that it was one."""
    request = asked(desk)

    approves(desk, request, desk.rig.recovery_codes[OLIVIA.id][0])

    assert desk.rig.read(lambda tx: tx.requests.votes(request.id))[1].step_up is Assurance.RECOVERY


def wrong(desk: Listening, request: ApprovalRequest) -> str:
    """Six digits of nobody."""
    return "000000" if desk.rig.code(OLIVIA) != "000000" else "000001"


def somebody_elses(desk: Listening, request: ApprovalRequest) -> str:
    """What Otto's app shows."""
    return desk.rig.code(OTTO)


def of_another_request(desk: Listening, request: ApprovalRequest) -> str:
    """The code that Olivia has just typed for another request."""
    code = desk.rig.code(OLIVIA)
    approves(desk, asked(desk, cause="c:2", symbol=ETH), code, cause="view:2")
    return code


def used_before(desk: Listening, request: ApprovalRequest) -> str:
    """A code that is older than one that was taken."""
    older = desk.rig.code(OLIVIA, steps=-1)
    of_another_request(desk, request)
    return older


@pytest.mark.parametrize(
    ("typed", "told", "reason"),
    [
        (wrong, "not a code of yours", "code_wrong"),
        (somebody_elses, "not a code of yours", "code_wrong"),
        (of_another_request, "used for another request", "code_of_another"),
        (used_before, "used before, and each is good once", "code_used"),
        (lambda *_: "", "not a code of yours", "code_wrong"),
        (lambda *_: "<!channel> 12345", "not a code of yours", "code_wrong"),
    ],
    ids=["wrong", "somebody else's", "of another request", "used before", "nothing", "no code"],
)
def test_a_code_that_is_not_good_grants_nothing(
    desk: Listening, typed: Callable[..., str], told: str, reason: str
) -> None:
    """One sentence beside the field, a line in the record, and the request waits on."""
    request = asked(desk)
    code = typed(desk, request)
    before = len(desk.answers())

    reply = approves(desk, request, code, cause="view:bad")

    assert reply["response_action"] == "errors"
    assert told in reply["errors"]["code"]
    assert len(desk.answers()) == before
    last = desk.rig.read(lambda tx: tx.audit.recent(1))[0]
    assert (last.kind, last.body["reason"]) == ("request.vote_refused", reason)
    assert desk.rig.request(request.id).state is RequestState.PENDING
    assert "not approved" in refusal(desk.rig.goes_live(request.id))


def test_the_eleventh_try_is_refused_even_if_right(desk: Listening) -> None:
    """For this request and this person; a halt is never in the way of it."""
    request = asked(desk)
    for number in range(TRIES_MAX):
        approves(desk, request, wrong(desk, request), cause=f"view:{number}")

    reply = approves(desk, request, desk.rig.code(OLIVIA), cause="view:right")

    assert "10 wrong codes were tried here" in reply["errors"]["code"]
    assert desk.rig.request(request.id).state is RequestState.PENDING
    assert desk.rig.recorded().count("request.vote_refused") == TRIES_MAX + 1


def test_who_is_not_enrolled_gets_no_form_and_no_notice(desk: Listening, opened: list[View]) -> None:
    """The no comes at the press; a form sent all the same counts nothing; a Reject needs no factor."""
    request = asked(desk)
    desk.presses(request_view.APPROVE, request.id, RITA)

    assert opened == []
    assert "you have none, so nothing was done" in desk.answers()[0]
    assert "peak-ops enrol rita" in desk.answers()[0]
    assert "you have none" in approves(desk, request, "123456", by=RITA)["errors"]["code"]
    assert str(RITA.accounts[0]) not in [row.lane for row in desk.rig.outgoing("dm")]
    assert desk.submits(reject_form(desk.card(request), "C0", True), RITA, reason="no", cause="view:9") == {}
    assert desk.rig.request(request.id).state is RequestState.REJECTED


def test_an_asker_whom_nobody_could_answer_is_told_at_once(tmp_path: Path) -> None:
    """An owner is missing, and no owner has a factor: he hears it now, and not when the time is over."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.with_policy(a_policy(a_rule(step_up=True)))
    rig.enrols(OTTO, RITA)
    rig.asked()

    ((lane, told),) = rig.told()
    assert lane == str(OTTO.accounts[0])
    assert "has a second factor that counts (Olivia)" in told
    assert "peak-ops enrol" in told


def test_the_form_shows_the_persons_own_two_words(desk: Listening, opened: list[View]) -> None:
    """Whoever draws a form like ours does not know them."""
    request = asked(desk)
    desk.presses(request_view.APPROVE, request.id, OLIVIA)

    phrase = desk.rig.read(lambda tx: tx.factors.get(OLIVIA.id)).phrase  # type: ignore[union-attr]
    (field,) = [each for each in as_dicts(opened[0].blocks or []) if each.get("block_id") == "code"]
    assert f"“{phrase}”" in field["hint"]["text"]


def test_a_halt_is_asked_to_be_cleared_with_a_code(desk: Listening, opened: list[View]) -> None:
    """Typed as a command it opens the form with its reason; a wrong code stays in the form."""
    rig = desk.rig
    rig.halted()
    rig.clock.passes(minutes=6)
    desk.says("rearm feed is back", cause="a")
    desk.presses(ASK_TO_CLEAR, "x", cause="b")
    assert "feed is back" in str(as_dicts(opened[0].blocks or []))
    assert len(opened) == 2

    form = rearm_form("C1", "", CodeAsked("amber falcon"))
    refused = desk.submits(form, reason="feed is back", code="12", cause="view:1")
    assert "not a code of yours" in refused["errors"]["code"]
    assert rig.recorded().count("refused") == 1

    assert desk.submits(form, reason="feed is back", code=rig.code(OTTO), cause="view:2") == {}
    (request,) = rig.read(lambda tx: tx.requests.recent(1))
    assert rig.read(lambda tx: tx.requests.votes(request.id))[0].step_up is Assurance.TOTP


def test_nothing_is_asked_for_without_the_askers_code(desk: Listening) -> None:
    """However it comes to be asked: the asker's own yes needs his factor too."""
    outcome = desk.rig.asks(proof=Assurance.NONE)

    assert "none came with your answer" in refusal(outcome)
    assert desk.rig.recorded() == ["factor.enrolled"] * 2


def test_what_is_kept_of_a_form_holds_no_code(desk: Listening) -> None:
    """Under the very names that our forms use."""
    form = approve_form(desk.card(asked(desk)), "C0APPROVALS", True, CodeAsked("amber falcon"))
    (field,) = [each for each in as_dicts(form.blocks or []) if each["type"] == "input"]
    typed = {
        field["block_id"]: {field["element"]["action_id"]: {"type": "plain_text_input", "value": "123456"}}
    }

    assert "123456" not in str(kept({"view": {"state": {"values": typed}}}))


def test_a_code_is_refused_a_minute_later(desk: Listening) -> None:
    """What was seen over a shoulder is worth nothing for long."""
    request = asked(desk)
    code = desk.rig.code(OLIVIA)
    desk.rig.clock.passes(seconds=2 * STEP_S)

    assert "not a code of yours" in approves(desk, request, code)["errors"]["code"]
