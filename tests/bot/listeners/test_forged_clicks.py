"""A click counts only on what we have posted, where we have posted it and as we have posted it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.models.views import View

from approvals.request import RequestState
from bot import faces
from bot.view import as_dicts
from bot.views import requests as view
from bot.views.answer_form import Answering, approve_form
from tests.approvals.desk import OLIVIA, OTTO, RITA
from tests.bot.intake import open_database
from tests.bot.listeners.acting import PLACE, Listening
from tests.bot.operations.rig import ETH, Rig

FORGED = "not on the card as I posted it"
ELSEWHERE = ("C0APPROVALS", "1795360999.000200")


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


def pending(desk: Listening, **asked: str) -> str:
    """Otto's request, whose card hangs."""
    request = desk.rig.asked(**asked)
    desk.hangs(f"request:{request.id}")
    return request.id


def refused_and_told_on(desk: Listening, request_id: str, *, times: int = 1) -> None:
    """Nothing was decided; the person knows, the record knows, and an alert of high severity stands."""
    assert desk.rig.request(request_id).state is RequestState.PENDING
    assert FORGED in desk.answers()[-1]
    assert desk.rig.recorded().count("refused") == times
    (alert,) = desk.rig.read(lambda tx: tx.alerts.recent(5))
    assert (alert.kind, alert.severity, alert.times) == ("card.forged", "high", times)
    assert "make new tokens" in alert.advice
    assert desk.rig.request(request_id).name in alert.detail


def smaller(blocks: Any) -> Any:
    """The card with another amount in its first lines."""
    changed = copy.deepcopy(blocks)
    changed[1]["text"]["text"] = changed[1]["text"]["text"].replace("100 USD", "10 USD")
    return changed


def test_rule_8_the_real_card_opens_the_form(desk: Listening, opened: list[View]) -> None:
    """As Slack hands it back: with ids, defaults and escapes of its own."""
    desk.presses(view.APPROVE, pending(desk), OLIVIA)

    assert len(opened) == 1
    assert desk.answers() == []


@pytest.mark.parametrize("button", [view.APPROVE, view.REJECT, view.CANCEL, view.EXECUTE])
def test_rule_8_no_button_of_an_edited_card_counts(desk: Listening, opened: list[View], button: str) -> None:
    """A stolen bot token can edit our card; the click is refused, told on, and the card is put right."""
    request_id = pending(desk)
    desk.rig.delivered()

    desk.presses(button, request_id, OLIVIA, blocks=smaller(desk.blocks[request_id]))

    assert opened == []
    refused_and_told_on(desk, request_id)
    assert f"request:{request_id}" in [
        row.subject for row in desk.rig.outgoing("card") if row.state == "waiting"
    ]


@pytest.mark.parametrize(
    "extra",
    [
        {"attachments": [{"text": "Approve quickly, I am on the phone"}]},
        {"files": [{"id": "F1"}]},
        {"blocks": None},
        {"blocks": []},
    ],
)
def test_rule_8_nothing_may_hang_beside_the_cards_blocks(
    desk: Listening, opened: list[View], extra: dict[str, Any]
) -> None:
    """What is added below or above them would be read as ours; what shows nothing is no card."""
    request_id = pending(desk)
    desk.presses(view.APPROVE, request_id, OLIVIA, **extra)

    assert opened == []
    refused_and_told_on(desk, request_id)


def post_with_a_stolen_token(desk: Listening, request_id: str) -> dict[str, Any]:
    """Our very blocks, posted once more under our own name."""
    return {"place": ELSEWHERE, "blocks": desk.blocks[request_id]}


def replay_in_another_channel(desk: Listening, request_id: str) -> dict[str, Any]:
    """The same ts, which is unique in one channel only."""
    return {"place": ("C0OPS", PLACE[1]), "blocks": desk.blocks[request_id]}


def look_alike_of_another_app(desk: Listening, request_id: str) -> dict[str, Any]:
    """What another app has posted says so; its place is enough to refuse it."""
    return {
        "place": ELSEWHERE,
        "blocks": desk.blocks[request_id],
        "bot_id": "B0EVIL000",
        "app_id": "A0EVIL000",
    }


@pytest.mark.parametrize(
    "forge", [post_with_a_stolen_token, replay_in_another_channel, look_alike_of_another_app]
)
def test_rule_19_a_copy_of_the_card_counts_nowhere_else(
    desk: Listening, opened: list[View], forge: Callable[..., dict[str, Any]]
) -> None:
    """Letter for letter ours, and not where ours hangs."""
    request_id = pending(desk)
    desk.presses(view.APPROVE, request_id, OLIVIA, cause="a", **forge(desk, request_id))
    desk.presses(view.APPROVE, request_id, OLIVIA, cause="b", **forge(desk, request_id))

    assert opened == []
    refused_and_told_on(desk, request_id, times=2)


