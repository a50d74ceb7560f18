"""Orders through ccxt: taken in, filled in parts, cancelled, refused in Kraken's words."""

from datetime import timedelta
from decimal import Decimal

import ccxt
import pytest

from tests.trading.practice_exchange.desk import FixedClock, Kraken, Practice


def test_market_order_fills_in_parts_over_a_second(kraken: Kraken, clock: FixedClock) -> None:
    """A market order is partly filled before it is filled: nothing at first, all after a second."""
    txid = kraken.create_order("BTC/USD", "market", "buy", 0.03)["id"]
    seen = [kraken.fetch_order(txid)["filled"]]
    for _ in range(10):
        clock.advance(0.1)
        seen.append(kraken.fetch_order(txid)["filled"])

    assert seen[0] == 0
    assert seen[-1] == 0.03
    assert seen == sorted(seen)
    assert len(set(seen)) in (3, 4)
    assert kraken.fetch_order(txid)["status"] == "closed"
    assert len(kraken.fetch_my_trades()) in (2, 3)


def test_limit_order_rests_until_the_price_comes(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """A resting order fills at its own price, as maker, once the market is there."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    kraken.create_order("BTC/USD", "limit", "buy", 0.02, 63000, {"clientOrderId": "rest-1"})
    clock.advance(60)
    assert kraken.fetch_open_orders()[0]["filled"] == 0

    practice("market", pair="BTC/USD", price="62900")
    clock.advance(2)

    (order,) = kraken.fetch_closed_orders()
    assert (order["clientOrderId"], order["filled"], order["average"]) == ("rest-1", 0.02, 63000)
    assert {fill["takerOrMaker"] for fill in kraken.fetch_my_trades()} == {"maker"}


def test_limit_order_is_partly_filled_when_the_price_only_touches(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """When the price comes and goes again, what it left stays open."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    kraken.create_order("BTC/USD", "limit", "buy", 0.02, 63000)
    clock.advance(1)
    practice("market", pair="BTC/USD", price="62900")
    practice("market", pair="BTC/USD", price="64000")
    clock.advance(60)

    (order,) = kraken.fetch_open_orders()
    assert 0 < order["filled"] < 0.02
    assert order["status"] == "open"


def test_crossing_limit_order_takes_no_worse_than_its_price(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """A limit order above the ask fills at the ask, as taker."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    ask = kraken.fetch_ticker("BTC/USD")["ask"]
    kraken.create_order("BTC/USD", "limit", "buy", 0.02, 64500)
    clock.advance(2)

    fills = kraken.fetch_my_trades()
    assert {(fill["price"], fill["takerOrMaker"]) for fill in fills} == {(ask, "taker")}


def test_large_market_order_walks_the_book(kraken: Kraken, clock: FixedClock, practice: Practice) -> None:
    """More than the best level holds is filled at worse prices."""
    practice("market", pair="ETH/EUR", trend="flat", price="3000")
    ask = kraken.fetch_ticker("ETH/EUR")["ask"]
    kraken.create_order("ETH/EUR", "market", "buy", 30)
    clock.advance(2)

    prices = [fill["price"] for fill in kraken.fetch_my_trades()]
    assert min(prices) == ask
    assert max(prices) > ask


def test_validated_order_has_no_id_and_leaves_no_trace(kraken: Kraken, clock: FixedClock) -> None:
    """`validate` checks an order and does nothing else."""
    order = kraken.create_order("BTC/USD", "market", "buy", 0.01, params={"validate": True})
    clock.advance(2)

    assert order["id"] is None
    assert order["info"]["descr"]["order"] == "buy 0.01000000 XBTUSD @ market"
    assert kraken.fetch_open_orders() == kraken.fetch_closed_orders() == []


def test_client_order_id_is_unique_among_open_orders_only(kraken: Kraken, clock: FixedClock) -> None:
    """The same client order id is refused while its order is open, and taken again afterwards."""
    first = {"clientOrderId": "once"}
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 40000, first)
    with pytest.raises(ccxt.ExchangeError, match="cl_ord_id not unique"):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, 40000, first)

    kraken.cancel_all_orders()
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 40000, first)

    assert len(kraken.fetch_open_orders(params=first)) == 1
    assert len(kraken.fetch_closed_orders(params=first)) == 1


@pytest.mark.parametrize(
    ("ahead_s", "error"), [(-1, "EService:Deadline elapsed"), (61, "deadline"), (1, "deadline")]
)
def test_deadline_must_lie_two_to_sixty_seconds_ahead(
    kraken: Kraken, clock: FixedClock, ahead_s: int, error: str
) -> None:
    """An order whose deadline is past, too near or too far is not taken in."""
    deadline = (clock() + timedelta(seconds=ahead_s)).isoformat().replace("+00:00", "Z")
    with pytest.raises(ccxt.ExchangeError, match=error):
        kraken.create_order("BTC/USD", "market", "buy", 0.01, params={"deadline": deadline})
    assert kraken.fetch_open_orders() == []


def test_order_within_its_deadline_is_taken_in(kraken: Kraken, clock: FixedClock) -> None:
    """A deadline that is not reached changes nothing."""
    deadline = (clock() + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
    assert kraken.create_order("BTC/USD", "market", "buy", 0.01, params={"deadline": deadline})["id"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"volume": "0.00001"}, "EGeneral:Invalid arguments:volume minimum not met"),
        ({"volume": "0.123456789"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "NaN"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "-1"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "1e999"}, "EGeneral:Invalid arguments:volume"),
        ({"price": "60000.01"}, "price can only be specified up to 1 decimals"),
        ({"price": "1"}, "EOrder:Cost minimum not met"),
        ({"price": "0"}, "EGeneral:Invalid arguments:price"),
        ({"volume": "900"}, "EOrder:Insufficient funds"),
        ({"pair": "XXBTZJPY"}, "EQuery:Unknown asset pair"),
        ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
        ({"ordertype": "stop-loss"}, "EGeneral:Invalid arguments:ordertype"),
        ({"timeinforce": "GTD"}, "EGeneral:Invalid arguments:expiretm"),
        ({"oflags": "viqc"}, "EAPI:Feature disabled:viqc"),
        ({"cl_ord_id": "longer than eighteen"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"cl_ord_id": "a", "userref": "1"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"leverage": "5"}, "EGeneral:Invalid arguments:leverage"),
        ({"reduce_only": "true"}, "EOrder:Reduce only:No position exists"),
    ],
)
def test_bad_order_is_refused_in_krakens_words(kraken: Kraken, fields: dict[str, str], error: str) -> None:
    """Whatever is wrong with an order, nothing is taken in and the error names it."""
    good = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "60000"}
    with pytest.raises(ccxt.ExchangeError, match=error):
        kraken.private_post_addorder({**good, **fields})
    kraken.load_markets()
    assert kraken.fetch_open_orders() == []


def test_open_orders_hold_back_what_they_may_cost(kraken: Kraken) -> None:
    """Two orders cannot both spend the same money."""
    kraken.create_order("BTC/USD", "limit", "buy", 1, 60000)
    assert kraken.fetch_balance()["USD"]["used"] == 60156
    with pytest.raises(ccxt.InsufficientFunds):
        kraken.create_order("BTC/USD", "limit", "buy", 1, 60000)


def test_post_only_order_that_would_take_is_refused(kraken: Kraken) -> None:
    """A post-only order makes a price or is not taken in at all."""
    ask = kraken.fetch_ticker("BTC/USD")["ask"]
    with pytest.raises(ccxt.ExchangeError, match="EOrder:Post only order"):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, ask, {"postOnly": True})
    resting = kraken.create_order("BTC/USD", "limit", "buy", 0.01, ask - 500, {"postOnly": True})
    assert kraken.fetch_order(resting["id"])["postOnly"] is True


@pytest.mark.parametrize("words", ["IOC", "FOK"])
def test_order_that_must_fill_at_once_does_not_rest(kraken: Kraken, words: str) -> None:
    """IOC and FOK orders that find no price are cancelled."""
    txid = kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"timeInForce": words})["id"]
    assert kraken.fetch_order(txid)["status"] == "canceled"


def test_order_good_till_a_date_expires(kraken: Kraken, clock: FixedClock) -> None:
    """At its time an order ends as expired."""
    params = {"timeInForce": "GTD", "expiretm": "+30"}
    txid = kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, params)["id"]
    clock.advance(29)
    assert kraken.fetch_order(txid)["status"] == "open"
    clock.advance(1)
    assert kraken.fetch_order(txid)["status"] == "expired"


def test_cancel_by_txid_and_by_client_order_id(kraken: Kraken) -> None:
    """An order can be cancelled by either of its names; a name of nothing open is an error."""
    by_txid = kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000)["id"]
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"clientOrderId": "mine"})

    kraken.cancel_order(by_txid)
    kraken.cancel_order("", params={"clientOrderId": "mine"})

    assert kraken.fetch_open_orders() == []
    assert [order["info"]["reason"] for order in kraken.fetch_closed_orders()] == ["User requested"] * 2
    with pytest.raises(ccxt.OrderNotFound):
        kraken.cancel_order(by_txid)


def test_cancel_of_several_orders_at_once(kraken: Kraken) -> None:
    """CancelOrderBatch, which ccxt sends as JSON, cancels those that are open and says how many."""
    txids = [kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000)["id"] for _ in range(3)]
    (answer,) = kraken.cancel_orders([*txids[:2], txids[0]])
    assert answer["info"]["result"]["count"] == 2
    assert [order["id"] for order in kraken.fetch_open_orders()] == txids[2:]


def test_cancel_all_leaves_nothing_open(kraken: Kraken, connect) -> None:
    """CancelAll ends every order of the account and of no other."""
    other = connect("other", account="other")
    other.create_order("BTC/USD", "limit", "buy", 0.01, 50000)
    for price in (50000, 51000, 52000):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, price)

    (answer,) = kraken.cancel_all_orders()

    assert answer["info"]["result"]["count"] == 3
    assert kraken.fetch_open_orders() == []
    assert len(other.fetch_open_orders()) == 1


def test_order_can_be_found_by_userref(kraken: Kraken) -> None:
    """userref is a label, not a name: several orders may bear it."""
    for _ in range(2):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"userref": 42})
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000)
    assert len(kraken.fetch_open_orders(params={"userref": 42})) == 2


def test_price_that_outruns_the_money_cancels_the_rest(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """A fill never takes a balance below zero; what cannot be paid for is cancelled."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    txid = kraken.create_order("BTC/USD", "market", "buy", 1.5)["id"]
    practice("market", pair="BTC/USD", price="200000")
    clock.advance(2)

    assert kraken.fetch_order(txid)["status"] == "canceled"
    assert Decimal(kraken.private_post_balance()["result"]["ZUSD"]) >= 0
