"""Signed HTTP, seen from a request URL that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.clock import system_clock
from bot.practice.people import OTTO, TRADING_OPS
from bot.practice.server import Installation, Workspace
from tests.bot.practice.conftest import MANIFEST, SIGNING_SECRET

Received = tuple[dict[str, str], bytes]


class RequestUrl:
    """A server that keeps what it receives and answers with the next status."""

    def __init__(self) -> None:
        self.received: Queue[Received] = Queue()
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.received.put((dict(self.headers), body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/slack/events"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def app() -> Iterator[RequestUrl]:
    """A request URL."""
    listening = RequestUrl()
    yield listening
    listening.close()


@pytest.fixture
def desk(app: RequestUrl) -> Iterator[Callable[..., dict[str, object]]]:
    """Otto's acts in a workspace that posts to it."""
    installation = Installation(MANIFEST, request_url=app.url, signing_secret=SIGNING_SECRET)
    with (
        Workspace.running(installation, system_clock) as running,
        httpx.Client(base_url=running.url, timeout=30) as http,
    ):

        def act(name: str, **body: object) -> dict[str, object]:
            reply: dict[str, object] = http.post(f"/desk/{name}", json={"as": OTTO.id, **body}).json()
            return reply

        yield act


def test_a_command_is_signed_as_slack_signs(app: RequestUrl, desk: Callable[..., dict[str, object]]) -> None:
    """The SDK's own verifier accepts it, and the body is a form."""
    assert desk("say", channel=TRADING_OPS.id, text="/peak ümläut & more") == {"ok": True}

    headers, body = app.received.get(timeout=10)
    form = {key: values[0] for key, values in parse_qs(body.decode(), strict_parsing=False).items()}

    assert SignatureVerifier(SIGNING_SECRET).is_valid_request(body, headers)
    assert not SignatureVerifier(SIGNING_SECRET).is_valid_request(body + b"x", headers)
    assert (form["command"], form["text"], form["user_id"]) == ("/peak", "ümläut &amp; more", OTTO.id)


@pytest.mark.parametrize("status", [401, 500])
def test_anything_but_200_is_a_failed_dispatch(
    app: RequestUrl, desk: Callable[..., dict[str, object]], status: int
) -> None:
    """The person sees what Slack shows, and the command is not repeated."""
    app.statuses = [status]

    said = desk("say", channel=TRADING_OPS.id, text="/peak status")

    assert said == {"ok": False, "notice": '/peak failed with the error "dispatch_failed"'}
    assert app.received.qsize() == 1


def test_a_refused_connection_is_a_failed_dispatch(
    app: RequestUrl, desk: Callable[..., dict[str, object]]
) -> None:
    """A bot that is down is seen to be down."""
    app.close()

    said = desk("say", channel=TRADING_OPS.id, text="/peak status")

    assert said["notice"] == '/peak failed with the error "dispatch_failed"'


def test_an_event_that_failed_comes_again_with_its_number(
    app: RequestUrl, desk: Callable[..., dict[str, object]]
) -> None:
    """The repetition has the same event id and says which it is and why."""
    app.statuses = [500, 200]
    desk("home")

    (first_headers, first), (second_headers, second) = (app.received.get(timeout=10) for _ in range(2))

    assert json.loads(first)["event_id"] == json.loads(second)["event_id"]
    assert "X-Slack-Retry-Num" not in first_headers
    assert second_headers["X-Slack-Retry-Num"] == "1"
    assert second_headers["X-Slack-Retry-Reason"] == "http_error"


def test_an_event_that_wants_no_retry_gets_none(
    app: RequestUrl, desk: Callable[..., dict[str, object]]
) -> None:
    """X-Slack-No-Retry ends the repetitions: the next thing that arrives is the next event."""
    app.statuses, app.headers = [500], {"X-Slack-No-Retry": "1"}
    desk("home")
    app.received.get(timeout=10)
    desk("home", tab="messages")

    headers, body = app.received.get(timeout=10)

    assert json.loads(body)["event"]["tab"] == "messages"
    assert "X-Slack-Retry-Num" not in headers
