"""Whatever is typed is read as words, and never as anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import TEXT_MAX, nearest, read

KNOWN = ("status", "live", "stop", "health", "approvals", "rearm", "help")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ()),
        ("   \t\n ", ()),
        ("status", ("status",)),
        ("  Live   START ma_crossover\tBTC/USD ", ("Live", "START", "ma_crossover", "BTC/USD")),
        ("testnet start quick_smoke —dummy", ("testnet", "start", "quick_smoke", "--dummy")),
        ("a – b − c ‑ d", ("a", "--", "b", "-", "c", "-", "d")),
        ("stop “all” ‘now’", ("stop", '"all"', "'now'")),
        ("live\u00a0start", ("live", "start")),
        ("live\u3000start\u2028now", ("live", "start", "now")),
        ("sta\u200btus \x00\x1b[31mred", ("status", "[31mred")),
        ("\u202epots", ("pots",)),
        ("🚨 stop 👍🏽 now", ("🚨", "stop", "👍🏽", "now")),
    ],
)
def test_words_are_what_stands_between_blanks(typed: str, words: tuple[str, ...]) -> None:
    """Typographic dashes, quotes and blanks are the plain ones; what cannot be seen is not there."""
    assert read(typed).words == words


def test_the_first_word_counts_in_any_case() -> None:
    """Phones begin with a capital."""
    typed = read("Live Start BTC/USD first run")

    assert typed.first == "live"
    assert typed.starts("live", "start")
    assert not typed.starts("live", "stop")
    assert not read("live").starts("live", "start")
    assert typed.after(2) == ("BTC/USD", "first", "run")
    assert typed.rest(3) == "first run"
    assert read("").first == ""


def test_a_very_long_text_is_marked_as_such() -> None:
    """Ten thousand characters are read as far as a command can be, and said to be too long."""
    typed = read("x" * 10_000)

    assert typed.too_long
    assert len(typed.first) == TEXT_MAX
    assert not read("x" * TEXT_MAX).too_long


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """Reading raises nothing, and no word holds a blank or a control character."""
    for word in read(text).words:
        assert word == "".join(word.split())
        assert word.isprintable() or not any(letter in "\x00\x1b\x7f\u202e\u200b" for letter in word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("staus", "status"), ("STATUS!", "status"), ("lvie", "live"), ("aprovals", "approvals")],
)
def test_a_slip_finds_the_word_that_was_meant(word: str, expected: str) -> None:
    """The nearest words come first."""
    assert nearest(word, KNOWN)[0] == expected


@pytest.mark.parametrize("word", ["", "xyzzy", "🚨", "x" * 10_000, "\u202e"])
def test_a_word_like_no_other_finds_none(word: str) -> None:
    """Nothing is proposed at random."""
    assert nearest(word, KNOWN) == ()
