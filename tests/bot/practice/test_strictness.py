"""What Slack insists on beside blocks and rates: scopes by conversation, forms, links that age, retries."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed

from bot.clock import system_clock
from bot.practice.people import APP, GENERAL, OTTO, TRADING_APPROVALS, TRADING_OPS
from bot.practice.server import BOT_TOKEN, Installation, Workspace
from tests.bot.practice.conftest import MANIFEST
from tests.bot.practice.raw_link import RawLink, Typist
from trading.practice_exchange.server import PracticeExchange

SHIPPED = json.loads(MANIFEST.read_text("utf-8"))


def changed(folder: Path, *, scopes: list[str] | None = None, **features: Any) -> Path:
    """The shipped manifest with other scopes, events or shortcuts."""
    manifest = copy.deepcopy(SHIPPED)
    if scopes is not None:
        manifest["oauth_config"]["scopes"]["bot"] = scopes
    if "events" in features:
        manifest["settings"]["event_subscriptions"]["bot_events"] = features["events"]
    manifest["features"]["shortcuts"] = features.get("shortcuts", [])
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest), "utf-8")
    return path


def client_of(workspace: Workspace) -> WebClient:
    return WebClient(token=BOT_TOKEN, base_url=workspace.api_url)


@pytest.fixture
def otto(workspace: Workspace) -> Iterator[Typist]:
    """Otto, typing in the background."""
    typist = Typist(workspace)
    yield typist
    typist.close()


ROOMS = {"channels": GENERAL.id, "groups": TRADING_APPROVALS.id, "im": OTTO.dm}


def test_each_kind_of_conversation_has_scopes_of_its_own(tmp_path: Path) -> None:
    """The right to read public channels opens neither private ones nor direct messages."""
    for family in ROOMS:
        scopes = ["chat:write", f"{family}:read", f"{family}:history"]
        with Workspace.running(Installation(changed(tmp_path, scopes=scopes)), system_clock) as workspace:
            client = client_of(workspace)
            for other, room in ROOMS.items():
                for name, ask in (
                    ("read", client.conversations_info),
                    ("history", client.conversations_history),
                ):
                    if other == family:
                        ask(channel=room)
                        continue
                    with pytest.raises(SlackApiError) as caught:
                        ask(channel=room)
                    assert caught.value.response["error"] == "missing_scope"
                    assert caught.value.response["needed"] == f"{other}:{name}"


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("multipart/form-data; boundary=x", b"no boundary anywhere", "invalid_form_data"),
        ("multipart/form-data", b"nothing", "invalid_form_data"),
        ("application/json", b"{", "invalid_json"),
        ("application/json", b'{"text": NaN}', "invalid_json"),
        ("application/json", b'{"text": "\\ud800"}', "invalid_json"),
        ("application/json", b"[" * 100_000, "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/xml", b"<a/>", "invalid_post_type"),
    ],
)
def test_a_body_that_is_none_is_refused_in_json(
    workspace: Workspace, content_type: str, body: bytes, error: str
) -> None:
    """HTTP 200 and the error's name, whatever is sent."""
    headers = {"content-type": content_type, "authorization": f"Bearer {BOT_TOKEN}"}
    reply = httpx.post(f"{workspace.api_url}chat.postMessage", content=body, headers=headers)

    assert (reply.status_code, reply.json()) == (200, {"ok": False, "error": error})


def test_a_token_in_json_is_none(workspace: Workspace) -> None:
    """Slack takes one from the header, or as a field of a form."""
    body = {"token": BOT_TOKEN, "channel": GENERAL.id, "text": "x"}
    address = f"{workspace.api_url}chat.postMessage"

    assert httpx.post(address, json=body).json()["error"] == "not_authed"
    assert httpx.post(address, data=body).json()["ok"]


def test_of_a_doubled_field_the_last_counts(workspace: Workspace) -> None:
    """As in every form that Slack reads."""
    fields = {"channel": [TRADING_OPS.id, GENERAL.id], "text": ["first", "last"]}
    headers = {"authorization": f"Bearer {BOT_TOKEN}"}
    reply = httpx.post(f"{workspace.api_url}chat.postMessage", data=fields, headers=headers).json()

    assert (reply["channel"], reply["message"]["text"]) == (GENERAL.id, "last")


def test_a_body_of_ten_megabytes_is_answered(workspace: Workspace) -> None:
    """It is too long, and the workspace goes on."""
    headers = {"authorization": f"Bearer {BOT_TOKEN}"}
    body = {"channel": GENERAL.id, "text": "x" * 10_000_000}
    reply = httpx.post(f"{workspace.api_url}chat.postMessage", json=body, headers=headers, timeout=60)

    assert reply.json()["error"] == "msg_too_long"


