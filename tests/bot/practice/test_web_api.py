"""The Web API through the SDK's own client."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.practice.people import (
    APP,
    GENERAL,
    GIL,
    OLIVIA,
    OTTO,
    TRADING_APPROVALS,
    TRADING_OPS,
    TRADING_REPORTS,
    XENA,
)
from bot.practice.server import APP_TOKEN, Workspace
from tests.bot.practice.polling import until
from tests.bot.practice.small_app import PIXEL, section


def button(action_id: str, text: str = "Go") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}}


def refusal_of(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    assert caught.value.response.status_code == 200
    return str(caught.value.response["error"])


def test_the_app_learns_who_it_is(client: WebClient) -> None:
    """auth.test names team, bot and granted scopes."""
    reply = client.auth_test()

    assert reply["user_id"] == APP.user_id
    assert reply["bot_id"] == APP.bot_id
    assert "chat:write" in reply.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused(workspace: Workspace, token: str, error: str) -> None:
    """Only the bot token may call bot methods."""
    client = WebClient(token=token, base_url=workspace.api_url)

    assert refusal_of(client.auth_test) == error


def test_a_bot_token_opens_no_socket(client: WebClient, workspace: Workspace) -> None:
    """apps.connections.open wants the app token."""
    assert refusal_of(lambda: client.apps_connections_open(app_token="xapp-wrong")) == "invalid_auth"

    assert client.apps_connections_open(app_token=APP_TOKEN)["url"].startswith("ws://127.0.0.1:")


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    """A method that is not there says so."""
    assert refusal_of(lambda: client.api_call("chat.shout")) == "unknown_method"


def test_a_method_outside_the_manifest_scopes_is_refused(client: WebClient) -> None:
    """The manifest does not ask for team:read, so team.info is closed."""
    assert refusal_of(client.team_info) == "missing_scope"


@pytest.mark.parametrize("channel", ["C0NOWHERE0", "trading-ops", "#trading-ops"])
def test_channels_are_known_by_id_only(client: WebClient, channel: str) -> None:
    """A name is not a channel."""
    assert refusal_of(lambda: client.chat_postMessage(channel=channel, text="hi")) == "channel_not_found"


def test_a_posted_message_is_in_the_history(client: WebClient) -> None:
    """Metadata comes back only when asked for, and threads stay out of the channel's history."""
    metadata = {"event_type": "outbox", "event_payload": {"key": "k1"}}
    posted = client.chat_postMessage(channel=TRADING_OPS.id, text="root", metadata=metadata)
    client.chat_postMessage(channel=TRADING_OPS.id, text="answer", thread_ts=posted["ts"])

    plain = client.conversations_history(channel=TRADING_OPS.id)["messages"]
    full = client.conversations_history(channel=TRADING_OPS.id, include_all_metadata=True)["messages"]
    thread = client.conversations_replies(channel=TRADING_OPS.id, ts=posted["ts"])["messages"]

    assert [message["text"] for message in plain] == ["root"]
    assert "metadata" not in plain[0]
    assert full[0]["metadata"] == metadata
    assert [message["text"] for message in thread] == ["root", "answer"]


def test_history_can_be_bounded_by_time(client: WebClient) -> None:
    """Oldest excludes its own stamp unless inclusive."""
    stamps = [client.chat_postMessage(channel=GENERAL.id, text=str(n))["ts"] for n in range(3)]

    after = client.conversations_history(channel=GENERAL.id, oldest=stamps[1])["messages"]
    since = client.conversations_history(channel=GENERAL.id, oldest=stamps[1], inclusive=True)["messages"]

    assert [message["text"] for message in after] == ["2"]
    assert [message["text"] for message in since] == ["2", "1"]


def test_stamps_are_unique(client: WebClient) -> None:
    """Two messages of the same moment have different stamps."""
    stamps = [client.chat_postMessage(channel=GENERAL.id, text="x")["ts"] for _ in range(5)]

    assert sorted(set(stamps)) == stamps


def test_an_update_rewrites_and_a_delete_removes(client: WebClient, desk: httpx.Client) -> None:
    """People see the new text, then nothing."""
    posted = client.chat_postMessage(channel=TRADING_OPS.id, text="old", blocks=[section("old")])
    client.chat_update(channel=TRADING_OPS.id, ts=posted["ts"], text="new", blocks=[section("new")])
    [message] = _messages(desk, OTTO.id, TRADING_OPS.id)
    assert (message["text"], message["edited"]) == ("new", True)
    assert message["blocks"][0]["text"]["text"] == "new"

    client.chat_delete(channel=TRADING_OPS.id, ts=posted["ts"])

    assert _messages(desk, OTTO.id, TRADING_OPS.id) == []


def test_a_text_without_blocks_takes_their_place(client: WebClient) -> None:
    """Blocks stay only where metadata alone is changed."""
    posted = client.chat_postMessage(channel=TRADING_OPS.id, text="old", blocks=[section("old")])

    updated = client.chat_update(channel=TRADING_OPS.id, ts=posted["ts"], text="new")

    assert "blocks" not in updated["message"]


