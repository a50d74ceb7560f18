"""Socket Mode, seen from a link that does only what it is told."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.practice.people import OTTO
from bot.practice.server import Workspace
from tests.bot.practice.polling import until
from tests.bot.practice.raw_link import RawLink, Typist


@pytest.fixture
def otto(workspace: Workspace) -> Iterator[Typist]:
    """Otto, typing in the background."""
    typist = Typist(workspace)
    yield typist
    typist.close()


def test_a_link_is_greeted_with_the_number_of_links(client: WebClient) -> None:
    """A bot that sees more links than its own knows that it is not alone."""
    with RawLink(client) as first, RawLink(client) as second:
        assert (first.hello["type"], first.hello["num_connections"]) == ("hello", 1)
        assert second.hello["num_connections"] == 2


def test_an_invitation_is_good_for_one_link(client: WebClient) -> None:
    """The address from apps.connections.open cannot be dialled twice."""
    with RawLink(client) as link, pytest.raises(InvalidStatus):
        connect(link.url, proxy=None, legacy=True)


def test_there_are_ten_links_at_most(client: WebClient) -> None:
    """The eleventh is refused, and room is made when one goes."""
    links = [RawLink(client) for _ in range(10)]
    with pytest.raises(SlackApiError, match="too_many_websockets"):
        RawLink(client)

    links.pop().socket.close()

    def eleventh() -> RawLink | None:
        try:
            return RawLink(client)
        except SlackApiError:
            return None

    if last := until(eleventh):
        links.append(last)
    for link in links:
        link.socket.close()


def test_a_command_without_a_link_fails_at_once(otto: Typist) -> None:
    """Nobody listens, so the person sees dispatch_failed."""
    assert otto.says("/peak status").result() == {
        "ok": False,
        "notice": '/peak failed with the error "dispatch_failed"',
    }


def test_an_envelope_goes_to_one_link(client: WebClient, otto: Typist) -> None:
    """Two links share the envelopes, each seeing its own."""
    with RawLink(client) as first, RawLink(client) as second:
        replies = [otto.says("/peak one"), otto.says("/peak two")]
        envelopes = [first.receive(), second.receive()]
        first.acknowledge(envelopes[0])
        second.acknowledge(envelopes[1])

        assert all(reply.result()["ok"] for reply in replies)
        assert {envelope["payload"]["text"] for envelope in envelopes} == {"one", "two"}
        assert first.is_quiet()
        assert second.is_quiet()


def test_an_unacknowledged_envelope_goes_to_another_link(client: WebClient, otto: Typist) -> None:
    """A link that breaks without a close frame loses nothing."""
    with RawLink(client) as first:
        reply = otto.says("/peak status")
        lost = first.receive()
        with RawLink(client) as second:
            first.drop()
            again = second.receive()
            second.acknowledge(again, {"text": "all well"})

            assert again["payload"] == lost["payload"]
            assert (again["envelope_id"], again["retry_attempt"]) == (lost["envelope_id"], 1)
            assert reply.result() == {"ok": True}


def test_an_unacknowledged_envelope_waits_for_the_next_link(client: WebClient, otto: Typist) -> None:
    """Between two links there may be a gap."""
    with RawLink(client) as first:
        reply = otto.says("/peak status")
        lost = first.receive()
    with RawLink(client) as second:
        again = second.receive()
        second.acknowledge(again)

        assert again["payload"] == lost["payload"]
        assert (again["envelope_id"], again["retry_attempt"]) == (lost["envelope_id"], 1)
        assert reply.result() == {"ok": True}


def test_an_acknowledged_envelope_does_not_come_again(client: WebClient, otto: Typist) -> None:
    """Only what was not acknowledged is repeated."""
    with RawLink(client) as first:
        reply = otto.says("/peak status")
        first.acknowledge(first.receive())
        assert reply.result()["ok"]
    with RawLink(client) as second:
        reply = otto.says("/peak health")
        envelope = second.receive()
        second.acknowledge(envelope)

        assert envelope["payload"]["text"] == "health"
        assert reply.result()["ok"]


def test_an_unanswered_event_comes_again(client: WebClient, otto: Typist) -> None:
    """An event that nobody acknowledges is repeated under its own id, and says that it is a repetition."""
    with RawLink(client) as link:
        assert otto.does("home").result() == {"ok": True}
        first, second = link.receive(), link.receive()
        link.acknowledge(second)

        assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
        assert second["retry_reason"] == "timeout"
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
        assert first["payload"]["event"]["user"] == OTTO.id


@pytest.mark.parametrize("frame", ["no json", "[]", "{}", '{"envelope_id": 7}', b"\x00"])
def test_a_senseless_frame_acknowledges_nothing(client: WebClient, otto: Typist, frame: str | bytes) -> None:
    """Whatever else a link sends, its envelope stays open."""
    with RawLink(client) as link:
        reply = otto.says("/peak status")
        envelope = link.receive()
        link.socket.send(frame)
        link.acknowledge(envelope, "fine")

        assert reply.result() == {"ok": True}


def test_a_command_carries_what_slack_sends(client: WebClient, otto: Typist) -> None:
    """The wire format of a command."""
    with RawLink(client) as link:
        otto.says("/peak live start  ma_crossover")
        envelope = link.receive()
        link.acknowledge(envelope)

    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"] is True
    payload = envelope["payload"]
    assert (payload["command"], payload["text"]) == ("/peak", "live start  ma_crossover")
    assert (payload["team_id"], payload["user_id"]) == (OTTO.team.id, OTTO.id)
    assert payload["channel_name"] == "trading-ops"
    assert payload["is_enterprise_install"] == "false"
    assert payload["response_url"].startswith("http://127.0.0.1:")
    assert payload["trigger_id"].count(".") == 2
