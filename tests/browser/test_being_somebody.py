"""Who I am, where I sit, and what happens when the line drops."""

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from bot.clock import system_clock
from bot.practice.server import Installation, Workspace
from tests.browser.conftest import MANIFEST, Opens

pytestmark = pytest.mark.browser

OLIVIA, OTTO = "UOLIVIA00", "UOTTO0000"
GENERAL = "C0GENERAL0"
PHONE = {"width": 380, "height": 720}


def test_a_newcomer_chooses_a_person(opens: Opens, workspace: Workspace) -> None:
    """The bare address asks who one is; a name leads into that person's workspace."""
    page = opens(OTTO).page
    page.goto(workspace.url)

    page.get_by_role("link", name="Olivia").click()

    expect(page).to_have_url(f"{workspace.url}/?as={OLIVIA}")
    expect(page.get_by_role("button", name="You are Olivia, Owner")).to_be_visible()


def test_an_unknown_person_is_told_and_chooses(opens: Opens, workspace: Workspace) -> None:
    """A mistyped id is named, and the people are offered."""
    page = opens(OTTO).page

    page.goto(f"{workspace.url}/?as=UNOBODY")

    expect(page.get_by_role("alert")).to_contain_text("UNOBODY")
    expect(page.get_by_role("link", name="Rita")).to_be_visible()


def test_a_second_window_is_a_second_person(opens: Opens, app: WebClient) -> None:
    """The switcher opens somebody else beside me, in the same channel; both talk to each other."""
    otto = opens(OTTO).goes_to(GENERAL)
    otto.page.get_by_role("button", name="You are Otto").click()
    with otto.page.context.expect_page() as opened:
        otto.page.get_by_role("menuitem", name="Open a second window as Olivia").click()
    olivia: Page = opened.value
    expect(olivia.get_by_role("button", name="You are Olivia")).to_be_visible()
    expect(olivia.get_by_role("heading", name="general")).to_be_visible()

    otto.says("Can you see me?")

    expect(olivia.locator("#messages .message").last).to_contain_text("Can you see me?")


def test_it_is_always_said_that_nothing_is_real(opens: Opens) -> None:
    """The strip stands in the workspace at every width."""
    for width in (1280, 380):
        window = opens(OTTO, viewport={"width": width, "height": 720})
        expect(window.page.get_by_text("nothing here is real")).to_be_in_viewport()


def test_a_phone_is_wide_enough(opens: Opens, app: WebClient) -> None:
    """Channels slide in as a drawer, a form fills the screen, nothing runs off sideways.

    Nor does the keyboard come up over what somebody goes to read.
    """
    otto = opens(OTTO, viewport=PHONE, has_touch=True, is_mobile=True)
    drawer = otto.page.get_by_role("navigation", name="Channels")
    expect(drawer).not_to_be_in_viewport()

    otto.page.get_by_role("button", name="Show channels").click()
    drawer.get_by_role("link", name="trading-approvals").click()
    expect(drawer).not_to_be_in_viewport()
    expect(otto.composer).not_to_be_focused()
    otto.says("/peak card")
    otto.sees("Waiting for an Owner")
    _fits(otto.page)

    otto.says("/peak form")
    expect(otto.form.get_by_role("button", name="Ask")).to_be_in_viewport()
    _fits(otto.page)


def test_a_thread_on_a_phone_covers_the_channel(opens: Opens, app: WebClient) -> None:
    """The thread takes the whole width and gives it back when it is closed."""
    otto = opens(OTTO, viewport=PHONE)
    otto.says("Shall we?")
    otto.sees("Shall we?").hover()
    otto.page.get_by_role("button", name="Reply in thread").click()
    thread = otto.page.get_by_role("complementary", name="Thread")
    expect(thread).to_be_in_viewport()
    expect(otto.composer).to_be_hidden()

    thread.get_by_role("button", name="Close thread").click()

    expect(otto.composer).to_be_visible()


def test_the_window_comes_back_by_itself(opens: Opens) -> None:
    """After the workspace restarts the page says the line was lost, reconnects, and shows what is new."""
    installation = Installation(MANIFEST)
    with Workspace.running(installation, system_clock) as first:
        port = int(first.url.rpartition(":")[2])
        otto = opens(OTTO, at=first.url)
        lost = otto.page.get_by_text("The connection is lost.")
        expect(lost).to_be_hidden()

    expect(lost).to_be_visible()
    with Workspace.running(installation, system_clock, port) as second:
        expect(lost).to_be_hidden()
        opens(OLIVIA, at=second.url).says("Here again")
        otto.sees("Here again")


def _fits(page: Page) -> None:
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