def test_a_link_is_replaced_when_it_is_old() -> None:
    """Warned, asked to dial anew, closed a notice later; what was open goes to the new one."""
    installation = Installation(MANIFEST, link_life_s=0.1, link_notice_s=0.3)
    with Workspace.running(installation, system_clock) as workspace:
        with RawLink(client_of(workspace)) as link:
            said = [link.receive() for _ in range(2)]
            with pytest.raises(ConnectionClosed) as caught:
                link.receive()

        assert [(each["type"], each["reason"]) for each in said] == [
            ("disconnect", "warning"),
            ("disconnect", "refresh_requested"),
        ]
        assert caught.value.rcvd is not None


def test_what_is_not_acknowledged_in_time_goes_to_another_link() -> None:
    """A listener that failed acknowledged nothing; the repetition says so."""
    with (
        Workspace.running(Installation(MANIFEST, ack_s=0.2), system_clock) as workspace,
        RawLink(client_of(workspace)) as first,
        RawLink(client_of(workspace)) as second,
    ):
        typist = Typist(workspace)
        reply = typist.says("/peak status")
        lost, again = first.receive(), second.receive()
        second.acknowledge(again)

        assert "operation_timeout" in reply.result()["notice"]
        assert again["payload"] == lost["payload"]
        assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
        typist.close()


def test_what_people_write_is_not_told_unasked(client: WebClient, otto: Typist) -> None:
    """The shipped manifest subscribes to direct messages alone, so the next thing heard is a command."""
    with RawLink(client) as link:
        otto.says("hello @Peak Ops").result()
        otto.says("/peak status")
        envelope = link.receive()
        link.acknowledge(envelope)

    assert envelope["type"] == "slash_commands"


def test_what_people_write_is_told_if_subscribed(tmp_path: Path) -> None:
    """By the kind of conversation; what was not subscribed to, or has no scope, stays away."""
    scopes = [*SHIPPED["oauth_config"]["scopes"]["bot"], "app_mentions:read"]
    scopes.remove("channels:history")
    events = ["message.im", "message.channels", "app_mention"]
    installation = Installation(changed(tmp_path, events=events, scopes=scopes))
    heard = []
    with Workspace.running(installation, system_clock) as workspace, RawLink(client_of(workspace)) as link:
        typist = Typist(workspace)
        for channel, text in (
            (GENERAL.id, "to all"),
            (OTTO.dm, "between us"),
            (TRADING_APPROVALS.id, "@Peak Ops look"),
        ):
            typist.does("say", channel=channel, text=text).result()
        for _ in range(2):
            heard.append(link.receive())
            link.acknowledge(heard[-1])
        typist.close()

    events_told = [each["payload"]["event"] for each in heard]
    assert [(each["type"], each["channel"]) for each in events_told] == [
        ("message", OTTO.dm),
        ("app_mention", TRADING_APPROVALS.id),
    ]
    assert events_told[0]["channel_type"] == "im"
    assert events_told[1]["text"] == f"<@{APP.user_id}> look"


def test_the_app_hears_its_own_messages(client: WebClient, otto: Typist) -> None:
    """Each post, edit and deletion comes back to it, as at Slack; what one person alone sees does not."""
    with RawLink(client) as link:
        heard = []

        def told() -> None:
            heard.append(link.receive())
            link.acknowledge(heard[-1])

        client.chat_postEphemeral(channel=OTTO.dm, user=OTTO.id, text="for you alone")
        ts = client.chat_postMessage(channel=OTTO.dm, text="first")["ts"]
        told()
        client.chat_update(channel=OTTO.dm, ts=ts, text="second")
        told()
        client.chat_delete(channel=OTTO.dm, ts=ts)
        told()

    posted, edited, deleted = (each["payload"]["event"] for each in heard)
    assert (posted["text"], posted["user"], posted["bot_id"]) == ("first", APP.user_id, APP.bot_id)
    assert (edited["subtype"], edited["hidden"]) == ("message_changed", True)
    assert (edited["previous_message"]["text"], edited["message"]["text"]) == ("first", "second")
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert {each["channel_type"] for each in (posted, edited, deleted)} == {"im"}


