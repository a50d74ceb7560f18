"""The public endpoints, read through ccxt's unified calls."""

import ccxt
import httpx
import pytest

from tests.trading.practice_exchange.desk import FixedClock, Kraken
from trading.practice_exchange.server import PracticeExchange


def test_time_is_that_of_the_clock(kraken: Kraken, clock: FixedClock) -> None:
    """The venue's time is the clock's, so that a bot can compare the two."""
    assert kraken.fetch_time() == int(clock().timestamp()) * 1000


def test_status_is_online_at_first(kraken: Kraken) -> None:
    """A venue without a fault says ok."""
    assert kraken.fetch_status()["status"] == "ok"


def test_markets_carry_minima_precision_and_fees(kraken: Kraken) -> None:
    """What a bot needs for rounding an order stands in the market."""
    market = kraken.load_markets()["BTC/USD"]

    assert market["id"] == "XXBTZUSD"
    assert market["precision"] == {"amount": 1e-8, "price": 0.1}
    assert market["limits"]["amount"]["min"] == 0.00005
    assert market["limits"]["cost"]["min"] == 0.5
    assert (market["taker"], market["maker"]) == (0.0026, 0.0016)
    assert market["active"] is True


@pytest.mark.parametrize("symbol", ["BTC/USD", "ETH/USD", "BTC/EUR", "ETH/EUR"])
def test_every_listed_pair_has_a_ticker(kraken: Kraken, symbol: str) -> None:
    """Bid is below ask, and the last price lies within the day's range."""
    ticker = kraken.fetch_ticker(symbol)

    assert ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]


def test_several_tickers_come_in_one_call(kraken: Kraken) -> None:
    """A desk with two symbols needs one call."""
    assert set(kraken.fetch_tickers(["BTC/USD", "ETH/EUR"])) == {"BTC/USD", "ETH/EUR"}


def test_book_is_sorted_and_agrees_with_the_ticker(kraken: Kraken) -> None:
    """The best levels are the ticker's bid and ask, worse ones follow."""
    book, ticker = kraken.fetch_order_book("BTC/USD", 10), kraken.fetch_ticker("BTC/USD")
    asks, bids = [level[0] for level in book["asks"]], [level[0] for level in book["bids"]]

    assert (bids[0], asks[0]) == (ticker["bid"], ticker["ask"])
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert len(asks) == len(bids) == 10


def test_unknown_pair_is_refused_in_krakens_words(kraken: Kraken) -> None:
    """A pair nobody lists is an error, not an empty answer."""
    with pytest.raises(ccxt.ExchangeError, match="EQuery:Unknown asset pair"):
        kraken.public_get_ticker({"pair": "DOGEUSD"})


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("OHLC?pair=XBTUSD&interval=7", "EGeneral:Invalid arguments:interval"),
        ("OHLC?pair=XBTUSD&since=" + "9" * 5000, "EGeneral:Invalid arguments:since"),
        ("Depth?pair=XBTUSD&count=-1", "EGeneral:Invalid arguments:count"),
        ("Ticker?pair=%ff%00", "EQuery:Unknown asset pair"),
        ("Nothing", "EGeneral:Unknown method"),
    ],
)
def test_public_call_that_makes_no_sense_is_refused(
    exchange: PracticeExchange, http: httpx.Client, path: str, error: str
) -> None:
    """Bad input gets an error in Kraken's form, as a GET and with a broken body too."""
    assert http.get(f"{exchange.url}/0/public/{path}").json() == {"error": [error]}
    assert http.post(f"{exchange.url}/0/public/{path}", content=b"\xff&x").json() == {"error": [error]}


def test_public_trades_are_those_the_bars_are_made_of(kraken: Kraken) -> None:
    """First and last trade of a closed minute are its open and close."""
    bar = kraken.fetch_ohlcv("ETH/USD", "1m")[-2]
    trades = [t for t in kraken.fetch_trades("ETH/USD") if bar[0] <= t["timestamp"] < bar[0] + 60_000]

    prices = [trade["price"] for trade in trades]
    assert [prices[0], max(prices), min(prices), prices[-1]] == bar[1:5]


def test_a_history_is_fetched_page_by_page_from_its_beginning(kraken: Kraken) -> None:
    """`since=0` gives the first thousand trades, their `last` the next; without it come the newest."""
    pages = [kraken.public_get_trades({"pair": "XBTUSD", "since": since})["result"] for since in ("0", "20")]
    pages.append(kraken.public_get_trades({"pair": "XBTUSD", "since": pages[0]["last"]})["result"])
    moments = [[float(trade[2]) for trade in page["XXBTZUSD"]] for page in pages]
    newest = kraken.public_get_trades({"pair": "XBTUSD"})["result"]["XXBTZUSD"]

    assert [len(page) for page in moments] == [1000, 1000, 1000]
    assert moments[0][0] < moments[1][0] < moments[2][0] < float(newest[0][2])
    assert moments[2][0] - moments[0][-1] == moments[0][1] - moments[0][0]