def test_rule_19_a_card_of_one_request_cannot_carry_the_button_of_another(
    desk: Listening, opened: list[View]
) -> None:
    """An id in a button is worth nothing without the card on which we have put it."""
    first = pending(desk)
    other = desk.rig.asked(cause="b", symbol="ETH/USD").id

    desk.presses(view.APPROVE, other, OLIVIA, blocks=desk.blocks[first])

    assert opened == []
    refused_and_told_on(desk, other)


def test_rule_19_a_click_that_is_played_again_is_refused_with_its_answer(desk: Listening) -> None:
    """Who has answered gets no second form out of the very same click, whatever is delivered again."""
    request = desk.rig.asked()
    form = approve_form(desk.card(request), "C0APPROVALS", practice=True)
    desk.submits(form, OLIVIA, cause="view:1")
    desk.draws(request.id)

    desk.presses(view.APPROVE, request.id, OLIVIA, cause="again")

    assert "answered this already" in desk.answers()[-1] or "already approved" in desk.answers()[-1]
    assert desk.rig.recorded().count("request.vote") == 1


def test_rule_8_a_form_that_the_bot_did_not_open_counts_nothing(desk: Listening, opened: list[View]) -> None:
    """Neither without its mark, nor with that of another person, request, payload or answer."""
    request_id, other = pending(desk), pending(desk, cause="view:other", symbol=ETH)
    desk.presses(view.APPROVE, request_id, OLIVIA, cause="a")
    (ours,) = opened
    marked = Answering.from_metadata(str(ours.private_metadata))
    false = {
        "none": replace(marked, opened=""),
        "another request": replace(marked, request_id=other),
        "another payload": replace(marked, digest="0" * 64),
    }
    for cause, metadata in false.items():
        ours.private_metadata = metadata.as_metadata()
        desk.submits(ours, OLIVIA, cause=cause, as_sent=True)
    ours.private_metadata = marked.as_metadata()
    desk.submits(ours, RITA, cause="another person", as_sent=True)
    ours.callback_id = "request.rejection"
    desk.submits(ours, OLIVIA, cause="another answer", as_sent=True, reason="no")

    assert "request.vote" not in desk.rig.recorded()
    assert desk.rig.recorded().count("refused") == len(false) + 2
    alerts = desk.rig.read(lambda tx: tx.alerts.recent(9))
    assert {(alert.kind, alert.severity) for alert in alerts} == {("card.forged", "high")}
    assert sum(alert.times for alert in alerts) == len(false) + 2
    assert "not one that I opened for you" in desk.answers()[-1]

    ours.callback_id = "request.approval"
    desk.submits(ours, OLIVIA, cause="ours", as_sent=True)
    assert desk.rig.recorded().count("request.vote") == 1


def test_rule_8_what_was_seen_is_kept_by_its_hash_with_the_vote(desk: Listening, opened: list[View]) -> None:
    """Of the card that was pressed and of the form that was sent; the record holds both."""
    request_id = pending(desk)
    desk.presses(view.APPROVE, request_id, OLIVIA, cause="a")
    card_face = faces.face(desk.blocks[request_id])
    assert Answering.from_metadata(opened[0].private_metadata or "").face == card_face

    desk.submits(opened[0], OLIVIA, cause="b")

    (row,) = [row for row in desk.rig.read(lambda tx: tx.audit.recent(9)) if row.kind == "request.vote"]
    assert row.body["seen"]["card"] == card_face
    assert len(row.body["seen"]["form"]) == 64


def test_a_home_tab_that_we_have_published_counts(desk: Listening, opened: list[View]) -> None:
    """The same card stands there; one that somebody else has published with our token does not count."""
    request_id = pending(desk)
    home = as_dicts(view.request_card(desk.card(desk.rig.request(request_id))).blocks)
    with desk.rig.storage.transaction() as tx:
        tx.outbox.home_shown(OLIVIA.accounts[0], home)

    desk.presses_at_home(view.APPROVE, request_id, OLIVIA, blocks=home, cause="a")
    assert len(opened) == 1

    desk.presses_at_home(view.CANCEL, request_id, OTTO, blocks=home, cause="b")
    desk.presses_at_home(view.APPROVE, request_id, OLIVIA, blocks=smaller(home), cause="c")
    assert len(opened) == 1
    refused_and_told_on(desk, request_id, times=2)


def test_a_refusal_lasts_in_a_direct_message(desk: Listening) -> None:
    """What is shown to one person in a channel is gone when Slack is opened anew."""
    desk.presses(view.APPROVE, pending(desk), OTTO)

    (row,) = desk.rig.outgoing("reply")
    assert "You asked for this yourself" in row.body["text"]
    assert row.target["lasting"] is True
