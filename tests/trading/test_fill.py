"""One execution at the venue."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.given import D, a_fill
from trading.errors import BadFill
from trading.order import Side


def test_a_fee_in_base_leaves_the_position() -> None:
    """Buying 1 with a fee of 0.01 of it brings 0.99; selling 1 costs 1.01."""
    assert a_fill(Side.BUY, 1, 100, fee="0.01", fee_currency="BTC").quantity_change == D("0.99")
    assert a_fill(Side.SELL, 1, 100, fee="0.01", fee_currency="BTC").quantity_change == D("-1.01")


def test_a_fee_in_quote_leaves_the_quantity_alone() -> None:
    """What was bought is there whole."""
    assert a_fill(Side.BUY, 1, 100, fee=1).quantity_change == D(1)


def test_a_derivative_is_quoted_without_its_settlement_currency() -> None:
    """BTC/USD:USD is quoted in USD."""
    fill = a_fill(Side.BUY, 1, 100, symbol="BTC/USD:USD")

    assert (fill.base, fill.quote) == ("BTC", "USD")


@pytest.mark.parametrize("field", ["quantity", "price", "fee", "cost"])
@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_fill_that_cannot_be_booked_is_refused(field: str, value: str) -> None:
    """One NaN would make every later figure NaN."""
    with pytest.raises(BadFill, match=field):
        replace(a_fill(Side.BUY, 1, 100), **{field: Decimal(value)})


def test_what_changed_hands_is_what_the_venue_says() -> None:
    """It rounds to the digits of its currency; quantity times price stands in where it said nothing."""
    fill = a_fill(Side.BUY, "0.00123457", "64321.7")
    assert replace(fill, cost=D("79.40965")).notional == D("79.40965")
    assert fill.notional == fill.quantity * fill.price
