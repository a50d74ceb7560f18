"""A headless browser, a workspace with a small app in it, and windows that are persons."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Playwright, expect, sync_playwright
from slack_sdk import WebClient

from bot.clock import system_clock
from bot.practice.rates import Rates
from bot.practice.server import Installation, Workspace
from tests.browser import desk_app

MANIFEST = Path(__file__).parents[2] / "config" / "slack_manifest.json"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Else each window draws suggestions for an address bar that nobody sees, for a second of processor time.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
)
PATIENCE_MS = 10_000
MISSING = (
    "No Chromium was found, so the page cannot be tried. Install the package `chromium` or Google Chrome,"
    " or name a browser in CHROMIUM, or run `playwright install chromium`."
)


@dataclass(frozen=True, slots=True)
class Window:
    """A browser window in which somebody is at work."""

    page: Page
    address: str

    def goes_to(self, place: str) -> "Window":
        """Open a channel by its id, or ``home``."""
        self.page.goto(f"{self.address}#{place}")
        return self

    @property
    def composer(self) -> Locator:
        """The box to write in, of the channel."""
        return self.page.locator("#composer textarea")

    @property
    def messages(self) -> Locator:
        """The messages of the channel, oldest first."""
        return self.page.locator("#messages .message")

    @property
    def form(self) -> Locator:
        """The modal on top."""
        return self.page.get_by_role("dialog").last

    @property
    def code(self) -> str:
        """What the page shows beside one's own name."""
        return self.page.locator(".person-button .person-code").first.inner_text()

    def says(self, text: str) -> None:
        """Write something and send it."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def sees(self, text: str) -> Locator:
        """Wait until the newest message holds this; gives the message."""
        expect(self.messages.last).to_contain_text(text)
        return self.messages.last


Opens = Callable[..., Window]


def browser_path() -> str | None:
    """The Chromium of this machine; None leaves the choice to Playwright."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, one for the whole run."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium; without one a developer's run skips and CI fails."""
    try:
        launched = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
    except Error as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{MISSING} ({error.message.splitlines()[0]})")
        pytest.skip(MISSING)
    yield launched
    launched.close()


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace in which no app is at work."""
    with Workspace.running(
        Installation(MANIFEST, share_delay_s=0.05, rates=Rates.unlimited()), system_clock
    ) as running:
        yield running


@pytest.fixture
def app(workspace: Workspace) -> Iterator[WebClient]:
    """The small app at work in the workspace; gives its client."""
    with desk_app.running(workspace.api_url) as client:
        yield client


@pytest.fixture
def opens(browser: Browser, workspace: Workspace) -> Iterator[Opens]:
    """Open a window as a person, elsewhere with ``at``; errors in the page's own code fail the test."""
    contexts = []
    errors: list[str] = []

    def open_as(person: str, at: str = workspace.url, **options: object) -> Window:
        context = browser.new_context(**{"locale": "en-US", "timezone_id": "Europe/Berlin", **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        window = Window(page, f"{at}/?as={person}")
        page.goto(window.address)
        expect(window.composer).to_be_visible()
        return window

    expect.set_options(timeout=PATIENCE_MS)
    yield open_as
    for context in contexts:
        context.close()
    assert errors == []
