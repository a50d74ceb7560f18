"""Approve and Reject open a form for whoever may answer; what the form sends back is the answer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.person import Person
from approvals.request import RequestState
from bot.faces import face
from bot.views import requests as request_view
from bot.views.answer_form import Answering, approve_form, reject_form
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """The forms that Slack was asked to open."""
    views: list[View] = []

    def views_open(_client: WebClient, *, trigger_id: str, view: View) -> None:
        assert trigger_id
        views.append(view)

    monkeypatch.setattr(WebClient, "views_open", views_open)
    return views


@pytest.fixture
def desk(tmp_path: Path) -> Listening:
    """The listeners of a desk over a database file."""
    return Listening(Rig(open_database(tmp_path), tmp_path), tmp_path)


def test_a_press_opens_the_form_and_decides_nothing(desk: Listening, opened: list[View]) -> None:
    """A slip of the thumb is no answer; the form is that of this request, in the payload that it holds."""
    request = desk.rig.asked()
    desk.card(request)

    desk.presses(request_view.APPROVE, request.id, OLIVIA, cause="a")
    desk.presses(request_view.REJECT, request.id, OLIVIA, cause="b")

    carried = [Answering.from_metadata(form.private_metadata) for form in opened]
    assert [replace(each, opened="") for each in carried] == [
        Answering(request.id, request.digest, "C0APPROVALS", face(desk.blocks[request.id]))
    ] * 2
    assert desk.rig.request(request.id).state is RequestState.PENDING
    assert desk.rig.recorded() == ["request.created"]


@pytest.mark.parametrize(
    ("person", "told"), [(OTTO, "You asked for this yourself"), (SAM, "you hold no role")]
)
def test_who_may_not_answer_gets_no_form(
    desk: Listening, opened: list[View], person: Person, told: str
) -> None:
    """The no comes at the press, in private and on record: one attempt, one row."""
    request = desk.rig.asked()
    desk.card(request)

    desk.presses(request_view.APPROVE, request.id, person)

    assert opened == []
    assert told in desk.answers()[0]
    assert desk.rig.recorded() == ["request.created", "request.vote_refused"]


def test_a_button_elsewhere_opens_nothing(desk: Listening, opened: list[View]) -> None:
    """A look-alike card in the channel is not the card."""
    desk.presses(request_view.APPROVE, desk.rig.asked().id, OLIVIA)

    assert opened == []
    assert "not on the card as I posted it" in desk.answers()[0]


def test_a_no_needs_a_reason_and_everybody_reads_it(desk: Listening) -> None:
    """Blanks and marks that cannot be seen are none; the reason is kept as one line."""
    request = desk.rig.asked()
    form = reject_form(desk.card(request), "C0APPROVALS", practice=True)

    told = desk.submits(form, RITA, reason=" \u200f\n ", cause="a")
    assert "Say why" in told["errors"]["reason"]
    assert desk.rig.request(request.id).state is RequestState.PENDING

    assert desk.submits(form, RITA, reason="too\nlarge <!channel>", cause="b") == {}
    (_, no) = desk.rig.read(lambda tx: tx.requests.votes(request.id))
    assert (no.person, no.reason) == (RITA.id, "too large <!channel>")


def test_a_form_that_showed_something_else_counts_nothing(desk: Listening) -> None:
    """The answer is to the payload that was restated, and to no other."""
    request = desk.rig.asked()
    form = approve_form(desk.card(request), "C0APPROVALS", practice=True)
    form.private_metadata = Answering(request.id, "0" * 64, "C0APPROVALS").as_metadata()

    desk.submits(form, OLIVIA)

    assert "showed something else" in desk.answers()[0]
    assert desk.rig.request(request.id).state is RequestState.PENDING


@pytest.mark.parametrize("metadata", ["", "{", "[]", '{"request_id": 1}', "x" * 3000])
def test_a_form_that_names_no_request_answers_none(desk: Listening, metadata: str) -> None:
    """Whatever comes back in it, nothing is counted and the person is told."""
    request = desk.rig.asked()
    form: Any = approve_form(desk.card(request), "C0APPROVALS", practice=True)
    form.private_metadata = metadata

    desk.submits(form, OLIVIA)

    assert "no approval request" in desk.answers()[0]
    assert desk.rig.request(request.id).state is RequestState.PENDING
