"""Whatever people or venues write, it stays text."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escape import mrkdwn, plain

ANY_TEXT = st.text() | st.text(alphabet="&<>@#:/.!a\n\r\t\u202e\u2028\x00;mplgt")


@given(ANY_TEXT)
def test_no_text_opens_a_slack_sequence(text: str) -> None:
    """Without raw < > & there is no mention, no link, no date, no forged entity."""
    for escaped in (plain(text), mrkdwn(text)):
        assert "<" not in escaped
        assert ">" not in escaped
        assert re.sub(r"&(amp|lt|gt);", "", escaped).count("&") == 0


@given(ANY_TEXT)
def test_every_text_is_one_visible_line(text: str) -> None:
    """No second log line, no overwritten one, no text that runs backwards; and it can be stored."""
    escaped = plain(text)
    assert len(escaped.splitlines()) <= 1
    assert escaped == escaped.strip()
    assert not [
        letter for letter in escaped if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    ]
    escaped.encode("utf-8")


@given(ANY_TEXT)
def test_escaping_twice_is_escaping_once(text: str) -> None:
    """A reason that was cleaned on its way in is not mangled on its way out."""
    assert plain(plain(text)) == plain(text)
    assert mrkdwn(mrkdwn(text)) == mrkdwn(text)
    assert mrkdwn(plain(text)) == mrkdwn(text)


@given(ANY_TEXT)
def test_nothing_becomes_a_link_in_mrkdwn(text: str) -> None:
    """Slack links bare addresses, @names and #channels by itself: their parts are kept apart."""
    escaped = mrkdwn(text)
    assert "://" not in escaped
    assert not re.search(r"[@#]\w", escaped)


@given(ANY_TEXT | st.text(alphabet="*_~`>a b&g;t"))
def test_nothing_is_formatted_in_mrkdwn(text: str) -> None:
    """No bold, no code, no struck text, no italics and no quote: a card's own marks stay its own."""
    escaped = mrkdwn(text)
    assert not set("*`~") & set(escaped)
    assert not re.search(r"(^|[\W_])_|_([\W_]|$)", escaped)
    assert not escaped.startswith("&gt;")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("price feed looks wrong", "price feed looks wrong"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("first\nsecond\r\n2026-11-23T10:00:00Z\tOlivia", "first second 2026-11-23T10:00:00Z Olivia"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\ud83d lone", "lone"),
        ("tabs\tand\u00a0spaces\u2003", "tabs and spaces"),
        ("naïve Zürich 東京 🚀", "naïve Zürich 東京 🚀"),
        ("", ""),
    ],
)
def test_what_is_shown(written: str, shown: str) -> None:
    """Ordinary text keeps its words; dangerous text loses its power, not its meaning."""
    assert plain(written) == shown


@given(st.text(alphabet=":white_check1+-'é a"))
def test_nothing_becomes_an_emoji_in_mrkdwn(text: str) -> None:
    """A reason cannot draw the marks that a card draws itself."""
    assert not re.search(r":[\w+'-]+:", mrkdwn(f"{text}:white_check_mark::+1::skin-tone-2:"))


def test_a_colon_alone_is_left_alone() -> None:
    """Hours and words before a colon can be copied out of a card."""
    assert mrkdwn("at 10:30 UTC: price feed") == "at 10:30 UTC: price feed"


def test_an_underscore_within_a_word_stays() -> None:
    """The names of strategies and limits can be copied out of a card."""
    assert mrkdwn("ma_crossover max_order_notional") == "ma_crossover max_order_notional"
    assert mrkdwn("_a_ * `b`") == "\u02cda\u02cd \u2217 \u02cbb\u02cb"


def test_numbers_and_sentences_are_left_alone_in_mrkdwn() -> None:
    """Only what Slack would link is kept apart."""
    told = "0.12 BTC at 64250.10 USD. Look at /peak status."
    assert mrkdwn(told) == told
    assert mrkdwn("www.example.com") != "www.example.com"
