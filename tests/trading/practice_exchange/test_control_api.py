"""The practice controls: look, move, break, and a journal that proves what arrived."""

import httpx
import pytest

from tests.trading.practice_exchange.desk import FixedClock, Kraken, Practice, client_of, secret_of
from trading.practice_exchange.server import PracticeExchange


def test_journal_keeps_every_order_call_in_order_of_arrival(
    kraken: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """What was added, refused or cancelled stands there with its time and name; reads do not."""
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"clientOrderId": "a"})
    clock.advance(1)
    with pytest.raises(Exception, match="not unique"):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"clientOrderId": "a"})
    clock.advance(1)
    kraken.fetch_open_orders()
    kraken.cancel_order("", params={"clientOrderId": "a"})
    kraken.cancel_all_orders()
    kraken.cancel_all_orders_after(60_000)

    calls = practice("orders")["calls"]
    assert [(call["endpoint"], call["cl_ord_id"], call["outcome"]) for call in calls] == [
        ("AddOrder", "a", "ok"),
        ("AddOrder", "a", "EGeneral:Invalid arguments:cl_ord_id not unique"),
        ("CancelOrder", "a", "ok"),
        ("CancelAll", None, "ok"),
        ("CancelAllOrdersAfter", None, "ok"),
    ]
    assert [call["arrived_at"][17:19] for call in calls] == ["30", "31", "32", "32", "32"]
    assert "nonce" not in calls[0]["params"]


def test_journal_keeps_forged_calls_too(
    exchange: PracticeExchange, kraken: Kraken, practice: Practice
) -> None:
    """An order that was refused at the door did arrive."""
    kraken.load_markets()
    forger = client_of(exchange.url, "desk", secret_of("another"))
    with pytest.raises(Exception, match="Invalid signature"):
        forger.create_order("BTC/USD", "market", "buy", 0.01)
    assert [call["outcome"] for call in practice("orders")["calls"]] == ["EAPI:Invalid signature"]


def test_foreign_order_is_on_the_account_but_not_in_the_journal(kraken: Kraken, practice: Practice) -> None:
    """Somebody else's order shows among the open ones, without a client order id."""
    txid = practice("foreign_order", pair="BTC/USD", type="buy", volume="0.02", price="50000")["txid"]

    (order,) = kraken.fetch_open_orders()
    assert (order["id"], order["clientOrderId"], order["amount"]) == (txid, None, 0.02)
    assert practice("orders")["calls"] == []
    assert [order["txid"] for order in practice("orders")["orders"]] == [txid]


def test_state_shows_prices_balances_orders_and_timers(kraken: Kraken, practice: Practice) -> None:
    """One look tells how the exchange stands."""
    kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000)
    kraken.cancel_all_orders_after(60_000)

    state = practice("state")
    assert state["status"] == "online"
    assert [pair["pair"] for pair in state["pairs"]][:4] == ["BTC/USD", "BTC/EUR", "ETH/USD", "ETH/EUR"]
    account = state["accounts"]["main"]
    assert account["balances"] == {"ZUSD": "100000", "ZEUR": "100000", "XXBT": "1", "XETH": "10"}
    assert len(account["open_orders"]) == 1
    assert account["timer_fires_at"] == "2026-11-20T12:01:30+00:00"
    assert secret_of("desk") not in str(state)


@pytest.mark.parametrize(
    ("control", "fields", "says"),
    [
        ("market", {"pair": "DOGE/USD", "trend": "up"}, "Unknown asset pair"),
        ("market", {"trend": "sideways"}, "natural, up, down, flat"),
        ("market", {"speed": "-1"}, "positive number"),
        ("market", {"speed": "NaN"}, "positive number"),
        ("market", {"price": "1"}, "needs a pair"),
        ("market", {"pair": "BTC/USD", "price": "1e30"}, "positive number"),
        ("fault", {"kind": "earthquake"}, "blank_200"),
        ("fault", {"kind": "blank_200", "value": "grey"}, "braces"),
        ("fault", {"kind": "reject", "count": -1}, "count must be"),
        ("keys", {"key": "k", "secret": "c2VjcmV0", "rights": ["fly"]}, "query, trade, cancel, withdraw"),
        ("keys", {"rights": ["query"]}, "needs the fields"),
        ("foreign_order", {"pair": "BTC/USD", "type": "buy", "volume": "0"}, "volume"),
        ("nothing", {"a": 1}, "no control"),
    ],
)
def test_control_that_makes_no_sense_is_refused_in_words(
    exchange: PracticeExchange, http: httpx.Client, control: str, fields: dict[str, object], says: str
) -> None:
    """A misspelt control changes nothing and says what there is."""
    answer = http.post(f"{exchange.url}/practice/{control}", json=fields)
    assert answer.status_code in (400, 404)
    assert says in answer.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe"])
def test_control_with_a_broken_body_is_refused(
    exchange: PracticeExchange, http: httpx.Client, body: bytes
) -> None:
    """What is not a JSON object is not guessed at."""
    assert http.post(f"{exchange.url}/practice/market", content=body).status_code == 400
