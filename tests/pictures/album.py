"""An album: what somebody sees, in a wide window and on a phone, by day and by night."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from bot.practice.people import OLIVIA, Person, Room
from tests.browser.conftest import FLAGS, PATIENCE_MS, browser_path
from tests.pictures.kinds import PICTURES
from tests.scenarios.conversation import Card

TALL, PHONE_TALL = 1400, 844
WIDE = {"viewport": {"width": 920, "height": TALL}, "device_scale_factor": 1.5}
PHONE = {
    "viewport": {"width": 390, "height": TALL},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
LOOKS = {
    "wide-light": {**WIDE, "color_scheme": "light"},
    "wide-dark": {**WIDE, "color_scheme": "dark"},
    "phone-light": {**PHONE, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
}


class Album:
    """Takes each picture in every look; all windows are one person's, at one place."""

    def __init__(self, folder: Path, pages: dict[str, Page]) -> None:
        self._folder = folder
        self._pages = pages
        self._person_at = ""
        self.url = ""
        self.taken: set[str] = set()

    def turns(self, person: Person, place: Room | str) -> None:
        """Let somebody look at a channel, a thread or `home`, with what stands there now."""
        where = place.id if isinstance(place, Room) else place
        self._turns(person.id, where, anew=True)

    def takes(self, name: str, card: Card) -> None:
        """One message, cropped to itself; what only one person sees needs that person's windows open."""
        message = card.said.message
        thread = message["thread_ts"]
        within = "#thread" if thread else "#messages"
        if not message["ephemeral"]:
            place = f"{card.said.channel}/{thread}" if thread else card.said.channel
            self._turns(card.reader or OLIVIA.id, place, anew=message["edited"])
        for look, page in self._pages.items():
            shown = page.locator(f'{within} .message[data-ts="{card.ts}"]').last
            expect(shown).to_be_visible()
            shown.scroll_into_view_if_needed()
            page.mouse.move(0, 0)
            self._keep(name, look, shown)

    def takes_window(self, name: str, within: str) -> None:
        """The whole window, once this is in it, as high as a phone or a small screen."""
        for look, page in self._pages.items():
            page.set_viewport_size({"width": page.viewport_size["width"], "height": PHONE_TALL})
            expect(page.locator(within).last).to_be_visible()
            self._keep(name, look, page)
            page.set_viewport_size({"width": page.viewport_size["width"], "height": TALL})

    def takes_question(self, name: str, card: Card, button: str) -> None:
        """What a button asks before it does anything; answered with no."""
        self._turns(OLIVIA.id, card.said.channel, anew=True)
        for page in self._pages.values():
            message = page.locator(f'#messages .message[data-ts="{card.ts}"]')
            message.get_by_role("button", name=button, exact=True).click()
        self.takes_window(name, "dialog[open]")
        for page in self._pages.values():
            page.get_by_role("dialog").last.get_by_role("button").last.press("Escape")

    def index(self) -> Path:
        """Write the page that shows all of them side by side."""
        rows = "".join(
            f'<h2 id="{name}">{escape(name)}</h2><div class="looks">'
            + "".join(f'<img loading="lazy" class="{look}" src="{_file(name, look)}">' for look in LOOKS)
            + "</div>"
            for name in PICTURES
            if name in self.taken
        )
        path = self._folder / "index.html"
        path.write_text(_PAGE.format(rows=rows), "utf-8")
        return path

    def _turns(self, person_id: str, place: str, *, anew: bool) -> None:
        """Open the place in all windows; `anew` where what stood there may have been rewritten since."""
        address = f"{self.url}/?as={person_id}"
        loaded = self._person_at == address
        for page in self._pages.values():
            page.goto(f"{address}#{place}", wait_until="commit")
            if loaded and anew:
                page.reload(wait_until="commit")
        for page in self._pages.values():
            expect(page.locator("#place-header h1")).to_be_attached()
        self._person_at = address

    def _keep(self, name: str, look: str, shown: Locator | Page) -> None:
        if name not in PICTURES:
            raise KeyError(f"{name} is no picture of tests/pictures/kinds.py")
        shown.screenshot(path=self._folder / _file(name, look), animations="disabled")
        self.taken.add(name)


def _file(name: str, look: str) -> str:
    return f"{name}.{look}.png"


@contextmanager
def open_album(folder: Path) -> Iterator[Album]:
    """Windows for all looks in one browser."""
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=FLAGS)
        pages = {}
        for look, options in LOOKS.items():
            context = browser.new_context(locale="en-US", timezone_id="Europe/Berlin", **options)
            context.set_default_timeout(PATIENCE_MS)
            pages[look] = context.new_page()
        yield Album(folder, pages)
        browser.close()


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8"><title>What the bot posts</title>
<style>
  body {{ margin: 24px; font: 15px system-ui, sans-serif; background: #8a929a; }}
  .looks {{ display: flex; align-items: flex-start; gap: 16px; overflow-x: auto; }}
  .wide-light, .wide-dark {{ width: 620px; }}
  .phone-light, .phone-dark {{ width: 390px; }}
</style>
<h1>What the bot posts</h1>
{rows}
</html>
"""