def test_an_answer_to_an_answer_stays_in_its_thread(client: WebClient, desk: httpx.Client) -> None:
    """Threads have one level: whatever is answered, the root has it."""
    root = client.chat_postMessage(channel=GENERAL.id, text="root")["ts"]
    answer = client.chat_postMessage(channel=GENERAL.id, text="first", thread_ts=root)["ts"]
    said = {"as": OTTO.id, "channel": GENERAL.id, "text": "second", "thread_ts": answer}
    assert desk.post("/desk/say", json=said).json() == {"ok": True}

    thread = client.conversations_replies(channel=GENERAL.id, ts=answer)["messages"]
    assert [message["text"] for message in thread] == ["root", "first", "second"]
    assert thread[0]["reply_count"] == 2

    client.chat_delete(channel=GENERAL.id, ts=answer)
    thread = client.conversations_replies(channel=GENERAL.id, ts=root)["messages"]
    assert [message["text"] for message in thread] == ["root", "second"]


@pytest.mark.parametrize("after", ["nan", "inf", "soon"])
def test_a_senseless_number_is_said_to_be_one(desk: httpx.Client, after: str) -> None:
    """Whoever reads events is told what is wrong with the question."""
    reply = desk.get("/desk/events", params={"as": OTTO.id, "after": after})

    assert (reply.status_code, reply.json()) == (400, {"error": "after must be a number."})


def test_a_moment_that_is_none_is_named(client: WebClient, desk: httpx.Client) -> None:
    """A wrong date is told as one."""
    row = {"type": "actions", "elements": [{"type": "datetimepicker", "action_id": "when"}]}
    posted = client.chat_postMessage(channel=GENERAL.id, text="x", blocks=[row])
    act = {"as": OTTO.id, "channel": GENERAL.id, "ts": posted["ts"], "action_id": "when", "value": "soon"}

    reply = desk.post("/desk/act", json=act)

    assert (reply.status_code, "A datetimepicker cannot hold 'soon'" in reply.json()["error"]) == (400, True)


def test_metadata_has_a_size(client: WebClient) -> None:
    """What is too much is named."""
    metadata = {"event_type": "outbox", "event_payload": {"key": "k" * 16_000}}

    refused = refusal_of(lambda: client.chat_postMessage(channel=GENERAL.id, text="x", metadata=metadata))

    assert refused == "metadata_too_large"


def test_only_its_own_messages_can_be_rewritten(client: WebClient, desk: httpx.Client) -> None:
    """What a person wrote is not the app's to change."""
    desk.post("/desk/say", json={"as": OTTO.id, "channel": TRADING_OPS.id, "text": "mine"})
    [message] = _messages(desk, OTTO.id, TRADING_OPS.id)

    refused = refusal_of(lambda: client.chat_update(channel=TRADING_OPS.id, ts=message["ts"], text="yours"))

    assert refused == "cant_update_message"


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "fireworks"}],
        [section("x")] * 51,
        [section("x" * 3_001)],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2_001}]}],
        [{"type": "actions", "elements": [button("same"), button("same")]}],
        [{"type": "actions", "elements": [button("a", "x" * 76)]}],
        [{**section("x"), "block_id": "twice"}, {**section("y"), "block_id": "twice"}],
        [{"type": "image", "alt_text": "chart", "slack_file": {"id": "F0NOTTHERE"}}],
    ],
)
def test_bad_blocks_are_refused(client: WebClient, blocks: list[dict[str, Any]]) -> None:
    """Unknown kinds, breached limits and doubled ids are invalid_blocks."""
    refused = refusal_of(lambda: client.chat_postMessage(channel=TRADING_OPS.id, text="x", blocks=blocks))

    assert refused == "invalid_blocks"


@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_a_message_needs_something_to_say(client: WebClient) -> None:
    """Neither text nor blocks is no_text; too much is msg_too_long."""
    assert refusal_of(lambda: client.chat_postMessage(channel=GENERAL.id, text="")) == "no_text"
    assert (
        refusal_of(lambda: client.chat_postMessage(channel=GENERAL.id, text="x" * 40_001)) == "msg_too_long"
    )


def test_a_rewritten_text_is_counted_as_slack_keeps_it(client: WebClient) -> None:
    """An ampersand is kept as five bytes, a letter beyond ASCII as two or more; 4,000 are the most."""
    ts = client.chat_postMessage(channel=GENERAL.id, text="x")["ts"]
    rewrite = partial(client.chat_update, channel=GENERAL.id, ts=ts)

    for text in ("&" * 800, "&amp;" * 800, "ü" * 2_000):
        rewrite(text=text)
        assert refusal_of(partial(rewrite, text=f"{text}x")) == "msg_too_long"


