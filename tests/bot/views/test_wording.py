"""Money, times and quantities are written in one way everywhere."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bot.views.wording import day_and_time, label, literal, milliseconds, money, quantity, when

BERLIN = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234567.891", "1,234,567.89 USD"),
        ("0", "0.00 USD"),
        ("-0.001", "0.00 USD"),
        ("-12.5", "-12.50 USD"),
        ("1e30", "1,000,000,000,000,000,000,000,000,000,000.00 USD"),
        ("NaN", "unknown"),
        ("Infinity", "unknown"),
    ],
)
def test_money_has_two_decimals_and_a_currency(amount: str, shown: str) -> None:
    """Whatever its size; what is no amount is unknown."""
    assert money(Decimal(amount), "USD") == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [("1", "+1.00 USD"), ("-1", "-1.00 USD"), ("0", "0.00 USD"), ("0.001", "0.00 USD")]
)
def test_a_change_has_its_sign_and_nothing_has_none(amount: str, shown: str) -> None:
    """A PnL of nought is neither gain nor loss."""
    assert money(Decimal(amount), "USD", signed=True) == shown


def test_no_amount_is_unknown() -> None:
    """Never nought."""
    assert money(None, "USD") == "unknown"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.00100", "0.001"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("-0", "0"),
        ("1e-12", "0.000000000001"),
        ("NaN", "unknown"),
    ],
)
def test_a_quantity_has_no_exponent_and_no_trailing_noughts(amount: str, shown: str) -> None:
    """As the venue would take it."""
    assert quantity(Decimal(amount)) == shown


def test_times_are_given_in_the_readers_zone_and_in_utc() -> None:
    """Slack shows the first, the record means the second."""
    moment = datetime(2026, 11, 23, 13, 5, tzinfo=BERLIN)

    assert when(moment) == f"<!date^{int(moment.timestamp())}^{{time}}|12:05> (12:05 UTC)"
    assert "|2026-11-23 12:05> (12:05 UTC)" in day_and_time(moment)
    assert when(moment) == when(moment.astimezone(UTC))
    assert when(None) == "-"


def test_short_times_are_milliseconds() -> None:
    """From a second on, seconds."""
    assert [milliseconds(each) for each in (0, 999, 1000, 62_345)] == ["0 ms", "999 ms", "1.0 s", "62.3 s"]


def test_cutting_leaves_no_half_of_an_entity() -> None:
    """A cut through &amp;amp; would show up as letters, or open something."""
    for most in range(1, 40):
        for cut in (literal("a & b < c > d", most), label("a & b < c > d", most)):
            assert len(cut) <= most
            assert not cut.removesuffix("…").endswith(("&", "&a", "&am", "&amp", "&l", "&lt", "&g", "&gt"))
