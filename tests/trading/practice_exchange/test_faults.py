"""Faults on request: what a client sees, and what really happened behind it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import ccxt
import pytest

from tests.trading.practice_exchange.desk import FixedClock, Kraken, Practice
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def ready(kraken: Kraken) -> Kraken:
    """A client that has read the markets, so that the next call is the one under test."""
    kraken.load_markets()
    return kraken


def buy(kraken: Kraken, name: str = "mine") -> str:
    return kraken.create_order("BTC/USD", "limit", "buy", 0.01, 50000, {"clientOrderId": name})["id"]


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("error_5xx", "503", ccxt.ExchangeNotAvailable),
        ("error_5xx", "520", ccxt.ExchangeNotAvailable),
        ("rate_limit", "", ccxt.DDoSProtection),
        ("dropped", "", ccxt.NetworkError),
        ("reject", "EOrder:Insufficient funds", ccxt.InsufficientFunds),
        ("reject", "EOrder:Orders limit exceeded", ccxt.ExchangeError),
        ("invalid_nonce", "", ccxt.InvalidNonce),
    ],
)
def test_fault_refuses_one_order_and_then_is_gone(
    ready: Kraken, practice: Practice, kind: str, value: str, error: type[Exception]
) -> None:
    """The order did not arrive at the book; the next one does."""
    practice("fault", kind=kind, **({"value": value} if value else {}))
    with pytest.raises(error):
        buy(ready)
    assert ready.fetch_open_orders() == []
    assert buy(ready)


def test_fault_holds_for_so_many_calls(ready: Kraken, practice: Practice) -> None:
    """A count of three fails three calls, whatever they are."""
    practice("fault", kind="rate_limit", count=3)
    for call in (ready.fetch_balance, ready.fetch_open_orders, lambda: buy(ready)):
        with pytest.raises(ccxt.DDoSProtection):
            call()
    assert buy(ready)


def test_fault_can_be_for_one_endpoint(ready: Kraken, practice: Practice) -> None:
    """Others go on working, until the fault is mended by hand."""
    practice("fault", kind="error_5xx", endpoint="CancelAll", count=0)
    buy(ready)
    for _ in range(3):
        with pytest.raises(ccxt.ExchangeNotAvailable):
            ready.cancel_all_orders()
    practice("fault", kind="none")
    ready.cancel_all_orders()
    assert ready.fetch_open_orders() == []


@pytest.mark.parametrize("value", ["html", "empty", "braces", "no_result"])
def test_blank_answer_looks_empty_to_ccxt(ready: Kraken, practice: Practice, value: str) -> None:
    """The trap that adapters must guard against: a 200 without content passes as no open orders."""
    buy(ready)
    practice("fault", kind="blank_200", value=value)
    assert ready.fetch_open_orders() == []
    assert len(ready.fetch_open_orders()) == 1


@pytest.mark.parametrize(
    ("kind", "error"), [("lost_answer", ccxt.NetworkError), ("service_timeout", ccxt.ExchangeError)]
)
def test_lost_answer_leaves_an_order_behind(
    ready: Kraken, practice: Practice, kind: str, error: type[Exception]
) -> None:
    """The client learns nothing, the order stands, and can be found by its client order id."""
    practice("fault", kind=kind)
    with pytest.raises(error):
        buy(ready, "lost-1")

    (order,) = ready.fetch_open_orders(params={"clientOrderId": "lost-1"})
    (call,) = practice("orders")["calls"]
    assert (call["outcome"], call["txids"], call["cl_ord_id"]) == (kind, [order["id"]], "lost-1")


def test_maintenance_stops_everything_until_it_is_over(ready: Kraken, practice: Practice) -> None:
    """In maintenance nothing can be cancelled either, and the status says so."""
    buy(ready)
    practice("fault", kind="maintenance")
    calls: list[Callable[[], object]] = [lambda: buy(ready), ready.cancel_all_orders, ready.fetch_balance]
    for call in calls:
        with pytest.raises(ccxt.ExchangeNotAvailable, match="EService:Unavailable"):
            call()
    assert ready.fetch_status()["status"] == "maintenance"

    practice("fault", kind="none")
    assert ready.fetch_status()["status"] == "ok"
    assert len(ready.fetch_open_orders()) == 1


@pytest.mark.parametrize("state", ["cancel_only", "post_only"])
def test_half_closed_market_refuses_orders_and_takes_cancellations(
    ready: Kraken, practice: Practice, state: str
) -> None:
    """An order is refused with the market's state, a cancellation is not."""
    buy(ready)
    practice("fault", kind="maintenance", value=state)
    with pytest.raises(ccxt.OnMaintenance, match=state):
        buy(ready, "next")
    ready.cancel_all_orders()
    assert ready.fetch_open_orders() == []


def test_delayed_order_meets_its_deadline(ready: Kraken, clock: FixedClock, practice: Practice) -> None:
    """An order that waited at the door longer than its deadline is not taken in."""
    practice("fault", kind="delay_s", value="3")
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(
            ready.create_order, "BTC/USD", "market", "buy", 0.01, None, {"deadline": "2026-11-20T12:00:35Z"}
        )
        give_up_at = time.monotonic() + 10
        while not practice("orders")["calls"] and time.monotonic() < give_up_at:
            time.sleep(0.01)
        clock.advance(6)
        with pytest.raises(ccxt.ExchangeError, match="EService:Deadline elapsed"):
            late.result(10)


def test_faults_do_not_reach_the_controls(
    exchange: PracticeExchange, practice: Practice, ready: Kraken
) -> None:
    """Whatever is broken, it can be looked at and mended."""
    practice("fault", kind="error_5xx", count=0)
    assert [fault["kind"] for fault in practice("state")["faults"]] == ["error_5xx"]
    practice("fault", kind="none")
    assert practice("state")["faults"] == []
