"""Which price an order is judged at, and when no price can be trusted to open on."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.trading.given import NOON, D, an_intent
from trading.order import Side
from trading.price import peg_doubt, peg_of, price_doubt, price_of


def test_a_market_order_is_judged_at_the_worse_side() -> None:
    """A buy pays the ask, a sell gets the bid."""
    assert price_of(an_intent(Side.BUY, 1), D(99), D(101)) == D(101)
    assert price_of(an_intent(Side.SELL, 1), D(99), D(101)) == D(99)


def test_a_limit_order_is_judged_at_its_limit() -> None:
    """Whatever the book shows."""
    assert price_of(an_intent(Side.BUY, 1, limit_price="90"), D(99), D(101)) == D(90)


def test_an_empty_side_has_no_price() -> None:
    """And an order without a price is denied."""
    assert price_of(an_intent(Side.BUY, 1), D(99), None) is None


@pytest.mark.parametrize(("age_s", "limit"), [(0, ""), (10, ""), (10.001, "quote_age"), (-11, "quote_age")])
def test_an_old_quote_opens_nothing(age_s: float, limit: str) -> None:
    """Nor does one from the future: then the clocks disagree."""
    quoted_at = NOON - timedelta(seconds=age_s)

    denial = price_doubt(D(100), D(99), D(101), quoted_at, NOON)

    assert (denial.limit if denial else "") == limit


def test_a_quote_of_the_future_is_not_called_old() -> None:
    """Whoever reads it looks at the clocks."""
    denial = price_doubt(D(100), D(99), D(101), NOON + timedelta(seconds=29), NOON)

    assert denial is not None
    assert denial.message == "the quote is 29 s ahead of our clock (at most 10 s)"


@pytest.mark.parametrize(
    ("price", "limit"), [("103", ""), ("97", ""), ("103.01", "off_mid"), ("96.99", "off_mid")]
)
def test_a_price_far_from_the_middle_opens_nothing(price: str, limit: str) -> None:
    """More than 3 % off is a typing error or an empty book."""
    denial = price_doubt(D(price), D(99), D(101), NOON, NOON)

    assert (denial.limit if denial else "") == limit


@pytest.mark.parametrize(
    ("bid", "ask"),
    [
        (None, "101"),
        ("99", None),
        ("NaN", "101"),
        ("99", "NaN"),
        ("0", "101"),
        ("102", "101"),
        ("99", "Infinity"),
    ],
)
def test_a_book_that_cannot_be_read_opens_nothing(bid: str | None, ask: str | None) -> None:
    """Missing, NaN or crossed."""
    denial = price_doubt(D(100), D(bid) if bid else None, D(ask) if ask else None, NOON, NOON)

    assert denial is not None
    assert denial.limit == "off_mid"


@pytest.mark.parametrize(
    ("worth", "fine"),
    [("1", True), ("0.9801", True), ("1.0199", True), ("0.98", False), ("1.02", False), ("NaN", False)],
)
def test_a_stablecoin_off_its_peg_opens_nothing(worth: str, fine: bool) -> None:
    """2 % off is off, on either side."""
    assert (peg_doubt("USDT", Decimal(worth)) is None) is fine


def test_a_stablecoin_of_unknown_worth_opens_nothing() -> None:
    """Its name proves nothing."""
    denial = peg_doubt("USDC", None)

    assert denial is not None
    assert "unknown" in denial.message


def test_money_has_no_peg() -> None:
    """Dollars and bitcoin promise nothing."""
    assert peg_of("USD") is peg_of("BTC") is None
    assert peg_doubt("EUR", D("0.5")) is None
