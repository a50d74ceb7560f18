"""Faults of the market and the account: what stands until it is mended, and what happens at once."""

import itertools
from collections.abc import Callable
from decimal import Decimal

import ccxt
import httpx
import pytest

from tests.trading.practice_exchange.desk import FixedClock, Kraken, Practice
from trading.practice_exchange.server import PracticeExchange


@pytest.fixture
def ready(kraken: Kraken) -> Kraken:
    """A client that has read the markets, so that the next call is the one under test."""
    kraken.load_markets()
    return kraken


def buy(kraken: Kraken, symbol: str = "BTC/USD", price: float | None = 50000, **params: object) -> str:
    kind = "market" if price is None else "limit"
    return kraken.create_order(symbol, kind, "buy", 0.01, price, params)["id"]


@pytest.mark.parametrize("kind", ["invalid_signature", "invalid_nonce"])
def test_refused_key_meets_private_calls_alone(ready: Kraken, practice: Practice, kind: str) -> None:
    """Prices go on; of the signature ccxt makes a plain error, of the nonce one of its own."""
    practice("fault", kind=kind)
    ready.fetch_ticker("BTC/USD")
    error = ccxt.InvalidNonce if kind == "invalid_nonce" else ccxt.ExchangeError
    with pytest.raises(error, match=r"EAPI:Invalid (signature|nonce)") as refused:
        ready.fetch_balance()
    assert isinstance(refused.value, ccxt.AuthenticationError) is False
    ready.fetch_balance()


def test_cancellation_whose_answer_is_lost_did_cancel(ready: Kraken, practice: Practice) -> None:
    """ccxt sees an outage, the orders are gone; orders placed meanwhile are not met."""
    buy(ready)
    practice("fault", kind="lost_cancel")
    buy(ready)
    with pytest.raises(ccxt.NetworkError):
        ready.cancel_all_orders()
    assert ready.fetch_open_orders() == []
    assert practice("orders")["calls"][-1]["outcome"] == "lost_cancel"


@pytest.mark.parametrize(
    ("value", "filled", "status"), [("half", 0.005, "canceled"), ("all", 0.01, "closed")]
)
def test_fills_arrive_before_the_cancellation(
    ready: Kraken, practice: Practice, value: str, filled: float, status: str
) -> None:
    """The cancellation says how many it met; what was filled before is in the history and in the balance."""
    txid = buy(ready)
    practice("fault", kind="late_fills", value=value)
    (answer,) = ready.cancel_all_orders()

    assert answer["info"]["result"]["count"] == (status == "canceled")
    order = ready.fetch_order(txid)
    assert (order["status"], order["filled"]) == (status, filled)
    assert sum(fill["amount"] for fill in ready.fetch_my_trades()) == filled
    assert Decimal(ready.private_post_balance()["result"]["XXBT"]) == 1 + Decimal(str(filled))


@pytest.mark.parametrize(
    ("status", "refused", "passes"),
    [
        ("cancel_only", {"price": 50000, "postOnly": True}, None),
        ("post_only", {"price": 50000}, {"price": 50000, "postOnly": True}),
        ("limit_only", {"price": None}, {"price": 50000}),
        ("reduce_only", {"price": 50000}, None),
    ],
)
def test_half_open_pair_says_so_and_refuses(
    ready: Kraken,
    practice: Practice,
    status: str,
    refused: dict[str, object],
    passes: dict[str, object] | None,
) -> None:
    """AssetPairs shows the state, ccxt takes half of them for maintenance; cancellations and others go on."""
    buy(ready)
    practice("fault", kind="pair_status", value=status, pair="BTC/USD")
    market = ready.load_markets(reload=True)["BTC/USD"]
    assert (market["info"]["status"], market["active"]) == (status, False)

    maintenance = status in ("cancel_only", "post_only")
    error = ccxt.OnMaintenance if maintenance else ccxt.ExchangeError
    with pytest.raises(error, match=f"EService:Market in {status} mode"):
        buy(ready, **refused)  # type: ignore[arg-type]
    if passes:
        buy(ready, **passes)  # type: ignore[arg-type]
    buy(ready, "ETH/USD", 1000)
    ready.cancel_all_orders()
    practice("fault", kind="none")
    buy(ready)


