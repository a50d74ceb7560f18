"""Amounts as people write them and as people read them."""

from decimal import Decimal

import pytest

from trading.amount import is_positive, parse_amount, plain
from trading.errors import BadAmount


@pytest.mark.parametrize("text", ["0", "100", "1250.50", "0.000000000001", "999999999999999.999999999999"])
def test_plain_digits_are_an_amount(text: str) -> None:
    """What is written is what is meant, to the last decimal."""
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("1e999", "not a plain number"),
        ("1E5", "not a plain number"),
        ("-0", "minus"),
        ("-1", "minus"),
        ("−1", "minus"),
        ("NaN", "not a plain number"),
        ("sNaN", "not a plain number"),
        ("inf", "not a plain number"),
        ("Infinity", "not a plain number"),
        ("1,000", "comma"),
        ("1 000", "blank"),
        ("100\n", "blank"),
        ("1_000", "not a plain number"),
        ("١٠٠", "not a plain number"),
        ("１００", "not a plain number"),
        ("½", "not a plain number"),
        (".5", "not a plain number"),
        ("5.", "not a plain number"),
        ("+5", "not a plain number"),
        ("0x10", "not a plain number"),
        ("0.0000000000001", "more than 12 decimals"),
        ("1000000000000000", "more than 15 digits"),
        ("9" * 10_000, "more than 15 digits"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, why: str) -> None:
    """A number that could be read in two ways is not read at all."""
    with pytest.raises(BadAmount, match=why):
        parse_amount(text)


def test_a_refusal_shows_no_more_than_one_short_line() -> None:
    """Ten thousand characters, control and bidi characters do not reach the reply as they are."""
    with pytest.raises(BadAmount) as caught:
        parse_amount("1\u202e\x07" + "9" * 10_000)

    message = str(caught.value)
    assert len(message) < 200
    assert message.isprintable()


def test_the_bounds_themselves_are_allowed() -> None:
    """From the least to the most, both included."""
    for text in ("10", "500"):
        assert parse_amount(text, minimum=Decimal(10), maximum=Decimal(500)) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "why"), [("9.99", "least allowed is 10"), ("500.01", "most allowed is 500")]
)
def test_beyond_a_bound_is_refused_with_the_bound(text: str, why: str) -> None:
    """The refusal says which amount would do."""
    with pytest.raises(BadAmount, match=why):
        parse_amount(text, minimum=Decimal(10), maximum=Decimal(500))


@pytest.mark.parametrize(
    ("value", "text"),
    [("500.00", "500"), ("1E+3", "1000"), ("0.10", "0.1"), ("0E-8", "0"), ("-0.00", "0"), ("-1.50", "-1.5")],
)
def test_an_amount_is_shown_without_exponent_or_trailing_zeros(value: str, text: str) -> None:
    """People read 500, not 5E+2."""
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "0", "-1"])
def test_what_cannot_be_reckoned_with_is_not_positive(value: str) -> None:
    """NaN compares as nothing, so it is asked for by name."""
    assert not is_positive(Decimal(value))


def test_only_decimals_are_positive() -> None:
    """A float, a text or nothing is no amount."""
    assert is_positive(Decimal("0.01"))
    assert not any(is_positive(value) for value in (1, 1.0, "1", None, True))
