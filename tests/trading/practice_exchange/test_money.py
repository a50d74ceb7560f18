"""Money: fees to the last digit, balances that never lose or gain a cent."""

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.practice_exchange.desk import NOON, FixedClock, Kraken, Practice
from trading.practice_exchange.assets import PAIRS, STARTING_BALANCES
from trading.practice_exchange.errors import KrakenError
from trading.practice_exchange.exchange import Exchange
from trading.practice_exchange.keys import MAIN_ACCOUNT
from trading.practice_exchange.order_entry import read_order
from trading.practice_exchange.price_path import Trend


def raw_fills(kraken: Kraken) -> list[dict[str, Any]]:
    return list(kraken.private_post_tradeshistory()["result"]["trades"].values())


def balances(kraken: Kraken) -> dict[str, Decimal]:
    return {asset: Decimal(text) for asset, text in kraken.private_post_balance()["result"].items()}


def test_taker_pays_0_26_percent_in_the_quote_currency(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """Each fill's fee is its cost times 0.26 %, rounded to five digits; both leave the balance."""
    practice("market", pair="BTC/USD", trend="flat", price="64321.7")
    kraken.create_order("BTC/USD", "market", "buy", 0.01234567)
    clock.advance(2)

    fills = raw_fills(kraken)
    ask = Decimal("64324.9")
    for fill in fills:
        cost = (ask * Decimal(fill["vol"])).quantize(Decimal("0.00001"))
        assert Decimal(fill["cost"]) == cost
        assert Decimal(fill["fee"]) == (cost * Decimal("0.0026")).quantize(Decimal("0.00001"))
    spent = sum(Decimal(fill["cost"]) + Decimal(fill["fee"]) for fill in fills)
    assert balances(kraken)["ZUSD"] == Decimal("100000") - spent
    assert balances(kraken)["XXBT"] == Decimal("1.01234567")


def test_maker_pays_0_16_percent(kraken: Kraken, clock: FixedClock, practice: Practice) -> None:
    """A resting order pays less."""
    practice("market", pair="ETH/EUR", trend="flat", price="3000")
    kraken.create_order("ETH/EUR", "limit", "sell", 1.2, 3100)
    clock.advance(1)
    practice("market", pair="ETH/EUR", price="3200")
    clock.advance(2)

    (order,) = kraken.fetch_closed_orders()
    assert order["fee"] == {"cost": "5.95200", "rate": None, "currency": "EUR"}
    assert balances(kraken)["ZEUR"] == Decimal("103714.048")


def test_fee_can_be_taken_in_the_base_currency(kraken: Kraken, clock: FixedClock, practice: Practice) -> None:
    """With the flag fcib a buyer gets fewer coins and pays the bare cost."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    kraken.create_order("BTC/USD", "market", "buy", 0.012, params={"oflags": "fcib"})
    clock.advance(2)

    (order,) = kraken.fetch_closed_orders()
    assert (order["fee"]["currency"], Decimal(order["fee"]["cost"])) == ("BTC", Decimal("0.0000312"))
    assert balances(kraken)["XXBT"] == Decimal("1.0119688")
    assert balances(kraken)["ZUSD"] == Decimal("100000") - sum(Decimal(f["cost"]) for f in raw_fills(kraken))


def test_trade_balance_is_the_worth_of_everything_in_dollars(kraken: Kraken, practice: Practice) -> None:
    """Coins and euros count at the mid price."""
    for pair, price in (("BTC/USD", "60000"), ("ETH/USD", "3000"), ("EUR/USD", "1.1")):
        practice("market", pair=pair, trend="flat", price=price)
    assert Decimal(kraken.private_post_tradebalance()["result"]["eb"]) == 100_000 + 110_000 + 60_000 + 30_000


def test_order_sums_up_its_fills(kraken: Kraken, clock: FixedClock) -> None:
    """Volume, cost and fee of an order are those of its fills together."""
    txid = kraken.create_order("ETH/USD", "market", "sell", 3.3)["id"]
    clock.advance(2)
    order = kraken.private_post_queryorders({"txid": txid, "trades": True})["result"][txid]
    fills = kraken.private_post_querytrades({"txid": ",".join(order["trades"])})["result"].values()

    for ours, theirs in (("vol_exec", "vol"), ("cost", "cost"), ("fee", "fee")):
        assert Decimal(order[ours]) == sum(Decimal(fill[theirs]) for fill in fills)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_balances_are_start_plus_fills_minus_fees(seed: int) -> None:
    """After hundreds of orders, moves and cancellations every balance is exact, and none is below zero."""
    dice = random.Random(seed)
    clock = FixedClock(NOON)
    exchange = Exchange(clock, seed)
    for _ in range(400):
        clock.now += timedelta(milliseconds=dice.choice([50, 300, 1_000, 40_000]))
        exchange.advance(clock())
        act_at_random(exchange, dice, clock)

    expected = dict(STARTING_BALANCES)
    fills = exchange.orders.fills_newest_first(MAIN_ACCOUNT)
    for fill in fills:
        written, pair = fill.as_kraken(), fill.order.request.pair
        vol, cost, fee = (Decimal(str(written[name])) for name in ("vol", "cost", "fee"))
        sign = 1 if written["type"] == "buy" else -1
        expected[pair.base.id] = expected.get(pair.base.id, Decimal(0)) + sign * vol
        expected[pair.quote.id] -= sign * cost + fee

    assert len(fills) > 200
    assert exchange.account(MAIN_ACCOUNT).balances == expected
    assert min(expected.values()) >= 0


def act_at_random(exchange: Exchange, dice: random.Random, clock: FixedClock) -> None:
    """Place an order, cancel some, or move a market."""
    pair = dice.choice(list(PAIRS.values()))
    deed = dice.random()
    if deed < 0.08:
        exchange.cancel(dice.sample(exchange.orders.open(), k=len(exchange.orders.open()) // 2))
    elif deed < 0.16:
        factor = Decimal(dice.choice(["0.98", "0.999", "1.001", "1.02"]))
        price = (exchange.markets.path(pair).price(clock().timestamp()) * factor).quantize(pair.tick)
        exchange.markets.control(clock(), pair, trend=dice.choice([None, *Trend]), price=price)
        exchange.look(clock())
    else:
        mid = exchange.markets.path(pair).price(clock().timestamp())
        price = (mid * Decimal(dice.choice(["0.99", "0.9995", "1", "1.0005", "1.01"]))).quantize(pair.tick)
        volume = (pair.ordermin * dice.randrange(1, 4000)).quantize(pair.lot)
        params = {
            "pair": pair.id,
            "type": dice.choice(["buy", "sell"]),
            "ordertype": dice.choice(["market", "limit"]),
            "price": str(price),
            "volume": str(volume),
            "timeinforce": dice.choice(["GTC", "GTC", "IOC"]),
        }
        with suppress(KrakenError):  # too poor or too small, which is part of the game
            exchange.add_order(MAIN_ACCOUNT, read_order(params, clock()), clock())


def test_an_account_can_begin_with_money_alone() -> None:
    """A desk's own account holds no coins whose price would move its day."""
    exchange = Exchange(FixedClock(NOON), balances={"ZUSD": Decimal(250)})

    assert exchange.account(MAIN_ACCOUNT).balances == {"ZUSD": Decimal(250)}