def test_a_direct_message_is_seen_by_one_person(client: WebClient, desk: httpx.Client) -> None:
    """conversations.open gives the channel; a user id as channel means the same."""
    channel = client.conversations_open(users=OLIVIA.id)["channel"]["id"]
    client.chat_postMessage(channel=channel, text="for you")
    client.chat_postMessage(channel=OLIVIA.id, text="and this")

    assert channel == OLIVIA.dm
    assert [message["text"] for message in _messages(desk, OLIVIA.id, channel)] == ["for you", "and this"]
    assert OLIVIA.dm not in {each["id"] for each in _channels(desk, OTTO.id)}


def test_guests_and_strangers_are_told_apart(client: WebClient) -> None:
    """users.info carries what an app needs to refuse them."""
    gil, xena = client.users_info(user=GIL.id)["user"], client.users_info(user=XENA.id)["user"]

    assert (gil["is_restricted"], gil["is_stranger"]) == (True, False)
    assert (xena["is_restricted"], xena["is_stranger"]) == (False, True)
    assert xena["team_id"] != client.auth_test()["team_id"]


def test_lists_come_in_pages(client: WebClient) -> None:
    """A cursor leads through all channels once; private ones are there when asked for."""
    pages = client.conversations_list(limit=4, types="public_channel,private_channel")
    names = [channel["name"] for page in pages for channel in page["channels"]]
    public = [channel["name"] for channel in client.conversations_list()["channels"]]

    assert len(names) == len(set(names)) == 6
    assert set(names) - set(public) == {TRADING_APPROVALS.name}
    assert APP.user_id in client.conversations_members(channel=GENERAL.id)["members"]


def test_a_file_is_shared_some_time_after_its_upload(client: WebClient, desk: httpx.Client) -> None:
    """Shares and type appear asynchronously; then it can stand in an image block that a browser can load."""
    uploaded = client.files_upload_v2(
        channel=TRADING_REPORTS.id,
        content=PIXEL,
        filename="equity.png",
        title="Equity",
        alt_txt="A line going up",
        initial_comment="Today",
    )
    file_id = uploaded["file"]["id"]
    assert uploaded["file"]["mimetype"] == ""
    shares = until(lambda: client.files_info(file=file_id)["file"]["shares"])
    [share] = shares["public"][TRADING_REPORTS.id]
    assert client.files_info(file=file_id)["file"]["mimetype"] == "image/png"
    image = {"type": "image", "alt_text": "A line going up", "slack_file": {"id": file_id}}
    client.chat_postMessage(channel=TRADING_REPORTS.id, text="chart", blocks=[image])

    shared, drawn = _messages(desk, OTTO.id, TRADING_REPORTS.id)
    assert (shared["ts"], shared["text"]) == (share["ts"], "Today")
    assert shared["files"][0]["alt"] == "A line going up"
    loaded = desk.get(drawn["blocks"][0]["image_url"])
    assert (loaded.content, loaded.headers["content-type"]) == (PIXEL, "image/png")


def test_a_file_that_is_not_ready_cannot_stand_in_a_block(client: WebClient) -> None:
    """An announced file without content is no image."""
    file_id = client.files_getUploadURLExternal(filename="equity.png", length=5)["file_id"]
    image = {"type": "image", "alt_text": "chart", "slack_file": {"id": file_id}}

    refused = refusal_of(
        lambda: client.chat_postMessage(channel=TRADING_REPORTS.id, text="x", blocks=[image])
    )

    assert refused == "invalid_blocks"


def test_a_home_is_published_for_one_person(client: WebClient, desk: httpx.Client) -> None:
    """A stale hash is a conflict."""
    view = {"type": "home", "blocks": [section("Nothing waits for you")]}
    first = client.views_publish(user_id=OTTO.id, view=view)["view"]
    client.views_publish(user_id=OTTO.id, view=view, hash=first["hash"])

    refused = refusal_of(lambda: client.views_publish(user_id=OTTO.id, view=view, hash=first["hash"]))

    assert refused == "hash_conflict"
    assert desk.get("/desk/state", params={"as": OTTO.id}).json()["home"]["id"] == first["id"]
    assert desk.get("/desk/state", params={"as": OLIVIA.id}).json()["home"] is None


def test_an_invented_trigger_opens_nothing(client: WebClient) -> None:
    """A trigger id comes from an interaction or not at all."""
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [section("x")]}

    assert refusal_of(lambda: client.views_open(trigger_id="1.2.3", view=view)) == "invalid_trigger_id"


def _channels(desk: httpx.Client, person: str) -> list[dict[str, Any]]:
    channels: list[dict[str, Any]] = desk.get("/desk/state", params={"as": person}).json()["channels"]
    return channels


def _messages(desk: httpx.Client, person: str, channel: str) -> list[dict[str, Any]]:
    [found] = [each for each in _channels(desk, person) if each["id"] == channel]
    messages: list[dict[str, Any]] = found["messages"]
    return messages
