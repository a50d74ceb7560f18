"""What goes wrong when it is asked for: in calls, in deliveries, on links, among people."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed

from bot.clock import system_clock
from bot.practice.faults import ABOUT, FaultKind
from bot.practice.people import APP, GENERAL, OTTO, SAM, STRANGE_TEAM, TRADING_APPROVALS, TRADING_OPS
from bot.practice.server import BOT_TOKEN, Installation, Workspace
from tests.bot.practice.conftest import MANIFEST
from tests.bot.practice.polling import until
from tests.bot.practice.raw_link import RawLink, Typist
from tests.bot.practice.small_app import PIXEL

Break = Callable[..., dict[str, bool]]
ACK_S = 0.3


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace in a hurry: unacknowledged after 0.3 s, a link's notice is as long."""
    installation = Installation(MANIFEST, share_delay_s=0.05, ack_s=ACK_S, link_notice_s=0.1)
    with Workspace.running(installation, system_clock) as running:
        yield running


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    """A client that repeats nothing by itself."""
    return WebClient(token=BOT_TOKEN, base_url=workspace.api_url, retry_handlers=[])


@pytest.fixture
def breaks(desk: httpx.Client) -> Break:
    """Puts a fault in force; gives which kinds are."""

    def put(kind: str, **more: object) -> dict[str, bool]:
        reply = desk.post("/practice/fault", json={"kind": kind, **more})
        assert reply.status_code == 200, reply.text
        return {each["kind"]: each["active"] for each in reply.json()["faults"]}

    return put


@pytest.fixture
def otto(workspace: Workspace) -> Iterator[Typist]:
    """Otto, typing in the background."""
    typist = Typist(workspace)
    yield typist
    typist.close()


def post(client: WebClient, text: str = "x", channel: str = TRADING_OPS.id) -> Any:
    return client.chat_postMessage(channel=channel, text=text)


def texts(client: WebClient, channel: str = TRADING_OPS.id) -> list[str]:
    return [each["text"] for each in client.conversations_history(channel=channel)["messages"]]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_every_fault_is_told_in_plain_words(desk: httpx.Client) -> None:
    """What the page draws a fault from: title, what to expect, fields with defaults, if it is in force."""
    faults = desk.get("/practice/faults").json()["faults"]

    assert [each["kind"] for each in faults] == list(FaultKind) == list(ABOUT)
    for each in faults:
        assert (each["group"], each["active"]) == ("workspace", False)
        assert "_" not in each["title"]
        assert each["about"].endswith(".")
        for field in each["fields"]:
            assert set(field) - {"choices", "called"} == {"name", "label", "default"}
            assert field["label"][0].isupper()
            assert len(field.get("called", [])) == len(field.get("choices", []))
            assert field["default"] in field.get("choices", [field["default"]])


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_be_asked_for_by_its_name_alone(
    desk: httpx.Client, client: WebClient, breaks: Break, kind: str
) -> None:
    """The defaults do; `none` mends everything again."""
    with RawLink(client):
        breaks(kind)

    assert not any(breaks("none").values())


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "fireworks"},
        {},
        {"kind": "error_5xx", "value": "418"},
        {"kind": "delay", "value": "nan"},
        {"kind": "delay", "value": -1},
        {"kind": "dropped", "count": 1.5},
        {"kind": "channel_archived", "channel": "trading-ops"},
        {"kind": "bot_removed", "channel": OTTO.dm},
        {"kind": "user_guest", "person": "UNOBODY00"},
        {"kind": "link_cut"},
        {"kind": ["delay"]},
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(desk: httpx.Client, body: dict[str, Any]) -> None:
    """Nothing is in force afterwards."""
    reply = desk.post("/practice/fault", json=body)

    assert (reply.status_code, reply.json()["error"][-1]) == (400, ".")
    assert not any(each["active"] for each in desk.get("/practice/faults").json()["faults"])


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"kind": NaN}', b'{"kind": "\\ud800"}'])
def test_what_is_no_object_is_refused(desk: httpx.Client, body: bytes) -> None:
    """Broken JSON included."""
    reply = desk.post("/practice/fault", content=body, headers={"content-type": "application/json"})

    assert reply.status_code == 400


@pytest.mark.parametrize("address", ["/practice/fault", "/desk/say"])
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/json", "origin": "https://example.org"},
        {"content-type": "application/json", "origin": "null"},
    ],
)
def test_a_page_of_another_site_acts_on_nothing(
    desk: httpx.Client, address: str, headers: dict[str, str]
) -> None:
    """A browser that visits elsewhere cannot be used against the desk."""
    reply = desk.post(address, content=b'{"kind": "none"}', headers=headers)

    assert reply.status_code == 400
    assert "site" in reply.text or "content type" in reply.text


