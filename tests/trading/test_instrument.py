"""What can be traded, and in which steps."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.given import D, bitcoin
from trading.errors import BadInstrument


@given(
    st.decimals(min_value=0, max_value=10**6, places=12), st.sampled_from(["0.00000001", "0.001", "1", "5"])
)
def test_a_quantity_is_cut_down_to_the_step(quantity: Decimal, step: str) -> None:
    """Never up, and by less than one step."""
    rounded = bitcoin(quantity_step=D(step)).round_quantity(quantity)

    assert rounded % D(step) == 0
    assert 0 <= quantity - rounded < D(step)


def test_a_price_goes_to_the_nearest_step() -> None:
    """Half-way goes to the even one."""
    instrument = bitcoin(price_step=D("0.1"))

    assert [instrument.round_price(D(text)) for text in ("10.04", "10.06", "10.05", "10.15")] == [
        D("10.0"),
        D("10.1"),
        D("10.0"),
        D("10.2"),
    ]


@pytest.mark.parametrize(
    ("quantity", "price", "accepted"),
    [
        ("0.0001", "5000", True),
        ("0.00009999", "90000", False),
        ("0.0001", "4999", False),
        ("0", "5000", False),
    ],
)
def test_an_order_must_reach_both_minimums(quantity: str, price: str, accepted: bool) -> None:
    """Enough of the base, and enough of the quote."""
    assert bitcoin().accepts(D(quantity), D(price)) is accepted


def test_nothing_is_no_order_even_without_minimums() -> None:
    """A venue that names no minimum still takes no order of zero."""
    assert not bitcoin(quantity_min=D(0), cost_min=D(0)).accepts(D(0), D(1))


@pytest.mark.parametrize("field", ["price_step", "quantity_step", "quantity_min", "cost_min"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
def test_a_market_described_unreadably_is_refused(field: str, value: str) -> None:
    """Steps that cannot be reckoned with stop the symbol, not the session in its first order."""
    with pytest.raises(BadInstrument, match=field):
        bitcoin(**{field: Decimal(value)})


@pytest.mark.parametrize("field", ["price_step", "quantity_step"])
def test_a_step_of_zero_is_refused(field: str) -> None:
    """Nothing can be rounded to it."""
    with pytest.raises(BadInstrument, match=field):
        bitcoin(**{field: D(0)})