def test_the_messages_tab_is_told_as_one(client: WebClient, otto: Typist) -> None:
    """app_home_opened comes for both tabs, and says which."""
    with RawLink(client) as link:
        for tab in ("home", "messages"):
            otto.does("home", tab=tab).result()
            envelope = link.receive()
            link.acknowledge(envelope)

            assert envelope["payload"]["event"]["tab"] == tab


def test_shortcuts_of_everywhere_and_of_a_message(tmp_path: Path) -> None:
    """The one has no channel and no answer address, the other has the message too."""
    shortcuts = [
        {"name": "Halt", "type": "global", "callback_id": "halt", "description": "d"},
        {"name": "Note", "type": "message", "callback_id": "note", "description": "d"},
    ]
    installation = Installation(changed(tmp_path, shortcuts=shortcuts))
    with Workspace.running(installation, system_clock) as workspace, RawLink(client_of(workspace)) as link:
        typist = Typist(workspace)
        ts = client_of(workspace).chat_postMessage(channel=GENERAL.id, text="look")["ts"]
        told = []
        for act in ({"callback_id": "halt"}, {"callback_id": "note", "channel": GENERAL.id, "ts": ts}):
            reply = typist.does("shortcut", **act)
            told.append(link.receive())
            link.acknowledge(told[-1])
            assert reply.result() == {"ok": True}
        unknown = typist.does("shortcut", callback_id="other").result()
        typist.close()

    everywhere, on_message = (each["payload"] for each in told)
    assert (everywhere["type"], everywhere["callback_id"]) == ("shortcut", "halt")
    assert not {"channel", "response_url"} & set(everywhere)
    assert (on_message["type"], on_message["message"]["ts"]) == ("message_action", ts)
    assert on_message["response_url"]
    assert unknown == {"error": "The app has no shortcut 'other'; there are: halt, note."}


def test_a_private_channel_keeps_its_name_to_itself(client: WebClient, otto: Typist) -> None:
    """An interaction from there says privategroup, as Slack does."""
    with RawLink(client) as link:
        otto.does("say", channel=TRADING_APPROVALS.id, text="/peak status")
        envelope = link.receive()
        link.acknowledge(envelope)

    assert envelope["payload"]["channel_name"] == "privategroup"
    assert client.conversations_info(channel=TRADING_APPROVALS.id)["channel"]["is_private"]


def test_people_join_and_leave(client: WebClient, desk: httpx.Client) -> None:
    """Whoever has left sees nothing new there and cannot be whispered to."""
    assert desk.post("/desk/leave", json={"as": OTTO.id, "channel": GENERAL.id}).json() == {"ok": True}
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        client.chat_postEphemeral(channel=GENERAL.id, user=OTTO.id, text="x")
    rooms = desk.get("/desk/state", params={"as": OTTO.id}).json()["channels"]
    assert GENERAL.id not in [each["id"] for each in rooms]

    assert desk.post("/desk/join", json={"as": OTTO.id, "channel": GENERAL.id}).json() == {"ok": True}
    client.chat_postEphemeral(channel=GENERAL.id, user=OTTO.id, text="x")
    assert desk.post("/desk/join", json={"as": OTTO.id, "channel": TRADING_APPROVALS.id}).status_code == 400


def test_everybody_has_a_time_zone(desk: httpx.Client) -> None:
    """The page draws times in the reader's."""
    zones = {each["name"]: each["timezone"] for each in desk.get("/desk/people").json()}

    assert (zones["Olivia"], zones["Sam"]) == ("Europe/Berlin", "America/New_York")


def test_the_exchange_answers_through_the_workspace() -> None:
    """The page turns the exchange's knobs without leaving its own site; what no knob is stays shut."""
    with PracticeExchange.running(clock=system_clock) as exchange:
        installation = Installation(MANIFEST, exchange_url=exchange.url)
        with (
            Workspace.running(installation, system_clock) as workspace,
            httpx.Client(base_url=workspace.url) as http,
        ):
            state = http.get("/practice/exchange/state").json()
            moved = http.post("/practice/exchange/market", json={"pair": "BTC/USD", "price": 60000})
            wrong = http.post("/practice/exchange/fault", json={"kind": "fireworks"})
            shut = http.post("/practice/exchange/keys", json={})
            foreign = http.post(
                "/practice/exchange/market", json={"speed": 20}, headers={"origin": "https://example.org"}
            )

        assert {each["pair"] for each in state["pairs"]} >= {"BTC/USD"}
        assert (moved.status_code, moved.json()["pairs"][0]["pair"]) == (200, "BTC/USD")
        assert [each.status_code for each in (wrong, shut, foreign)] == [400, 400, 400]
