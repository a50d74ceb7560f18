"""One value, one text: what is hashed cannot be read in two ways."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.errors import NaiveTime, NotADecimal, NotCanonical
from approvals.payload import (
    ADJECTIVES,
    NOUNS,
    Change,
    canonical,
    decimal_text,
    difference,
    digest,
    one_line,
    parsed,
    speakable_name,
    time_text,
)
from approvals.person import Role

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6)
    | st.datetimes(timezones=st.just(UTC))
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def test_the_order_of_keys_does_not_matter() -> None:
    """Two tables with the same fields are one payload."""
    assert canonical({"b": 1, "a": [True, None]}) == canonical({"a": (True, None), "b": 1})
    assert canonical({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("100", "100"),
        ("100.00", "100"),
        ("1E+2", "100"),
        ("0.10", "0.1"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1E-8", "0.00000001"),
        ("1" * 64, "1" * 64),
        ("1E+64", "1" + "0" * 64),
    ],
)
def test_equal_amounts_have_one_text(written: str, text: str) -> None:
    """100, 100.00 and 1E+2 are the same money."""
    assert decimal_text(Decimal(written)) == text


def test_no_digit_of_an_amount_is_lost() -> None:
    """An amount longer than the arithmetic's precision is kept whole."""
    long = "1234567890123456789012345678901234567890.12345"
    assert decimal_text(Decimal(long)) == long


@pytest.mark.parametrize("written", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999", "1E-999", "1" * 65])
def test_an_amount_without_exact_text_is_refused(written: str) -> None:
    """What is no number, or is absurdly long, is refused in words."""
    with pytest.raises(NotADecimal, match="not an amount that can be kept exactly") as refused:
        canonical({"notional": Decimal(written)})
    assert refused.value.found == written[:40]


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), b"bytes", object(), timedelta(1), {1: "key"}, {"a": [0.5]}]
)
def test_what_has_no_one_text_is_refused(value: object) -> None:
    """Floats above all: 0.1 + 0.2 must never be hashed."""
    with pytest.raises(NotCanonical, match="no one exact text"):
        canonical(value)


def test_a_refusal_names_the_field() -> None:
    """Whoever built the payload is told where to look."""
    for value, field, found in (
        ({"limits": {"steps": [1, 0.5]}}, "limits.steps[1]", "float"),
        ([0.5], "[0]", "float"),
        (0.5, "(whole)", "float"),
        ({1: 2}, "(whole)", "the key 1"),
        ({"limits": {1: 2}}, "limits", "the key 1"),
        ({"limits": {2, 3}}, "limits", "the key 2"),
        ({"X": 0.5}, "X", "float"),
    ):
        with pytest.raises(NotCanonical) as refused:
            canonical(value)
        assert (refused.value.field, refused.value.found) == (field, found)


def test_times_are_written_in_utc_and_sort() -> None:
    """One moment has one text, whatever zone it was given in, and later is greater."""
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert time_text(noon.astimezone(timezone(timedelta(hours=5)))) == "2026-11-23T12:00:00.000000Z"
    assert (
        time_text(noon) < time_text(noon + timedelta(microseconds=1)) < time_text(noon + timedelta(seconds=1))
    )


def test_a_time_without_zone_is_refused() -> None:
    """A naive time could mean any hour."""
    with pytest.raises(NaiveTime, match="The time 2026-11-23 12:00:00 names no zone"):
        canonical(datetime(2026, 11, 23, 12, tzinfo=UTC).replace(tzinfo=None))


def test_roles_are_written_as_a_sorted_list() -> None:
    """A set has one order, and an enum is its word."""
    assert (
        canonical({"among": frozenset({Role.RISK_OFFICER, Role.OWNER})})
        == '{"among":["owner","risk_officer"]}'
    )


def test_the_text_is_ascii() -> None:
    """No database, no file and no terminal can change a letter of it."""
    text = canonical({"reason": "Größe \u202e \x00 \ud800"})
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize("text", ['{"a":1.5}', '{"a":NaN}', '{"a":Infinity}'])
def test_a_stored_float_is_refused(text: str) -> None:
    """A text that we did not write is not read as if we had."""
    with pytest.raises(NotCanonical) as refused:
        parsed(text)
    assert (refused.value.field, refused.value.found) == ("(stored)", text[5:-1])


@given(VALUES)
def test_canonical_text_is_a_fixed_point(value: Any) -> None:
    """Reading the text and writing it again gives the same text, so a digest can always be checked."""
    text = canonical(value)
    assert canonical(parsed(text)) == text
    assert json.loads(text) == parsed(text)


@given(VALUES, VALUES)
def test_no_difference_means_the_same_digest(one: Any, other: Any) -> None:
    """Whenever two digests differ, a person can be shown in what."""
    first, second = canonical({"x": one}), canonical({"x": other})
    assert (difference(first, second) == []) == (digest(first) == digest(second))


def test_difference_names_each_field() -> None:
    """Changed, added and removed fields are listed by their path."""
    before = canonical(
        {"notional": Decimal(100), "limits": {"order": "1"}, "note": "x", "steps": [1, 2], "also": 1}
    )
    after = canonical(
        {"notional": Decimal(250), "limits": {"order": 1}, "fast": 10, "steps": [1, 3], "also": 1}
    )
    assert difference(before, after) == [
        Change("fast", None, "10"),
        Change("limits.order", '"1"', "1"),
        Change("note", "x", None),
        Change("notional", "100", "250"),
        Change("steps.[1]", "2", "3"),
    ]


def test_names_can_be_said() -> None:
    """Two plain words, always the same for the same request."""
    assert len(set(ADJECTIVES)) == len(ADJECTIVES) > 100
    assert len(set(NOUNS)) == len(NOUNS) > 100
    assert all(word.isascii() and word.islower() and word.isalpha() for word in ADJECTIVES + NOUNS)
    assert speakable_name("req-1") == speakable_name("req-1") != speakable_name("req-2")
    adjective, noun = speakable_name("req-1").split(" ")
    assert adjective in ADJECTIVES
    assert noun in NOUNS


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  first\n\tsmall\u2028run ", "first small run"),
        ("pay\u202eload\u2066\x00\x1b[31m", "payload[31m"),
        ("gr\u00f6\u00dfer \U0001f680", "größer \U0001f680"),
        ("x" * 600, "x" * 500),
    ],
)
def test_rule_13_other_peoples_text_is_one_plain_line(typed: str, kept: str) -> None:
    """No line break, control or direction mark of a typed reason gets into the record."""
    assert one_line(typed, 500) == kept
