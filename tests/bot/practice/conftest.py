"""A workspace for each test, and a small app that is installed in it."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette import SlackRequestHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clock import system_clock
from bot.practice.server import APP_TOKEN, BOT_TOKEN, Installation, Workspace
from tests.bot.practice.polling import until
from tests.bot.practice.small_app import small_app
from tests.scenarios.conversation import Conversation

MANIFEST = Path(__file__).parents[3] / "config" / "slack_manifest.json"
SIGNING_SECRET = "practice-secret"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace without an app at work."""
    with Workspace.running(Installation(MANIFEST, share_delay_s=0.05), system_clock) as running:
        yield running


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    """The SDK's own client, told nothing but the address."""
    return WebClient(token=BOT_TOKEN, base_url=workspace.api_url)


@pytest.fixture
def desk(workspace: Workspace) -> Iterator[httpx.Client]:
    """The people API."""
    with httpx.Client(base_url=workspace.url) as http:
        yield http


@pytest.fixture(scope="module", params=["socket", "http"])
def app_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a workspace in which the small app is at work, over one transport or the other."""
    over = _over_socket if request.param == "socket" else _over_http
    yield from over()


@pytest.fixture
def conversation(app_url: str) -> Iterator[Conversation]:
    """A conversation with the small app; what nobody expected fails the test."""
    with Conversation(app_url) as talking:
        yield talking


def _over_socket() -> Iterator[str]:
    with Workspace.running(Installation(MANIFEST, share_delay_s=0.05), system_clock) as running:
        handler = SocketModeHandler(small_app(running.api_url), APP_TOKEN)
        handler.connect()  # type: ignore[no-untyped-call]
        until(handler.client.is_connected)
        yield running.url
        handler.close()  # type: ignore[no-untyped-call]


def _over_http() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    installation = Installation(
        MANIFEST, request_url=address, signing_secret=SIGNING_SECRET, share_delay_s=0.05
    )
    with Workspace.running(installation, system_clock) as running:
        server = uvicorn.Server(uvicorn.Config(_asgi(small_app(running.api_url)), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started)
        yield running.url
        server.should_exit = True
        thread.join()
        listener.close()


def _asgi(app: App) -> Starlette:
    handler = SlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
