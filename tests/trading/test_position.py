"""Positions and books, folded from fills."""

import random
from decimal import Decimal

import pytest

from tests.trading.given import BTC, ETH, D, a_fill
from trading.errors import UnknownPrice
from trading.fill import Fill
from trading.order import Side
from trading.position import Book, Position


def after(*fills: Fill) -> Position:
    """Fold fills into one position."""
    return Book(fills).position(BTC)


def test_buying_more_averages_the_cost() -> None:
    """One at 100 and one at 200 are two at 150."""
    position = after(a_fill(Side.BUY, 1, 100), a_fill(Side.BUY, 1, 200))

    assert (position.quantity, position.cost, position.average_price) == (D(2), D(300), D(150))
    assert position.realised_pnl == 0


def test_selling_realises_against_the_average() -> None:
    """The rest keeps its average."""
    position = after(a_fill(Side.BUY, 2, 150), a_fill(Side.SELL, 1, 180))

    assert position.realised_pnl == D(30)
    assert (position.quantity, position.average_price) == (D(1), D(150))
    assert position.unrealised_pnl(D(140)) == D(-10)


def test_a_closed_position_costs_nothing() -> None:
    """Flat is flat to the last digit, also where the average does not come out even."""
    position = after(
        a_fill(Side.BUY, 3, 100),
        a_fill(Side.BUY, 4, 101),
        a_fill(Side.SELL, 2, 99),
        a_fill(Side.SELL, 5, 102),
    )

    assert (position.quantity, position.cost, position.average_price) == (D(0), D(0), None)
    assert position.realised_pnl == D(2 * 99 + 5 * 102 - 3 * 100 - 4 * 101)


def test_selling_more_than_is_held_turns_the_position() -> None:
    """The part beyond opens short at the price of the fill."""
    position = after(a_fill(Side.BUY, 1, 100), a_fill(Side.SELL, 3, 110))

    assert position.realised_pnl == D(10)
    assert (position.quantity, position.average_price) == (D(-2), D(110))
    assert position.unrealised_pnl(D(100)) == D(20)
    assert position.apply(a_fill(Side.BUY, 2, 100)).realised_pnl == D(30)


def test_a_fee_in_base_is_counted_once() -> None:
    """It leaves the quantity and is worth what the fill says, and the sum is what was paid."""
    position = after(a_fill(Side.BUY, 1, 100, fee="0.01", fee_currency="BTC"))

    assert (position.quantity, position.fees) == (D("0.99"), D(1))
    assert position.unrealised_pnl(D(120)) - position.fees == D("0.99") * 120 - 100


def test_a_fee_in_a_third_currency_is_kept_apart() -> None:
    """It is neither lost nor added to money of another kind."""
    position = after(
        a_fill(Side.BUY, 1, 100, fee=2, fee_currency="KFEE"),
        a_fill(Side.SELL, 1, 100, fee=3, fee_currency="KFEE"),
    )

    assert position.other_fees == (("KFEE", D(5)),)
    assert (position.fees, position.quantity) == (D(0), D(0))


def test_ten_thousand_random_fills_come_out_equal_to_the_cash_to_the_last_digit() -> None:
    """Profit less fees is what a plain count of cash and coins says, exactly."""
    dice = random.Random(20261120)
    book, cash, coins = Book(), Decimal(0), Decimal(0)
    for _ in range(10_000):
        side = dice.choice(list(Side))
        quantity = Decimal(dice.randint(1, 10**9)).scaleb(-8)
        price = Decimal(dice.randint(10**6, 10**7)).scaleb(-2)
        fee_currency = dice.choice(["USD", "BTC"])
        fee = Decimal(dice.randint(0, 10**4)).scaleb(-6 if fee_currency == "USD" else -8)
        cost = (quantity * price).quantize(D("0.00001")) if dice.random() < 0.5 else None
        fill = Fill("f", None, "v", None, BTC, side, quantity, price, fee, fee_currency, None, cost)  # type: ignore[arg-type]
        book.apply(fill)
        cash -= side.sign * fill.notional + (fee if fee_currency == "USD" else 0)
        coins += side.sign * quantity - (fee if fee_currency == "BTC" else 0)

    pnl = book.pnl("USD", {BTC: D("60000.1")}, {})

    assert book.position(BTC).quantity == coins
    assert pnl.total == cash + coins * D("60000.1")


def test_a_book_adds_up_in_one_currency() -> None:
    """Other quotes are converted at their rate, the own one at par."""
    book = Book([a_fill(Side.BUY, 1, 100), a_fill(Side.BUY, 1, 10, "ETH/EUR", fee=1, fee_currency="EUR")])

    pnl = book.pnl("USD", {BTC: D(130), "ETH/EUR": D(20)}, {"EUR": D("1.1")})

    assert (pnl.realised, pnl.unrealised, pnl.fees) == (D(0), D(30) + D(11), D("1.1"))
    assert pnl.total == D(30) + D(11) - D("1.1")


@pytest.mark.parametrize(
    ("prices", "rates"),
    [
        ({}, {"EUR": "1"}),
        ({"ETH/EUR": "NaN"}, {"EUR": "1"}),
        ({"ETH/EUR": "20"}, {}),
        ({"ETH/EUR": "20"}, {"EUR": "NaN"}),
    ],
)
def test_a_book_without_a_price_has_no_profit(prices: dict[str, str], rates: dict[str, str]) -> None:
    """Unknown is said, never taken for zero."""
    book = Book([a_fill(Side.BUY, 1, 10, "ETH/EUR", fee_currency="EUR")])

    with pytest.raises(UnknownPrice, match="ETH/EUR"):
        book.pnl("USD", {k: D(v) for k, v in prices.items()}, {k: D(v) for k, v in rates.items()})


def test_a_flat_symbol_needs_no_price() -> None:
    """What was earned there is known without the market."""
    book = Book([a_fill(Side.BUY, 1, 100), a_fill(Side.SELL, 1, 90)])

    assert book.pnl("USD", {}, {}).total == D(-10)


def test_a_symbol_never_traded_is_flat() -> None:
    """Asking changes nothing."""
    book = Book([a_fill(Side.BUY, 1, 100)])

    assert book.position(ETH) == Position(ETH)
    assert [position.symbol for position in book.positions] == [BTC]
