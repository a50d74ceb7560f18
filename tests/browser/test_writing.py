"""What people write, and what the page makes of it."""

import pytest
from playwright.sync_api import expect
from slack_sdk import WebClient

from bot.practice.server import Workspace
from tests.browser.conftest import Opens

pytestmark = pytest.mark.browser

OLIVIA, OTTO, RITA, SAM = "UOLIVIA00", "UOTTO0000", "URITA0000", "USAM00000"
OPS, GENERAL = "C0TRADEOPS", "C0GENERAL0"


def test_a_slash_offers_the_commands_of_the_manifest(opens: Opens, app: WebClient) -> None:
    """Typing “/” lists both commands; further letters narrow the list, Esc closes it."""
    otto = opens(OTTO)
    hints = otto.page.get_by_role("listbox", name="Commands")

    otto.composer.press_sequentially("/")
    expect(hints.get_by_role("option")).to_have_count(2)
    otto.composer.press_sequentially("peak-")
    expect(hints.get_by_role("option")).to_have_text(["/peak-killHalt everything, at once"])
    otto.composer.press("Escape")

    expect(hints).to_be_hidden()
    expect(otto.composer).to_have_value("/peak-")


def test_a_command_is_picked_with_the_arrow_keys_and_tab(opens: Opens, app: WebClient) -> None:
    """Arrow down chooses the second command, Tab writes it, and its usage is shown."""
    otto = opens(OTTO)

    otto.composer.press_sequentially("/")
    otto.composer.press("ArrowDown")
    otto.composer.press("Tab")

    expect(otto.composer).to_have_value("/peak-kill ")
    expect(otto.page.locator("#composer .hint-note")).to_contain_text("[reason]")


def test_an_answer_for_one_person_is_seen_by_nobody_else(opens: Opens, app: WebClient) -> None:
    """The reply to a command is marked private and does not reach a second window."""
    otto, olivia = opens(OTTO), opens(OLIVIA)

    otto.says("/peak status")
    otto.sees("asked for status")
    otto.says("everybody may read this")

    expect(otto.page.get_by_text("Only visible to you")).to_be_visible()
    olivia.sees("everybody may read this")
    expect(olivia.page.get_by_text("asked for status")).to_have_count(0)


def test_words_that_look_like_markup_stay_words(opens: Opens, app: WebClient) -> None:
    """A script, an image or a javascript link, from a person or the app, is shown as text."""
    attack = "<script>document.title='taken'</script><img src=x onerror=alert(1)> <javascript:alert(1)|click>"
    otto, olivia = opens(OTTO), opens(OLIVIA)

    otto.says(attack)
    shown = olivia.sees("<script>document.title='taken'</script>")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
    app.chat_postMessage(channel=OPS, text=attack, blocks=[_section(attack)])

    shown = olivia.sees("<img src=x onerror=alert(1)>")
    expect(shown.locator("script, .content img, .content a")).to_have_count(0)
    assert "taken" not in olivia.page.title()


def test_mrkdwn_reads_as_in_slack(opens: Opens, app: WebClient) -> None:
    """Styles, code, links, quotes, mentions and entities become elements; names with underscores do not."""
    olivia = opens(OLIVIA)
    text = (
        f"*bold* _italic_ ~gone~ `code` ma_crossover_x 2*3*4 R&amp;D 5 &gt; 3\n> quoted\n"
        f"<https://example.org/a?b=1&amp;c=2|the plan> <@{OLIVIA}> <#{GENERAL}> :rocket: 10:30:45\n"
        "```a\n*b*```"
    )

    app.chat_postMessage(channel=OPS, text="fallback", blocks=[_section(text)])
    shown = olivia.sees("R&D 5 > 3")

    expect(shown.locator("strong")).to_have_text(["bold"])
    expect(shown.locator("em")).to_have_text(["italic"])
    expect(shown.locator("s")).to_have_text(["gone"])
    expect(shown.locator("code")).to_have_text(["code"])
    expect(shown.locator("pre")).to_have_text("a\n*b*")
    expect(shown.locator("blockquote")).to_have_text("quoted")
    expect(shown.get_by_role("link", name="the plan")).to_have_attribute(
        "href", "https://example.org/a?b=1&c=2"
    )
    expect(shown.get_by_role("link", name="#general")).to_have_attribute("href", f"#{GENERAL}")
    expect(shown.locator(".mention-me")).to_have_text("@Olivia")
    expect(shown).to_contain_text("ma_crossover_x 2*3*4")
    expect(shown).to_contain_text("🚀 10:30:45")


