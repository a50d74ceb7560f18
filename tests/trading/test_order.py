"""Intents and what becomes of them."""

from datetime import timedelta

import pytest

from tests.trading.given import NOON, D, an_intent, an_order
from trading.order import OrderState, Side

LIVE = {OrderState.INTENDED, OrderState.OPEN, OrderState.UNKNOWN}


@pytest.mark.parametrize("state", list(OrderState))
def test_only_what_the_venue_may_hold_is_open(state: OrderState) -> None:
    """An order that nobody heard of again still counts as open."""
    order = an_order(an_intent(Side.BUY, 5), state, filled=2)

    assert state.may_be_live is (state in LIVE)
    assert order.open_quantity == (D(3) if state in LIVE else D(0))


def test_a_moved_order_keeps_its_reason_until_there_is_a_new_one() -> None:
    """Why it was unknown can still be read once it is filled."""
    order = an_order(an_intent(Side.SELL, 1)).moved(OrderState.UNKNOWN, NOON, "no answer")
    later = NOON + timedelta(seconds=5)

    assert order.moved(OrderState.FILLED, later).reason == "no answer"
    assert order.moved(OrderState.REJECTED, later, "too late").reason == "too late"
    assert order.moved(OrderState.FILLED, later).updated_at == later


def test_sides_have_signs() -> None:
    """A buy adds, a sell takes away."""
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
