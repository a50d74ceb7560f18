"""What a practice desk adds to a chat: a faster market, and faults on demand, in plain words."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from approvals.factor import Secret
from bot.clock import system_clock
from bot.practice.server import Installation, Workspace
from tests.browser.conftest import MANIFEST, Opens
from trading.practice_exchange.server import PracticeExchange

pytestmark = pytest.mark.browser

OTTO, OLIVIA, SAM = "UOTTO0000", "UOLIVIA00", "USAM00000"
GENERAL, OPS = "C0GENERAL0", "C0TRADEOPS"
PHONE = {"width": 390, "height": 760}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A workspace with an exchange beside it."""
    with (
        PracticeExchange.running(clock=system_clock) as exchange,
        Workspace.running(
            Installation(
                MANIFEST,
                exchange_url=exchange.url,
                secrets={OLIVIA: Secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")},
            ),
            system_clock,
        ) as running,
    ):
        yield running


def test_the_market_runs_faster_for_everybody(opens: Opens) -> None:
    """One person turns the knob, another sees it."""
    otto, olivia = opens(OTTO), opens(OLIVIA)
    otto.page.get_by_role("button", name="Speed up the market, now 1 times").click()
    otto.page.get_by_role("menuitem", name="20 times as fast").click()

    for window in (otto, olivia):
        expect(window.page.get_by_role("button", name="Speed up the market, now 20 times")).to_be_visible()


def test_the_knobs_leave_the_top_bar_low_on_a_phone(opens: Opens) -> None:
    """Beside them, a longer name and its code, the strip takes two lines at most, and all fits the width."""
    olivia = opens(OLIVIA, viewport=PHONE)
    expect(olivia.page.get_by_role("button", name="Speed up the market")).to_be_visible()
    expect(olivia.page.locator(".person-button .person-code")).to_have_text(re.compile(r"\d{3} \d{3}"))
    assert olivia.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    top = olivia.page.locator("header.top").bounding_box()
    assert top is not None
    assert top["height"] <= 50


def test_something_goes_wrong_and_is_mended(opens: Opens, app: WebClient) -> None:
    """A fault says in words what it does, is seen while it lasts, and ends for everybody at once."""
    otto = opens(OTTO, viewport=PHONE).goes_to(GENERAL)
    otto.page.get_by_role("button", name="Something goes wrong").click()
    expect(otto.form.get_by_role("heading", name="At the exchange")).to_be_attached()

    otto.form.get_by_role("button", name="Make it happen: Slack answers slowly").click()
    expect(otto.form.locator('[data-kind="delay"]')).to_contain_text("now")
    left = otto.form.locator('[data-kind="bot_removed"]')
    left.get_by_text("How exactly").click()
    left.get_by_role("combobox", name="Channel").select_option("#trading-reports")
    left.get_by_role("button", name="Make it happen").click()
    expect(left).to_contain_text("now")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        app.chat_postMessage(channel="C0REPORTS0", text="x")
    otto.form.get_by_role("button", name="Mend everything").click()

    expect(otto.form.locator(".fault.is-active")).to_have_count(0)
    otto.page.keyboard.press("Escape")
    otto.says("/peak card")
    otto.goes_to("C0APPROVAL").sees("Waiting for an Owner")


def test_an_archived_channel_is_marked_and_has_no_box_to_write_in(
    opens: Opens, app: WebClient, workspace: Workspace
) -> None:
    """In everybody's window at once, with all that was said there; mended, it is as before."""
    app.chat_postMessage(channel=OPS, text="Said before")
    otto = opens(OTTO).goes_to(OPS)
    places = otto.page.get_by_role("navigation", name="Channels").get_by_role("link")
    before = places.all_inner_texts()

    _post(workspace, "/practice/fault", kind="channel_archived", channel=OPS)
    expect(places.filter(has_text="trading-ops")).to_contain_text("archived")
    expect(otto.page.get_by_text("This channel is archived")).to_be_visible()
    expect(otto.composer).to_be_hidden()
    expect(otto.messages).to_contain_text("Said before")
    assert len(places.all()) == len(before)

    _post(workspace, "/practice/fault", kind="none")
    expect(otto.composer).to_be_visible()
    assert places.all_inner_texts() == before


def test_whoever_leaves_a_channel_loses_it_and_finds_it_again(
    opens: Opens, app: WebClient, workspace: Workspace
) -> None:
    """The window follows without a reload, and what was said meanwhile is there."""
    otto = opens(OTTO).goes_to(GENERAL)
    general = otto.page.get_by_role("navigation", name="Channels").get_by_role("link", name="general")
    who = {"as": OTTO, "channel": GENERAL}

    _post(workspace, "/desk/leave", **who)
    expect(general).to_have_count(0)
    expect(otto.page.get_by_role("heading", name="general")).to_have_count(0)

    app.chat_postMessage(channel=GENERAL, text="Said meanwhile")
    _post(workspace, "/desk/join", **who)
    general.click()
    expect(otto.messages.last).to_contain_text("Said meanwhile")


def test_a_fault_that_cannot_be_so_is_told_in_the_dialog(opens: Opens) -> None:
    """What was typed wrongly is said where it was typed, and nothing breaks."""
    otto = opens(OTTO)
    otto.page.get_by_role("button", name="Something goes wrong").click()
    row = otto.form.locator('[data-kind="delay"]')
    row.get_by_text("How exactly").click()
    row.get_by_label("Seconds").fill("soon")
    row.get_by_role("button", name="Make it happen").click()

    expect(otto.form.get_by_role("alert")).to_contain_text("soon")
    expect(otto.form.locator(".fault.is-active")).to_have_count(0)


def _post(workspace: Workspace, address: str, **body: str) -> None:
    httpx.post(f"{workspace.url}{address}", json=body).raise_for_status()


def test_times_are_those_of_the_reader(opens: Opens, app: WebClient) -> None:
    """Otto sits in Berlin and Sam in New York: one message, two clocks."""
    app.chat_postMessage(
        channel=GENERAL, text="It was at <!date^1795360684^{date_num} {time}|then>, and we know it."
    )
    for person, words in ((OTTO, "2026-11-22 16:18"), (SAM, "2026-11-22 10:18")):
        expect(opens(person).goes_to(GENERAL).messages.last).to_contain_text(words)