def test_nothing_is_matched_while_a_market_only_cancels(
    ready: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """A resting order does not fill though the price comes to it; it does once the market is open again."""
    practice("market", pair="BTC/USD", trend="flat", price="64000")
    txid = buy(ready, price=63000)
    practice("fault", kind="pair_status")
    practice("market", pair="BTC/USD", price="62000")
    clock.advance(60)
    assert ready.fetch_order(txid)["filled"] == 0
    practice("fault", kind="none")
    clock.advance(5)
    assert ready.fetch_order(txid)["filled"] == 0.01


def test_delisted_pair_is_gone(ready: Kraken, practice: Practice) -> None:
    """It is in no list, has no price, takes no order, and its open orders were cancelled."""
    txid = buy(ready)
    other = buy(ready, "ETH/USD", 1000)
    practice("fault", kind="delisted", pair="BTC/USD")

    assert "XXBTZUSD" not in ready.public_get_assetpairs()["result"]
    assert "XXBTZUSD" not in ready.public_get_ticker()["result"]
    calls: list[Callable[[], object]] = [lambda: buy(ready)]
    calls += [lambda: ready.fetch_ticker("BTC/USD"), lambda: ready.fetch_ohlcv("BTC/USD")]
    for call in calls:
        with pytest.raises(ccxt.ExchangeError, match="EQuery:Unknown asset pair"):
            call()
    assert [order["id"] for order in ready.fetch_open_orders()] == [other]
    assert ready.private_post_queryorders({"txid": txid})["result"][txid]["reason"] == "Market delisted"
    practice("fault", kind="none")
    buy(ready)


def test_stalled_ticker_repeats_itself(ready: Kraken, clock: FixedClock, practice: Practice) -> None:
    """Ticker and book show the old price, the book with its old time; trades, bars and orders go on."""
    practice("market", pair="BTC/USD", trend="up")
    practice("fault", kind="stalled_ticker")
    before, stalled_at = ready.fetch_ticker("BTC/USD"), int(clock().timestamp())
    clock.advance(600)

    after = ready.fetch_ticker("BTC/USD")
    assert (after["bid"], after["ask"], after["last"]) == (before["bid"], before["ask"], before["last"])
    book = ready.public_get_depth({"pair": "XXBTZUSD"})["result"]["XXBTZUSD"]
    assert {level[2] for side in book.values() for level in side} == {stalled_at}
    assert ready.fetch_trades("BTC/USD")[-1]["price"] > before["ask"]
    assert ready.fetch_ticker("ETH/USD")["last"] is not None
    practice("fault", kind="none")
    assert ready.fetch_ticker("BTC/USD")["bid"] > before["ask"]


@pytest.mark.parametrize("off_s", [30, -30])
def test_clock_that_is_off_shows_and_meets_deadlines(
    ready: Kraken, clock: FixedClock, practice: Practice, off_s: int
) -> None:
    """Time says the wrong time; a deadline of five seconds is past, or too far ahead to be one."""
    practice("fault", kind="clock_off_s", value=str(off_s))
    assert ready.fetch_time() == (int(clock().timestamp()) + off_s) * 1000

    def send(seconds: int) -> None:
        deadline = clock().timestamp() + seconds
        buy(ready, deadline=ready.iso8601(int(deadline * 1000)))

    error = "EService:Deadline elapsed" if off_s > 0 else "EGeneral:Invalid arguments:deadline"
    with pytest.raises(ccxt.ExchangeError, match=error):
        send(5 if off_s > 0 else 45)
    practice("fault", kind="none")
    assert ready.fetch_time() == int(clock().timestamp()) * 1000
    send(5)


@pytest.mark.parametrize("off_s", ["300", "-300"])
def test_clock_that_is_off_moves_nothing_that_waits(
    ready: Kraken, clock: FixedClock, practice: Practice, off_s: str
) -> None:
    """Orders fill and the dead man's timer fires as long after as before the change, there and back."""
    txid = buy(ready, price=None)
    ready.cancel_all_orders_after(60_000)
    practice("fault", kind="clock_off_s", value=off_s)
    assert ready.fetch_order(txid)["filled"] == 0
    clock.advance(3)
    assert ready.fetch_order(txid)["filled"] == 0.01
    buy(ready)
    practice("fault", kind="none")
    clock.advance(56)
    assert len(ready.fetch_open_orders()) == 1
    clock.advance(1)
    assert ready.fetch_open_orders() == []


@pytest.mark.parametrize(("percent", "factor"), [("-10", 0.9), ("25", 1.25)])
def test_price_jumps_by_so_many_percent(
    ready: Kraken, practice: Practice, percent: str, factor: float
) -> None:
    """Everybody sees the new price at once, and nothing stays in force."""
    before = ready.fetch_ticker("BTC/USD")["bid"]
    faults = practice("fault", kind="price_jump", value=percent)["faults"]
    assert ready.fetch_ticker("BTC/USD")["bid"] == pytest.approx(before * factor, rel=0.0001)
    assert faults == []


def test_foreign_order_rests_off_the_market(ready: Kraken, practice: Practice) -> None:
    """It is on the account without a client order id, and no key sent it."""
    practice("fault", kind="foreign_order", pair="ETH/USD", side="sell", value="0.5")
    (order,) = ready.fetch_open_orders()
    assert (order["symbol"], order["side"], order["amount"]) == ("ETH/USD", "sell", 0.5)
    assert order["clientOrderId"] is None
    assert practice("orders")["calls"] == []


@pytest.mark.parametrize(("value", "kind"), [("1000", "deposit"), ("-1000", "withdrawal")])
def test_deposit_moves_the_balance_and_stands_in_the_ledger(
    ready: Kraken, practice: Practice, value: str, kind: str
) -> None:
    """Money comes or goes without an order or a fill, and the ledger says what it was."""
    practice("fault", kind="deposit", value=value)
    assert ready.fetch_balance()["USD"]["total"] == 100_000 + int(value)
    assert ready.fetch_my_trades() == []
    (entry,) = ready.fetch_ledger()
    assert (entry["info"]["type"], Decimal(entry["info"]["amount"])) == (kind, Decimal(value))
    assert Decimal(entry["info"]["balance"]) == 100_000 + int(value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "clock_off_s", "value": "1e9"}, "3600"),
        ({"kind": "clock_off_s", "value": "NaN"}, "must be a number"),
        ({"kind": "price_jump", "value": "-100"}, "percent"),
        ({"kind": "price_jump", "value": "1e999999"}, "must be a number"),
        ({"kind": "pair_status", "value": "hidden"}, "cancel_only"),
        ({"kind": "delisted", "pair": "DOGE/USD"}, "BTC/USD"),
        ({"kind": "deposit", "value": "-100001"}, "must leave the account"),
        ({"kind": "deposit", "asset": "DOGE"}, "USD"),
        ({"kind": "late_fills", "value": "most"}, "half"),
        ({"kind": "delay_s", "value": "-1"}, "seconds"),
        ({"kind": "foreign_order", "value": "0"}, "volume"),
    ],
)
def test_fault_that_makes_no_sense_is_refused_in_words(
    exchange: PracticeExchange, http: httpx.Client, practice: Practice, fields: dict[str, str], says: str
) -> None:
    """Nothing is put in force, and the answer says what can be."""
    answer = http.post(f"{exchange.url}/practice/fault", json=fields)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert practice("state")["faults"] == []


