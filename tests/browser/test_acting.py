"""Cards, forms and the home: what the app shows and people do with it."""

import pytest
from playwright.sync_api import expect
from slack_sdk import WebClient

from tests.browser.conftest import Opens
from tests.browser.desk_app import APPROVALS

pytestmark = pytest.mark.browser

OLIVIA, OTTO = "UOLIVIA00", "UOTTO0000"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)


def test_a_form_shows_its_error_under_the_field_and_keeps_what_was_typed(
    opens: Opens, app: WebClient
) -> None:
    """A refused number stays in its field with the app's sentence below; the corrected form goes through."""
    otto = opens(OTTO).goes_to(APPROVALS)
    otto.says("/peak form")
    otto.form.get_by_label("Strategy").select_option("momentum")
    otto.form.get_by_label("Notional in USD").fill("5000")
    otto.form.get_by_label("limits reviewed").check()
    otto.form.get_by_label("Reason").fill("a first <look>")

    otto.form.get_by_role("button", name="Ask").click()
    expect(otto.form.locator("[data-error=notional]")).to_have_text("5000 is more than 1000.")
    expect(otto.form.get_by_label("Notional in USD")).to_be_focused()
    otto.form.get_by_label("Notional in USD").fill("100.5")
    otto.form.get_by_role("button", name="Ask").click()

    expect(otto.page.get_by_role("dialog")).to_have_count(0)
    otto.sees("@Otto asks: momentum, 100.5 USD, limits reviewed: a first")


def test_an_incomplete_form_is_not_sent(opens: Opens, app: WebClient) -> None:
    """Every required field that is empty says so, and the optional one does not."""
    otto = opens(OTTO)
    otto.says("/peak form")

    otto.form.get_by_role("button", name="Ask").click()

    expect(otto.form.locator(".field-error:visible")).to_have_count(3)
    expect(otto.form.locator("[data-error=ready]")).to_be_hidden()
    otto.form.get_by_role("button", name="Cancel").click()
    expect(otto.page.get_by_role("dialog")).to_have_count(0)


def test_a_form_is_filled_and_sent_by_keyboard_alone(opens: Opens, app: WebClient) -> None:
    """The first field has the focus; Tab, letters, Space and Enter do the rest."""
    otto = opens(OTTO).goes_to(APPROVALS)
    keys = otto.page.keyboard
    keys.type("/peak form")
    keys.press("Enter")
    expect(otto.form.get_by_label("Strategy")).to_be_focused()
    keys.type("mom")
    keys.press("Tab")
    keys.type("250")
    keys.press("Tab")
    keys.press("Space")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("by keyboard")
    keys.press("Tab")
    keys.press("Tab")
    expect(otto.form.get_by_role("button", name="Ask")).to_be_focused()
    keys.press("Enter")

    otto.sees("momentum, 250 USD, limits reviewed: by keyboard")


def test_escape_closes_a_form_and_gives_the_keyboard_back(opens: Opens, app: WebClient) -> None:
    """After Esc the form is gone, also after a reload, and the composer has the focus."""
    otto = opens(OTTO)
    otto.says("/peak form")
    expect(otto.form.get_by_label("Strategy")).to_be_focused()

    otto.page.keyboard.press("Escape")

    expect(otto.page.get_by_role("dialog")).to_have_count(0)
    expect(otto.composer).to_be_focused()
    otto.page.reload()
    expect(otto.composer).to_be_visible()
    expect(otto.page.get_by_role("dialog")).to_have_count(0)


def test_a_form_on_top_of_a_form_goes_away_alone(opens: Opens, app: WebClient) -> None:
    """Closing the pushed view brings the first one back with what was typed."""
    otto = opens(OTTO)
    otto.says("/peak form")
    otto.form.get_by_label("Notional in USD").fill("321")

    otto.form.get_by_role("button", name="Explain").click()
    expect(otto.form).to_contain_text("Two persons say yes.")
    otto.page.keyboard.press("Escape")

    expect(otto.page.get_by_role("dialog")).to_have_count(1)
    expect(otto.form.get_by_label("Notional in USD")).to_have_value("321")


