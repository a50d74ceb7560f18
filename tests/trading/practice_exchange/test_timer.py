"""The dead man's timer: it fires by itself, for the whole account, unless it is wound again."""

import time

import ccxt
import pytest

from tests.trading.practice_exchange.desk import Connect, FixedClock, Kraken, Practice
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def resting(kraken: Kraken) -> Kraken:
    """A client with two resting orders."""
    for price in (50000, 51000):
        kraken.create_order("BTC/USD", "limit", "buy", 0.01, price)
    return kraken


def test_timer_cancels_everything_when_its_time_has_come(resting: Kraken, clock: FixedClock) -> None:
    """Not a second before, and then every order."""
    answer = resting.cancel_all_orders_after(60_000)["result"]
    assert answer == {"currentTime": "2026-11-20T12:00:30Z", "triggerTime": "2026-11-20T12:01:30Z"}

    clock.advance(59.9)
    assert len(resting.fetch_open_orders()) == 2
    clock.advance(0.1)
    assert resting.fetch_open_orders() == []
    assert {order["info"]["reason"] for order in resting.fetch_closed_orders()} == {"CancelAllOrdersAfter"}


def test_timer_fires_though_nobody_calls(
    resting: Kraken, clock: FixedClock, exchange: PracticeExchange
) -> None:
    """The exchange looks at its timers by itself."""
    resting.cancel_all_orders_after(60_000)
    clock.advance(61)

    give_up_at = time.monotonic() + 10
    while exchange.exchange.orders.has_open() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert not exchange.exchange.orders.has_open()


def test_timer_wound_again_starts_anew(resting: Kraken, clock: FixedClock) -> None:
    """As long as somebody winds it, nothing happens."""
    for _ in range(5):
        resting.cancel_all_orders_after(60_000)
        clock.advance(45)
    assert len(resting.fetch_open_orders()) == 2


def test_zero_disarms_the_timer(resting: Kraken, clock: FixedClock) -> None:
    """Timeout 0 takes the timer away; ccxt makes 0 of anything below a second."""
    resting.cancel_all_orders_after(60_000)
    assert resting.cancel_all_orders_after(500)["result"]["triggerTime"] == "0"
    clock.advance(3600)
    assert len(resting.fetch_open_orders()) == 2


@pytest.mark.parametrize("timeout", ["", "-1", "soon", "1.5", "86401", "9" * 30])
def test_timeout_that_is_no_time_leaves_the_timer_alone(
    resting: Kraken, clock: FixedClock, timeout: str
) -> None:
    """A timeout that cannot be read is refused, and what was wound before still counts."""
    resting.cancel_all_orders_after(60_000)
    with pytest.raises(ccxt.ExchangeError, match="timeout"):
        resting.private_post_cancelallordersafter({"timeout": timeout})
    clock.advance(60)
    assert resting.fetch_open_orders() == []


def test_timer_fires_once(resting: Kraken, clock: FixedClock) -> None:
    """Orders that come after it has fired stay."""
    resting.cancel_all_orders_after(1_000)
    clock.advance(2)
    resting.create_order("BTC/USD", "limit", "buy", 0.01, 50000)
    clock.advance(3600)
    assert len(resting.fetch_open_orders()) == 1


def test_timer_is_that_of_the_account(
    resting: Kraken, connect: Connect, clock: FixedClock, practice: Practice
) -> None:
    """It takes foreign orders and those of the account's other keys along, but no other account's."""
    practice("foreign_order", pair="ETH/USD", type="sell", volume="1", price="9000")
    connect("second").create_order("BTC/USD", "limit", "buy", 0.01, 52000)
    other = connect("other", account="other")
    other.create_order("BTC/USD", "limit", "buy", 0.01, 50000)

    resting.cancel_all_orders_after(5_000)
    clock.advance(5)

    assert resting.fetch_open_orders() == []
    assert len(other.fetch_open_orders()) == 1


def test_order_due_before_the_timer_still_fills(kraken: Kraken, clock: FixedClock) -> None:
    """What had to happen is played in order of time, however late anybody looks."""
    txid = kraken.create_order("BTC/USD", "market", "buy", 0.01)["id"]
    kraken.cancel_all_orders_after(5_000)
    clock.advance(600)
    assert kraken.fetch_order(txid)["filled"] == 0.01