def test_minutes_without_a_trade_are_flat_bars_without_volume(
    ready: Kraken, clock: FixedClock, practice: Practice
) -> None:
    """As Kraken writes them; the trades of that time are gone, the others make the same bars."""
    clock.advance(20)
    practice("fault", kind="no_trades", value="3")
    clock.advance(60)
    bars = ready.fetch_ohlcv("BTC/USD", "1m", limit=6)
    last_close = bars[-5][4]
    assert [bar[1:] for bar in bars[-4:-2]] == [[last_close] * 4 + [0.0]] * 2
    since_s = bars[-5][0] // 1000
    page = ready.public_get_trades({"pair": "XBTUSD", "since": since_s * 10**9 - 1000})["result"]["XXBTZUSD"]
    for opened_ms, *_, volume in bars[-5:-1]:
        inside = [float(row[1]) for row in page if opened_ms <= float(row[2]) * 1000 < opened_ms + 60_000]
        assert sum(inside) == pytest.approx(volume)


def test_candles_may_have_a_hole_before_the_last_three(ready: Kraken, practice: Practice) -> None:
    """Trades of that time are served all the same."""
    practice("fault", kind="bars_lost", value="4")
    bars = ready.fetch_ohlcv("BTC/USD", "1m")
    steps = [(later[0] - earlier[0]) // 60_000 for earlier, later in itertools.pairwise(bars)]
    assert (steps[-3], set(steps[:-3] + steps[-2:])) == (5, {1})