def test_a_menu_is_used_by_keyboard(opens: Opens, app: WebClient) -> None:
    """Enter opens the overflow menu, an arrow key moves, Enter chooses; the answer is private."""
    otto = opens(OTTO).goes_to(APPROVALS)
    otto.says("/peak card")

    otto.sees("Waiting for an Owner").get_by_role("button", name="More actions").press("Enter")
    expect(otto.page.get_by_role("menuitem", name="preview")).to_be_focused()
    otto.page.keyboard.press("ArrowDown")
    otto.page.keyboard.press("Enter")

    expect(otto.sees("Here is the digest.")).to_contain_text("Only visible to you")


def test_an_open_form_survives_a_reload(opens: Opens, app: WebClient) -> None:
    """The workspace, not the window, knows which form is open."""
    otto = opens(OTTO)
    otto.says("/peak form")
    expect(otto.form.get_by_label("Strategy")).to_be_visible()

    otto.page.reload()

    expect(otto.form.get_by_role("heading", name="Ask to go live")).to_be_visible()


def test_a_button_acts_only_after_its_confirm_dialog(opens: Opens, app: WebClient) -> None:
    """“Not yet” leaves the card as it is; “Yes, approve” acts."""
    olivia = opens(OLIVIA).goes_to(APPROVALS)
    olivia.says("/peak card")
    approve = olivia.sees("Waiting for an Owner").get_by_role("button", name="Approve")

    approve.click()
    expect(olivia.form).to_contain_text("Real orders follow.")
    olivia.form.get_by_role("button", name="Not yet").click()
    expect(olivia.page.get_by_role("dialog")).to_have_count(0)
    expect(olivia.messages.last).to_contain_text("Waiting for an Owner")

    approve.click()
    olivia.form.get_by_role("button", name="Yes, approve").click()
    olivia.sees("Approved by @Olivia")


def test_a_second_window_sees_the_card_change(opens: Opens, app: WebClient) -> None:
    """What one person decides is on the other's screen without a reload, marked as edited, buttons gone."""
    otto, olivia = opens(OTTO).goes_to(APPROVALS), opens(OLIVIA).goes_to(APPROVALS)
    otto.says("/peak card")
    card = olivia.sees("Waiting for an Owner")
    otto.page.evaluate("window.sameDocument = true")

    card.get_by_role("button", name="Approve").click()
    olivia.form.get_by_role("button", name="Yes, approve").click()

    changed = otto.sees("Approved by @Olivia")
    expect(changed.get_by_role("button", name="Approve")).to_have_count(0)
    expect(changed.locator(".byline")).to_contain_text("(edited)")
    assert otto.page.evaluate("window.sameDocument") is True


def test_what_somebody_is_choosing_survives_other_peoples_messages(opens: Opens, app: WebClient) -> None:
    """A message that arrives leaves the focus and the draft where they are."""
    otto, olivia = opens(OTTO), opens(OLIVIA)
    olivia.composer.fill("half a sente")

    otto.says("Morning")
    olivia.sees("Morning")

    expect(olivia.composer).to_have_value("half a sente")
    expect(olivia.composer).to_be_focused()


def test_the_home_is_asked_for_and_acts(opens: Opens, app: WebClient) -> None:
    """Opening the home tells the app, which draws it; its button redraws it."""
    otto = opens(OTTO)
    otto.page.get_by_role("link", name="Peak Ops home").click()
    home = otto.page.get_by_role("region", name="App Home")
    expect(home).to_contain_text("The desk is calm.")

    home.get_by_role("button", name="Greet").click()

    expect(home).to_contain_text("Good morning, @Otto.")


def test_a_picture_is_shown_with_its_description(opens: Opens, app: WebClient) -> None:
    """An uploaded chart stands in the channel as an image with its alt text."""
    olivia = opens(OLIVIA)

    app.files_upload_v2(
        channel="C0TRADEOPS",
        content=PIXEL,
        filename="equity.png",
        title="Equity",
        alt_txt="Equity rises to 1012",
    )

    picture = olivia.page.get_by_role("img", name="Equity rises to 1012")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 1


def test_an_element_the_page_cannot_draw_is_named(opens: Opens, app: WebClient) -> None:
    """A gap is said aloud, so that whoever writes the bot sees it."""
    olivia = opens(OLIVIA)
    picker = {"type": "timepicker", "action_id": "at"}

    app.chat_postMessage(channel="C0TRADEOPS", text="x", blocks=[{"type": "actions", "elements": [picker]}])

    olivia.sees("does not draw the element “timepicker”")
