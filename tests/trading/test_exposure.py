"""What the account would be exposed to if every open order filled."""

import gc
import random
import sys
from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from types import FrameType
from typing import Any

import pytest

from tests.trading.given import BTC, ETH, QUIET_DAY, D, a_fill, an_intent, an_order, the_limits
from trading.exposure import Exposure
from trading.fill import Fill
from trading.limits import check
from trading.order import Intent, Order, OrderState, Side


def holding(quantity: str | int, price: str | int = 100) -> Exposure:
    """Give an account that holds this much of a symbol at this mark."""
    exposure = Exposure("USD")
    exposure.mark(BTC, D(price))
    exposure.hold(BTC, D(quantity))
    return exposure


def opened(exposure: Exposure, side: Side, quantity: str | int, price: str | int = 100) -> Order:
    """Reserve one more order."""
    order = an_order(an_intent(side, quantity))
    exposure.reserve(order, D(price))
    return order


def test_open_buys_and_sells_do_not_cancel_each_other() -> None:
    """The market may fill one side alone, so each is tested apart."""
    exposure = holding(1)
    opened(exposure, Side.BUY, 2)
    opened(exposure, Side.SELL, 2)

    assert exposure.symbol_exposure(BTC) == D(300)


def test_sells_count_when_they_are_the_worse_side() -> None:
    """Flat with 2 to buy and 3 to sell is worth 3."""
    exposure = holding(0)
    opened(exposure, Side.BUY, 2)
    opened(exposure, Side.SELL, 3)

    assert exposure.symbol_exposure(BTC) == D(300)


def test_symbols_do_not_cancel_each_other() -> None:
    """A long and a short elsewhere are two risks."""
    exposure = holding(2)
    exposure.mark(ETH, D(10))
    exposure.hold(ETH, D(-5))

    assert exposure.total == D(250)
    assert exposure.largest_symbol == D(200)


def test_a_fill_moves_from_the_open_orders_into_the_position() -> None:
    """Nothing is counted twice, nothing is lost in between."""
    exposure = holding(0)
    order = opened(exposure, Side.BUY, 3)

    exposure.fill(a_fill(Side.BUY, 1, 100, of=order.intent))

    assert exposure.position(BTC) == D(1)
    assert exposure.total == D(300)
    exposure.release(order.intent.client_order_id)
    assert exposure.total == D(100)


def test_an_order_filled_whole_is_open_no_more() -> None:
    """Releasing it afterwards takes nothing away a second time."""
    exposure = holding(0)
    order = opened(exposure, Side.BUY, 2)

    for _ in range(2):
        exposure.fill(a_fill(Side.BUY, 1, 100, of=order.intent))
    exposure.release(order.intent.client_order_id)

    assert (exposure.total, exposure.largest_order) == (D(200), D(0))


def test_a_fill_after_the_release_still_counts() -> None:
    """A cancel that came too late does not make the position vanish."""
    exposure = holding(0)
    order = opened(exposure, Side.SELL, 2)
    exposure.release(order.intent.client_order_id)

    exposure.fill(a_fill(Side.SELL, 2, 100, of=order.intent))

    assert exposure.total == D(200)


def test_a_foreign_fill_counts() -> None:
    """A position is a risk whoever made it."""
    exposure = holding(0)

    exposure.fill(a_fill(Side.BUY, 2, 100))

    assert exposure.total == D(200)


def test_a_fee_in_base_leaves_the_position() -> None:
    """What the venue kept is held by nobody here."""
    exposure = holding(0)

    exposure.fill(a_fill(Side.BUY, 1, 100, fee="0.01", fee_currency="BTC"))

    assert exposure.position(BTC) == D("0.99")


def test_reserving_again_replaces() -> None:
    """After a restart an order may be found twice; it is one order."""
    exposure = holding(0)
    order = opened(exposure, Side.BUY, 2)
    exposure.reserve(an_order(order.intent, OrderState.OPEN, filled="0.5"), D(100))

    assert exposure.total == D(150)


def test_an_order_that_is_over_reserves_nothing() -> None:
    """Only what the venue may still fill is a risk."""
    exposure = holding(0)
    exposure.reserve(an_order(an_intent(Side.BUY, 2), OrderState.CANCELLED), D(100))

    assert exposure.total == D(0)


@pytest.mark.parametrize("price", [None, Decimal("NaN"), Decimal(0), Decimal(-1), Decimal("Infinity")])
def test_a_holding_without_a_price_makes_the_total_unknown(price: Decimal | None) -> None:
    """Unknown, not zero; and known again with the next price."""
    exposure = holding(1)
    exposure.mark(BTC, price)

    assert (exposure.total, exposure.symbol_exposure(BTC), exposure.largest_symbol) == (None, None, None)
    assert exposure.unpriced == {BTC}
    exposure.mark(BTC, D(110))
    assert exposure.total == D(110)