def test_a_date_is_shown_in_the_readers_zone(opens: Opens, app: WebClient) -> None:
    """13:00 for Olivia in Berlin is 07:00 for Sam in New York, wherever his browser thinks it is."""
    berlin, new_york = opens(OLIVIA), opens(SAM)

    app.chat_postMessage(channel=OPS, text="At <!date^1767268800^{date_short} {time}|noon UTC>")
    berlin.sees("At Jan 1, 2026 13:00")
    new_york.sees("At Jan 1, 2026 07:00")

    app.chat_postMessage(channel=OPS, text="At <!date^1767268800^{moon}|noon UTC>")
    berlin.sees("At noon UTC")


def test_a_thread_opens_beside_the_channel(opens: Opens, app: WebClient) -> None:
    """A reply written in the thread is counted on the message and stays out of the channel; Esc closes it."""
    otto, olivia = opens(OTTO), opens(OLIVIA)
    otto.says("Shall we?")
    olivia.sees("Shall we?").hover()
    olivia.page.get_by_role("button", name="Reply in thread").click()
    thread = olivia.page.get_by_role("complementary", name="Thread")

    thread.get_by_role("combobox", name="Reply…").fill("In ten minutes")
    olivia.page.keyboard.press("Enter")

    expect(thread.locator(".message")).to_have_count(2)
    expect(otto.page.get_by_role("button", name="1 reply")).to_be_visible()
    expect(otto.messages).to_have_count(1)
    olivia.page.keyboard.press("Escape")
    expect(thread).to_be_hidden()


def test_an_unread_channel_is_marked_until_it_is_opened(opens: Opens, app: WebClient) -> None:
    """News elsewhere shows in the sidebar and in the title, and goes away on reading, for good."""
    olivia, otto = opens(OLIVIA), opens(OTTO).goes_to(GENERAL)
    entry = olivia.page.get_by_role("navigation", name="Channels").get_by_role("link", name="general")

    otto.says("Coffee?")
    expect(entry).to_have_accessible_name("general, 1 unread")
    entry.click()
    olivia.sees("Coffee?")

    olivia.goes_to(OPS)
    olivia.page.reload()
    expect(entry).to_have_accessible_name("general")


def test_a_reader_who_scrolled_up_is_not_moved(opens: Opens, app: WebClient) -> None:
    """News below waits behind a button; pressing it goes there."""
    for number in range(40):
        app.chat_postMessage(channel=OPS, text=f"line {number}")
    olivia = opens(OLIVIA)
    olivia.sees("line 39")
    expect(olivia.messages.last).to_be_in_viewport()
    olivia.page.get_by_role("log", name="Messages").evaluate("list => list.scrollTo(0, 0)")

    app.chat_postMessage(channel=OPS, text="the newest")
    olivia.sees("the newest")
    expect(olivia.messages.first).to_be_in_viewport()
    olivia.page.get_by_role("button", name="New messages").click()

    expect(olivia.messages.last).to_be_in_viewport()


def test_a_failed_command_says_so_and_gives_the_words_back(opens: Opens, workspace: Workspace) -> None:
    """With no app at work the person reads dispatch_failed, as in Slack, and can send again."""
    otto = opens(OTTO)

    otto.says("/peak status")

    expect(otto.page.get_by_role("alert")).to_contain_text('/peak failed with the error "dispatch_failed"')
    expect(otto.composer).to_have_value("/peak status")
    otto.page.get_by_role("button", name="Dismiss").click()
    expect(otto.page.locator(".notice")).to_have_count(0)


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