@pytest.mark.parametrize(("kind", "done"), [("dropped", False), ("lost_answer", True)])
def test_a_connection_that_breaks_has_done_its_work_or_not(
    client: WebClient, breaks: Break, kind: str, done: bool
) -> None:
    """The app cannot tell the two apart, so it has to look."""
    breaks(kind, method="chat.postMessage")

    with pytest.raises(OSError):  # noqa: PT011 - http.client says RemoteDisconnected
        post(client)

    assert texts(client) == (["x"] if done else [])
    post(client, "again")


def test_a_server_error_is_a_page_and_no_json(client: WebClient, breaks: Break) -> None:
    """As from a proxy in front of Slack; then all is well."""
    breaks("error_5xx", value="502")

    with pytest.raises(SlackApiError) as caught:
        post(client)

    assert caught.value.response.status_code == 502
    assert texts(client) == []


def test_a_rate_limit_says_how_long(client: WebClient, breaks: Break) -> None:
    """429 with the seconds that were asked for, and nothing is done."""
    breaks("rate_limit", value=7)

    with pytest.raises(SlackApiError) as caught:
        post(client)

    assert caught.value.response.headers["Retry-After"] == "7"
    assert texts(client) == []


def test_a_delay_holds_one_call(client: WebClient, breaks: Break) -> None:
    """The call takes at least as long as it was told to, and does its work."""
    breaks("delay", value=0.2)
    began = time.monotonic()
    post(client)

    assert time.monotonic() - began >= 0.2
    assert texts(client) == ["x"]


def test_a_fault_may_be_for_one_method_and_channel_and_many_calls(client: WebClient, breaks: Break) -> None:
    """Other calls are not met; a count of 0 never ends by itself."""
    assert breaks("rate_limit", method="chat.postMessage", channel=GENERAL.id, count=0)["rate_limit"]

    post(client)
    for _ in range(3):
        assert refusal(lambda: post(client, channel=GENERAL.id)) == "ratelimited"

    assert not breaks("none")["rate_limit"]
    post(client, channel=GENERAL.id)


@pytest.mark.parametrize(("kind", "framed"), [("link_cut", True), ("link_cut_hard", False)])
def test_links_close_with_a_frame_or_without(
    client: WebClient, breaks: Break, kind: str, framed: bool
) -> None:
    """With a frame there is a code; without, the line is just gone."""
    with RawLink(client) as link:
        breaks(kind)
        with pytest.raises(ConnectionClosed) as caught:
            link.receive()

        assert (caught.value.rcvd is not None) is framed


def test_a_refreshed_link_is_warned_and_then_closed(client: WebClient, breaks: Break) -> None:
    """Two disconnect messages in Slack's words, the end a notice later."""
    with RawLink(client) as link:
        breaks("refresh_link")

        assert [link.receive()["reason"] for _ in range(2)] == ["warning", "refresh_requested"]
        with pytest.raises(ConnectionClosed):
            link.receive()


@pytest.mark.parametrize("way", ["silent", "pings"])
def test_a_deaf_link_carries_nothing_and_another_takes_over(
    client: WebClient, breaks: Break, otto: Typist, way: str
) -> None:
    """Only whether pings are answered tells the two kinds of deafness apart."""
    with RawLink(client) as deaf:
        assert breaks("link_deaf", value=way)["link_deaf"]
        lost = otto.says("/peak status")
        assert "operation_timeout" in lost.result()["notice"]
        pong = deaf.socket.ping()
        if way == "pings":
            assert pong.wait(5)
        else:
            assert not pong.wait(ACK_S)
        with RawLink(client) as sound:
            reply = otto.says("/peak health")
            envelope = sound.receive()
            sound.acknowledge(envelope)

            assert envelope["payload"]["text"] == "health"
            assert reply.result() == {"ok": True}
        assert not breaks("none")["link_deaf"]
        with pytest.raises(ConnectionClosed):
            deaf.receive()


def test_a_delivery_comes_twice(client: WebClient, breaks: Break, otto: Typist) -> None:
    """The same click in two envelopes, told apart by nothing that it carries."""
    breaks("duplicate_delivery")
    with RawLink(client) as link:
        reply = otto.says("/peak status")
        first, second = link.receive(), link.receive()
        link.acknowledge(first)
        link.acknowledge(second)

        assert first["payload"] == second["payload"]
        assert reply.result() == {"ok": True}


def test_a_delivery_comes_late(client: WebClient, breaks: Break, otto: Typist) -> None:
    """The person has been told that it failed by then."""
    breaks("late_delivery", value=ACK_S * 2)
    with RawLink(client) as link:
        assert "operation_timeout" in otto.says("/peak status").result()["notice"]
        assert link.is_quiet()
        link.acknowledge(link.receive())


def test_a_first_delivery_gets_lost(client: WebClient, breaks: Break, otto: Typist) -> None:
    """What arrives says that it is a repetition, so dropping repetitions would lose it."""
    breaks("lost_first_delivery")
    with RawLink(client) as link:
        assert "operation_timeout" in otto.says("/peak status").result()["notice"]
        envelope = link.receive()
        link.acknowledge(envelope)

        assert (envelope["retry_attempt"], envelope["retry_reason"]) == (1, "timeout")


