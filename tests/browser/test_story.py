"""The main road in two browser windows, with the real bot behind the page."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from bot.practice import people
from tests.browser.conftest import Opens
from tests.scenarios.desk import open_desk

pytestmark = pytest.mark.browser

LONG_MS = 30_000


def confirm(card: Locator, button: str, word: str) -> None:
    """Press a button and agree to what its dialog asks."""
    card.get_by_role("button", name=button, exact=True).click()
    card.page.get_by_role("dialog").get_by_role("button", name=word, exact=True).click()


def test_otto_asks_olivia_approves_otto_goes_live_and_anybody_halts(opens: Opens, tmp_path: Path) -> None:
    """What a newcomer does first, clicked and typed by hand, each in a window of one's own."""
    with open_desk(tmp_path / "home", watched=False) as desk:
        desk.control("market", pair="BTC/USD", trend="up")
        url, approvals, ops = desk.practice.workspace_url, people.TRADING_APPROVALS.id, people.TRADING_OPS.id
        otto = opens(people.OTTO.id, at=url).goes_to(approvals)
        olivia = opens(people.OLIVIA.id, at=url).goes_to(approvals)

        otto.says("/peak live start ma_crossover BTC/USD")
        otto.form.get_by_label("Notional, at most").fill("90")
        otto.form.get_by_label("Reason").fill("first small run")
        for box in otto.form.get_by_role("checkbox").all():
            box.check()
        otto.form.get_by_label("Your code").fill(otto.code)
        otto.form.get_by_role("button", name="Ask for approval").click()

        card = olivia.messages.filter(has_text="Otto asks to go live").last
        expect(card).to_contain_text("PRACTICE", timeout=LONG_MS)
        card.get_by_role("button", name="Approve", exact=True).click()
        expect(olivia.form).to_contain_text("At most 90 USD")
        olivia.form.get_by_label("Your code").fill(olivia.code)
        olivia.form.get_by_role("button", name="Approve", exact=True).click()
        own = otto.messages.filter(has_text="Otto asks to go live").last
        expect(own).to_contain_text("Approved by Olivia", timeout=LONG_MS)
        confirm(own, "Go live", "Go live")

        olivia.goes_to(ops)
        session = olivia.messages.filter(has_text="BTC/USD is live").last
        expect(session).to_contain_text("Open orders\n0", timeout=LONG_MS, use_inner_text=True)
        confirm(session, "Halt everything", "Halt")
        halt = olivia.messages.filter(has_text="Olivia halted everything").last
        expect(halt).to_contain_text("proven by the venue. STILL HOLDING", timeout=LONG_MS)
