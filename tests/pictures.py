"""The pictures in docs/pictures: `make pictures` takes them from a practice desk, so that they stay true."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bot.practice.people import OLIVIA, TRADING_APPROVALS, TRADING_OPS, Room
from tests.browser.conftest import FLAGS, PATIENCE_MS, browser_path
from tests.scenarios.conversation import Card
from tests.scenarios.desk import CHECKLIST, Desk, open_desk

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
WINDOW = {"width": 920, "height": 1400}
SHARPNESS = 1.4


@contextmanager
def olivias_window() -> Iterator[Page]:
    """A light browser window."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=FLAGS)
        context = browser.new_context(
            viewport=WINDOW,
            device_scale_factor=SHARPNESS,
            color_scheme="light",
            locale="en-US",
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()
        browser.close()


def take(page: Page, desk: Desk, room: Room, card: Card, name: str) -> None:
    """One message, cropped to itself."""
    page.goto(f"{desk.practice.workspace_url}/?as={OLIVIA.id}#{room.id}")
    message = page.locator(f'#messages .message[data-ts="{card.ts}"]')
    expect(message).to_be_visible()
    message.scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    message.evaluate("element => { element.style.padding = '14px'; element.style.margin = '2px'; }")
    message.screenshot(path=FOLDER / f"{name}.png")


def walk(desk: Desk, page: Page) -> None:
    """Ask, approve, go live, halt; a picture where there is something to see."""
    desk.control("market", pair="BTC/USD", trend="up")
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    answers = {"notional": "100", "reason": "first small run", "checklist": CHECKLIST}
    desk.otto.fills(answers).submits().is_told("Asked as")
    request = desk.channel("trading-approvals").expects("Otto asks to go live")
    take(page, desk, TRADING_APPROVALS, request, "approval-card")

    desk.olivia.clicks(request, "Approve").is_told("counted")
    desk.otto.clicks(request, "Go live").is_told("Starting BTC/USD")
    session = desk.channel("trading-ops").expects("BTC/USD is live")
    session.thread.expects("First order: buy")
    session.thread.expects("Fill: buy")
    desk.sam.says("/peak-kill price feed looks wrong").is_told("HALTED")
    halt = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    halt.now_reads("proven by the venue")
    take(page, desk, TRADING_OPS, halt, "halt-card")
    desk.may_say("")


def main() -> None:
    """Take every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        open_desk(Path(home) / "desk") as desk,
        olivias_window() as page,
    ):
        walk(desk, page)


if __name__ == "__main__":
    main()
