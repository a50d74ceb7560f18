"""What was: closed orders and fills, page by page."""

import ccxt
import pytest

from tests.trading.practice_exchange.desk import Connect, FixedClock, Kraken


@pytest.fixture
def busy(kraken: Kraken, clock: FixedClock) -> Kraken:
    """A client with sixty orders filled, each a minute after the other."""
    for number in range(60):
        kraken.create_order("ETH/USD", "market", "buy", 0.01, params={"clientOrderId": f"n-{number}"})
        clock.advance(60)
    return kraken


def test_closed_orders_come_in_pages_of_fifty(busy: Kraken) -> None:
    """Two pages hold all sixty, newest first, and every page says how many there are."""
    pages = [busy.private_post_closedorders({"ofs": offset})["result"] for offset in (0, 50)]

    names = [order["cl_ord_id"] for page in pages for order in page["closed"].values()]
    assert [len(page["closed"]) for page in pages] == [50, 10]
    assert names == [f"n-{number}" for number in reversed(range(60))]
    assert {page["count"] for page in pages} == {60}


def test_fills_come_in_pages_of_fifty(busy: Kraken) -> None:
    """Reading on to the end gives every fill once."""
    first = busy.private_post_tradeshistory()["result"]
    txids: list[str] = []
    for offset in range(0, first["count"], 50):
        txids += busy.private_post_tradeshistory({"ofs": offset})["result"]["trades"]

    assert first["count"] > 100
    assert len(txids) == len(set(txids)) == first["count"]


def test_history_can_be_narrowed_by_time(busy: Kraken, clock: FixedClock) -> None:
    """`since` leaves out what is older."""
    ten_minutes_ago = int((clock().timestamp() - 600) * 1000)
    assert len(busy.fetch_closed_orders(since=ten_minutes_ago)) == 10
    fills = busy.fetch_my_trades(since=ten_minutes_ago)
    assert {fill["timestamp"] >= ten_minutes_ago for fill in fills} == {True}
    assert len({fill["order"] for fill in fills}) == 10


@pytest.mark.parametrize("field", ["start", "end", "ofs"])
@pytest.mark.parametrize("value", ["NaN", "1e999", "yesterday", "9" * 5000])
def test_history_asked_for_nonsense_is_refused(kraken: Kraken, field: str, value: str) -> None:
    """What is no number is named, and nothing breaks."""
    with pytest.raises(ccxt.ExchangeError, match=f"EGeneral:Invalid arguments:{field}"):
        kraken.private_post_closedorders({field: value})


def test_closed_order_is_found_by_its_client_order_id(busy: Kraken) -> None:
    """An order that timed out can be looked up by the name that we gave it."""
    (order,) = busy.fetch_closed_orders(params={"clientOrderId": "n-3"})
    assert order["clientOrderId"] == "n-3"
    assert busy.fetch_closed_orders(params={"clientOrderId": "never"}) == []


def test_history_shows_no_other_account(busy: Kraken, connect: Connect) -> None:
    """Another account has its own history, and cannot ask for ours by id."""
    other = connect("other", account="other")
    txid = busy.fetch_closed_orders()[0]["id"]

    assert other.fetch_closed_orders() == other.fetch_my_trades() == []
    with pytest.raises(Exception, match="EOrder:Unknown order"):
        other.fetch_order(txid)


def test_fill_names_its_order(busy: Kraken) -> None:
    """Fills can be laid to the order they belong to, through ccxt as well."""
    order = busy.fetch_order(busy.fetch_closed_orders()[0]["id"])
    fills = busy.fetch_order_trades(order["id"], params={"trades": [t["id"] for t in order["trades"]]})

    assert {fill["order"] for fill in fills} == {order["id"]}
    assert sum(fill["amount"] for fill in fills) == pytest.approx(order["filled"])


def test_so_many_can_be_asked_for_at_once(busy: Kraken) -> None:
    """Fifty orders, twenty fills, fifty cancellations; a call with one more is refused as a whole."""
    orders = [order["id"] for order in busy.fetch_closed_orders()]
    fills = list(busy.private_post_tradeshistory()["result"]["trades"])

    assert len(busy.private_post_queryorders({"txid": ",".join(orders[:50])})["result"]) == 50
    assert len(busy.private_post_querytrades({"txid": ",".join(fills[:20])})["result"]) == 20
    assert busy.cancel_orders(orders[:50])
    with pytest.raises(ccxt.ExchangeError, match="EGeneral:Invalid arguments:txid"):
        busy.private_post_queryorders({"txid": ",".join([*orders[:50], "one more"])})
    with pytest.raises(ccxt.ExchangeError, match="EGeneral:Invalid arguments:txid"):
        busy.private_post_querytrades({"txid": ",".join(fills[:21])})
    with pytest.raises(ccxt.ExchangeError, match="EGeneral:Invalid arguments:orders"):
        busy.cancel_orders([*orders[:50], "one more"])
