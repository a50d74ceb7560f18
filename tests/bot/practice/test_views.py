"""Forms: triggers, stacks, hashes and what stays typed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.practice.people import OTTO, TRADING_OPS
from bot.practice.server import Workspace
from tests.bot.practice.raw_link import RawLink, Typist
from tests.bot.practice.small_app import ORDER, actions, field, modal, options, section

STEP = modal("step", "Step", section("a step"), actions("Next"))


@pytest.fixture
def otto(workspace: Workspace) -> Iterator[Typist]:
    """Otto, typing in the background."""
    typist = Typist(workspace)
    yield typist
    typist.close()


@pytest.fixture
def link(client: WebClient) -> Iterator[RawLink]:
    """A link that acknowledges what the test says."""
    with RawLink(client) as linked:
        yield linked


def opened(client: WebClient, link: RawLink, otto: Typist, view: dict[str, Any]) -> dict[str, Any]:
    """Open a form after a command."""
    otto.says("/peak")
    envelope = link.receive()
    link.acknowledge(envelope)
    shown: dict[str, Any] = client.views_open(trigger_id=envelope["payload"]["trigger_id"], view=view)["view"]
    return shown


def pressed(link: RawLink, otto: Typist, view_id: str) -> str:
    """Press Next in a form; gives the trigger."""
    otto.does("act", view_id=view_id, action_id="next")
    envelope = link.receive()
    link.acknowledge(envelope)
    return str(envelope["payload"]["trigger_id"])


def refusal(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    """The error Slack would name."""
    return str(caught.value.response["error"])


def test_three_forms_may_lie_on_each_other(client: WebClient, link: RawLink, otto: Typist) -> None:
    """The fourth is refused; closing the lowest closes all."""
    ids = [opened(client, link, otto, STEP)["id"]]
    for _ in range(2):
        trigger = pressed(link, otto, ids[-1])
        view = client.views_push(trigger_id=trigger, view=STEP)["view"]
        assert (view["root_view_id"], view["previous_view_id"]) == (ids[0], ids[-1])
        ids.append(view["id"])

    trigger = pressed(link, otto, ids[-1])
    with pytest.raises(SlackApiError) as caught:
        client.views_push(trigger_id=trigger, view=STEP)

    assert refusal(caught) == "push_limit_reached"
    assert [view["id"] for view in otto.state()["modals"]] == ids
    otto.does("close", view_id=ids[0]).result()
    assert otto.state()["modals"] == []


def test_a_trigger_opens_one_form(client: WebClient, link: RawLink, otto: Typist) -> None:
    """The same click cannot open a second."""
    otto.says("/peak")
    envelope = link.receive()
    link.acknowledge(envelope)
    trigger = envelope["payload"]["trigger_id"]
    client.views_open(trigger_id=trigger, view=STEP)

    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=trigger, view=STEP)

    assert refusal(caught) == "exchanged_trigger_id"


def test_a_stale_hash_updates_nothing(client: WebClient, link: RawLink, otto: Typist) -> None:
    """Two writers do not overwrite each other unseen."""
    view = opened(client, link, otto, STEP)
    client.views_update(view_id=view["id"], hash=view["hash"], view=STEP)

    with pytest.raises(SlackApiError) as caught:
        client.views_update(view_id=view["id"], hash=view["hash"], view=STEP)

    assert refusal(caught) == "hash_conflict"


def test_a_closed_form_cannot_be_updated(client: WebClient, link: RawLink, otto: Typist) -> None:
    """It is not found."""
    view = opened(client, link, otto, STEP)
    otto.does("close", view_id=view["id"]).result()

    with pytest.raises(SlackApiError) as caught:
        client.views_update(view_id=view["id"], view=STEP)

    assert refusal(caught) == "not_found"


def test_what_was_typed_stays_through_an_update(client: WebClient, link: RawLink, otto: Typist) -> None:
    """A rejected form comes back as it was filled in, and an update keeps the same fields' text."""
    view = opened(client, link, otto, ORDER)
    typed = {"notional.block": {"notional": "70"}}
    sent = otto.does("submit", view_id=view["id"], values=typed)
    link.acknowledge(link.receive(), {"response_action": "errors", "errors": {"notional.block": "no"}})
    assert sent.result() == {"ok": False, "errors": {"notional.block": "no"}}

    updated = client.views_update(view_id=view["id"], view=ORDER)["view"]

    assert updated["state"]["values"]["notional.block"]["notional"]["value"] == "70"
    assert otto.state()["modals"][0]["errors"] == {}


def test_complaints_belong_to_inputs_of_the_form(client: WebClient, link: RawLink, otto: Typist) -> None:
    """Errors for a block that is not there leave the form open and say so."""
    view = opened(client, link, otto, ORDER)
    sent = otto.does("submit", view_id=view["id"], values={"notional.block": {"notional": "70"}})
    link.acknowledge(link.receive(), {"response_action": "errors", "errors": {"elsewhere": "no"}})

    assert "We had some trouble connecting" in sent.result()["notice"]
    assert [each["id"] for each in otto.state()["modals"]] == [view["id"]]


