"""A workspace for each test, and an app that is installed in it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from slack_sdk import WebClient

from bot.clock import system_clock
from bot.practice.server import BOT_TOKEN, Installation, Workspace

MANIFEST = Path(__file__).parents[3] / "config" / "slack_manifest.json"


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