def test_an_event_whose_first_delivery_is_lost_comes_again(
    client: WebClient, breaks: Break, otto: Typist
) -> None:
    """Once, by Slack's own repetition."""
    breaks("lost_first_delivery")
    with RawLink(client) as link:
        otto.does("home").result()
        envelope = link.receive()
        link.acknowledge(envelope)

        assert (envelope["type"], envelope["retry_attempt"]) == ("events_api", 1)


def test_a_file_is_taken_and_never_shared(client: WebClient, breaks: Break) -> None:
    """files.info has it without shares, and the next upload is shared."""
    breaks("file_never_shared")
    lost, kept = (
        client.files_upload_v2(channel=GENERAL.id, content=PIXEL, filename=f"{name}.png")["file"]["id"]
        for name in ("lost", "kept")
    )

    assert until(lambda: client.files_info(file=kept)["file"]["shares"])
    assert client.files_info(file=lost)["file"]["shares"] == {}


def test_an_archived_channel_is_read_only(client: WebClient, breaks: Break, desk: httpx.Client) -> None:
    """For the app and for people; what stands there can still be read."""
    ts = post(client)["ts"]
    assert breaks("channel_archived", channel=TRADING_OPS.id)["channel_archived"]

    assert refusal(lambda: post(client)) == "is_archived"
    assert refusal(lambda: client.chat_update(channel=TRADING_OPS.id, ts=ts, text="y")) == "is_archived"
    assert texts(client) == ["x"]
    assert client.conversations_info(channel=TRADING_OPS.id)["channel"]["is_archived"]
    for text in ("hello", "/peak status"):
        said = desk.post("/desk/say", json={"as": OTTO.id, "channel": TRADING_OPS.id, "text": text})
        assert said.status_code == 400

    breaks("none")
    post(client)


@pytest.mark.parametrize(
    ("room", "error"), [(TRADING_OPS, "not_in_channel"), (TRADING_APPROVALS, "channel_not_found")]
)
def test_a_bot_that_was_removed_neither_writes_nor_reads(
    client: WebClient, breaks: Break, room: Any, error: str
) -> None:
    """A private channel is then as good as not there; a public one could be joined."""
    ts = post(client, channel=room.id)["ts"]
    breaks("bot_removed", channel=room.id)

    assert refusal(lambda: post(client, channel=room.id)) == error
    assert refusal(lambda: client.chat_update(channel=room.id, ts=ts, text="y")) == error
    assert refusal(lambda: texts(client, room.id)) == error
    if room is TRADING_OPS:
        assert not client.conversations_info(channel=room.id)["channel"]["is_member"]

    breaks("none")
    post(client, channel=room.id)


def test_a_deactivated_account_does_and_gets_nothing(
    client: WebClient, breaks: Break, desk: httpx.Client
) -> None:
    """users.info says so, and nobody can act under it."""
    breaks("user_deactivated", person=SAM.id)

    assert client.users_info(user=SAM.id)["user"]["deleted"]
    assert SAM.id not in client.conversations_members(channel=GENERAL.id)["members"]
    assert refusal(lambda: client.conversations_open(users=SAM.id)) == "user_disabled"
    assert (
        refusal(lambda: client.chat_postEphemeral(channel=GENERAL.id, user=SAM.id, text="x"))
        == "user_not_in_channel"
    )
    said = desk.post("/desk/say", json={"as": SAM.id, "channel": GENERAL.id, "text": "hello"})
    assert (said.status_code, said.json()) == (400, {"error": "Sam's account is deactivated."})

    breaks("none")
    assert not client.users_info(user=SAM.id)["user"]["deleted"]


def test_somebody_becomes_a_guest_or_a_stranger(client: WebClient, breaks: Break, otto: Typist) -> None:
    """What the app hears from then on carries it."""
    breaks("user_guest", person=OTTO.id)
    assert client.users_info(user=OTTO.id)["user"]["is_restricted"]

    breaks("user_stranger", person=OTTO.id)
    user = client.users_info(user=OTTO.id)["user"]
    assert (user["is_stranger"], user["team_id"]) == (True, STRANGE_TEAM.id)
    with RawLink(client) as link:
        otto.says("/peak status")
        envelope = link.receive()
        link.acknowledge(envelope)
    assert envelope["payload"]["team_id"] == STRANGE_TEAM.id
    assert APP.user_id != envelope["payload"]["user_id"]


def test_the_exchange_is_reached_through_the_workspace(desk: httpx.Client) -> None:
    """Without one the page is told so."""
    reply = desk.get("/practice/exchange/faults")

    assert (reply.status_code, "--exchange-url" in reply.json()["error"]) == (400, True)