def test_addresses_and_numbers_of_choices_are_checked_before_sending(
    client: WebClient, link: RawLink, otto: Typist
) -> None:
    """As Slack's own client does; the app hears of the form only once all is right."""
    some = {"type": "multi_static_select", "options": options("One", "Two"), "max_selected_items": 1}
    asked: dict[str, tuple[dict[str, Any], object, object]] = {
        "mail": ({"type": "email_text_input"}, "otto", "otto@example.org"),
        "page": ({"type": "url_text_input"}, "example.org", "https://example.org"),
        "some": (some, ["one", "two"], ["two"]),
    }
    fields = [field(name, {**element, "action_id": name}) for name, (element, _, _) in asked.items()]
    view = opened(client, link, otto, modal("asked", "Asked", *fields))

    wrong = {f"{name}.block": {name: bad} for name, (_, bad, _) in asked.items()}
    told = otto.does("submit", view_id=view["id"], values=wrong).result()["errors"]
    right = {f"{name}.block": {name: good} for name, (_, _, good) in asked.items()}
    sent = otto.does("submit", view_id=view["id"], values=right)
    link.acknowledge(link.receive())

    assert {name: words.removeprefix("Please ") for name, words in told.items()} == {
        "mail.block": "enter a valid email address.",
        "page.block": "enter a valid URL.",
        "some.block": "select at most 1.",
    }
    assert sent.result() == {"ok": True}


def test_closing_is_told_to_those_who_asked(client: WebClient, link: RawLink, otto: Typist) -> None:
    """view_closed comes for forms with notify_on_close, and only for them."""
    quiet = opened(client, link, otto, STEP)
    otto.does("close", view_id=quiet["id"]).result()
    loud = opened(client, link, otto, {**STEP, "notify_on_close": True})
    otto.does("close", view_id=loud["id"]).result()

    envelope = link.receive()
    link.acknowledge(envelope)

    assert envelope["payload"]["type"] == "view_closed"
    assert envelope["payload"]["view"]["id"] == loud["id"]
    assert "trigger_id" not in envelope["payload"]


def test_a_submission_carries_what_slack_sends(client: WebClient, link: RawLink, otto: Typist) -> None:
    """The wire format of view_submission; empty optional fields are null."""
    view = opened(client, link, otto, {**ORDER, "private_metadata": "m"})
    sent = otto.does("submit", view_id=view["id"], values={"notional.block": {"notional": "70"}})
    envelope = link.receive()
    link.acknowledge(envelope)
    payload = envelope["payload"]

    assert sent.result() == {"ok": True}
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", True)
    assert (payload["type"], payload["view"]["id"]) == ("view_submission", view["id"])
    assert (payload["view"]["hash"], payload["view"]["private_metadata"]) == (view["hash"], "m")
    assert payload["view"]["state"]["values"] == {
        "notional.block": {"notional": {"type": "plain_text_input", "value": "70"}},
        "reason.block": {"reason": {"type": "plain_text_input", "value": None}},
    }
    assert otto.state()["modals"] == []


@pytest.mark.parametrize(
    "view",
    [
        {**ORDER, "title": {"type": "plain_text", "text": "x" * 25}},
        {key: part for key, part in ORDER.items() if key != "submit"},
        {**ORDER, "private_metadata": "x" * 3_001},
        {**ORDER, "blocks": []},
        {**ORDER, "blocks": [section("x")] * 101},
    ],
)
def test_a_bad_form_is_refused(client: WebClient, link: RawLink, otto: Typist, view: dict[str, Any]) -> None:
    """Long titles, inputs without a submit button, too much of anything; the trigger is not used up."""
    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id="1.2.3", view=view)

    assert refusal(caught) == "invalid_arguments"


def test_a_spent_response_address_says_so(
    workspace: Workspace, client: WebClient, link: RawLink, otto: Typist
) -> None:
    """Slack answers 404 to the sixth answer."""
    otto.says("/peak")
    envelope = link.receive()
    link.acknowledge(envelope)
    url = envelope["payload"]["response_url"]

    codes = [httpx.post(url, json={"text": "again"}).status_code for _ in range(6)]

    assert codes == [200] * 5 + [404]


def test_a_press_carries_the_message_as_slack_keeps_it(
    workspace: Workspace, client: WebClient, link: RawLink, otto: Typist
) -> None:
    """Plain texts come back escaped and with their defaults, so raw blocks are never equal to those sent."""
    sent = [section("R&D <!date^0^{date}|then>"), actions("Go & see")]
    posted = client.chat_postMessage(channel=TRADING_OPS.id, text="card", blocks=sent)
    otto.does("act", channel=TRADING_OPS.id, ts=posted["ts"], action_id="go & see")
    envelope = link.receive()
    link.acknowledge(envelope)
    payload = envelope["payload"]
    [row] = [block for block in payload["message"]["blocks"] if block["type"] == "actions"]

    assert envelope["accepts_response_payload"] is False
    assert payload["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": TRADING_OPS.id,
        "is_ephemeral": False,
    }
    assert payload["actions"][0]["text"] == {"type": "plain_text", "text": "Go &amp; see", "emoji": True}
    assert payload["actions"][0]["block_id"] == row["block_id"]
    assert payload["message"]["blocks"][0]["text"]["text"] == "R&amp;D <!date^0^{date}|then>"
    assert payload["user"] == {
        "id": OTTO.id,
        "username": "otto",
        "name": "otto",
        "team_id": OTTO.team.id,
    }