def test_another_quote_is_converted_at_its_rate() -> None:
    """No currency is taken for another, and no stablecoin for the money it promises to be."""
    exposure = Exposure("USD")
    exposure.hold("BTC/USDT", D(1))
    exposure.mark("BTC/USDT", D(100))
    assert exposure.total is None

    exposure.mark("BTC/USDT", D(100), rate=D("0.99"))

    assert exposure.total == D(99)


def test_the_currency_of_the_limits_needs_no_rate() -> None:
    """And a rate given for it by mistake changes nothing."""
    exposure = holding(1)
    exposure.mark(BTC, D(100), rate=D(7))

    assert exposure.total == D(100)


def test_looking_at_an_order_changes_nothing() -> None:
    """A check that is not followed by a reservation leaves no trace."""
    exposure = holding(1)

    after = exposure.after(an_intent(Side.BUY, 2), D(100))

    assert (after.symbol, after.total) == (D(300), D(300))
    assert exposure.total == D(100)


class Plain:
    """The same account, added up from scratch at every question."""

    def __init__(self) -> None:
        self.positions: dict[str, Decimal] = {}
        self.marks: dict[str, Decimal] = {}
        self.open: dict[str, tuple[Intent, Decimal, Decimal]] = {}

    def total(self) -> Decimal:
        """Add the worst cases of all symbols."""
        return sum((self.worst(symbol) for symbol in self.marks), Decimal(0))

    def worst(self, symbol: str) -> Decimal:
        """Give the worst case of one symbol."""
        held = self.positions.get(symbol, Decimal(0)) * self.marks[symbol]
        buys = self.side(symbol, Side.BUY)
        sells = self.side(symbol, Side.SELL)
        return max(abs(held + buys), abs(held - sells)).quantize(Decimal("1e-8"), ROUND_UP)

    def side(self, symbol: str, side: Side) -> Decimal:
        """Add the open orders of one side."""
        return sum(
            (
                left * price
                for intent, left, price in self.open.values()
                if (intent.symbol, intent.side) == (symbol, side)
            ),
            Decimal(0),
        )


@pytest.mark.parametrize("seed", range(5))
def test_running_totals_equal_a_count_from_scratch(seed: int) -> None:
    """After any mixture of orders, fills, cancels and marks, to the last digit."""
    dice = random.Random(seed)
    symbols = ("BTC/USD", "ETH/USD", "SOL/USD")
    exposure, plain = Exposure("USD"), Plain()
    for symbol in symbols:
        plain.marks[symbol] = D(100)
        exposure.mark(symbol, D(100))
    for _ in range(400):
        _one_random_step(dice, dice.choice(symbols), exposure, plain)

        assert exposure.total == plain.total()
        assert exposure.largest_symbol == max(plain.worst(symbol) for symbol in symbols)


def _one_random_step(dice: random.Random, symbol: str, exposure: Exposure, plain: Plain) -> None:
    amount = Decimal(dice.randint(1, 10**9)).scaleb(-8)
    price = Decimal(dice.randint(1, 10**7)).scaleb(-2)
    act = dice.choice(["order", "order", "fill", "cancel", "mark"])
    if act == "order":
        intent = an_intent(dice.choice(list(Side)), str(amount), symbol)
        exposure.reserve(an_order(intent), price)
        plain.open[intent.client_order_id] = (intent, amount, price)
    elif act == "mark":
        exposure.mark(symbol, price)
        plain.marks[symbol] = price
    elif plain.open:
        key = dice.choice(list(plain.open))
        intent, left, reserved_at = plain.open.pop(key)
        if act == "cancel":
            exposure.release(key)
            return
        filled = min(left, amount)
        fill = a_fill(intent.side, str(filled), str(price), intent.symbol, of=intent)
        exposure.fill(fill)
        if left > filled:
            plain.open[key] = (intent, left - filled, reserved_at)
        plain.positions[intent.symbol] = plain.positions.get(intent.symbol, Decimal(0)) + fill.quantity_change


def test_a_check_costs_the_same_with_ten_and_with_ten_thousand_orders() -> None:
    """Counted in executed lines: whoever adds up all orders again fails here."""

    def account(orders: int) -> Callable[[], object]:
        exposure = holding(1)
        for _ in range(orders):
            opened(exposure, Side.BUY, "0.00001")
        intent, limits = an_intent(Side.BUY, "0.1"), the_limits()

        def once() -> None:
            assert check(limits, intent, D(100), exposure, QUIET_DAY) is None
            exposure.reserve(an_order(intent), D(100))
            exposure.fill(_fill_of(intent))

        return once

    account(1)()  # what is done once in a process is done now
    assert _lines_run(account(10_000)) == _lines_run(account(10))


def _fill_of(intent: Intent) -> Fill:
    return a_fill(intent.side, str(intent.quantity), 100, of=intent)


def _lines_run(work: Callable[[], object]) -> int:
    lines = 0

    def tracer(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return tracer

    before = sys.gettrace()
    gc.collect()
    gc.disable()  # what other tests have left must not be tidied up, and counted, here
    sys.settrace(tracer)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return lines
