"""Rate limits: each key's calls, each pair's orders, and how many orders may be open."""

from collections.abc import Callable

import ccxt
import pytest

from tests.trading.practice_exchange.desk import Connect, FixedClock, Kraken, Practice
from trading.practice_exchange.rates import DEFAULT_TIER, TIERS, Tier


@pytest.fixture
def tier(request: pytest.FixtureRequest) -> Tier:
    """The tier that a test names, else the one that holds unless said otherwise."""
    return TIERS[getattr(request, "param", DEFAULT_TIER)]


def until_refused(call: Callable[[], object], error: type[Exception], words: str) -> int:
    """How many times a call goes through before it is refused with this error."""
    answers: list[object] = []

    def call_on() -> None:
        answers.extend(call() for _ in range(300))

    with pytest.raises(error, match=words):
        call_on()
    return len(answers)


def place(kraken: Kraken, symbol: str = "BTC/USD") -> str:
    return kraken.create_order(symbol, "limit", "buy", 0.01, 1000)["id"]


@pytest.mark.parametrize(
    ("tier", "calls"), [("starter", 15), ("intermediate", 20), ("pro", 20)], indirect=["tier"]
)
def test_key_may_make_so_many_calls_at_once(kraken: Kraken, calls: int) -> None:
    """The next is refused in Kraken's words, which ccxt takes for protection against a flood."""
    assert until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI:Rate limit") == calls


@pytest.mark.parametrize(
    ("tier", "again"), [("starter", 3), ("intermediate", 5), ("pro", 10)], indirect=["tier"]
)
def test_counter_falls_by_itself(kraken: Kraken, clock: FixedClock, again: int) -> None:
    """A key that was silent for ten seconds may call again, as often as its tier forgets in that time."""
    until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI")
    clock.advance(10)
    # What was refused counted as well, once.
    assert until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI") == again - 1


def test_history_counts_twice(kraken: Kraken) -> None:
    """Ten looks at the fills use up what twenty looks at the balance would."""
    assert until_refused(kraken.private_post_tradeshistory, ccxt.DDoSProtection, "EAPI") == 10


def test_calling_on_makes_it_last_longer(kraken: Kraken, clock: FixedClock) -> None:
    """Who does not wait when told so waits longer."""
    until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI")
    for _ in range(30):
        with pytest.raises(ccxt.DDoSProtection):
            kraken.private_post_balance()
    clock.advance(5)
    with pytest.raises(ccxt.DDoSProtection):
        kraken.private_post_balance()
    clock.advance(20)
    kraken.private_post_balance()


def test_keys_are_counted_apart(kraken: Kraken, connect: Connect) -> None:
    """The emergency key can cancel while the trading key may not call."""
    until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI")
    connect("emergency").cancel_all_orders()


def test_orders_do_not_count_as_calls(kraken: Kraken) -> None:
    """A key whose calls are used up can place and cancel one order, and not cancel all."""
    kraken.load_markets()
    until_refused(kraken.private_post_balance, ccxt.DDoSProtection, "EAPI")
    kraken.cancel_order(place(kraken))
    with pytest.raises(ccxt.DDoSProtection):
        kraken.cancel_all_orders()


@pytest.mark.parametrize(("tier", "orders"), [("starter", 60), ("intermediate", 80)], indirect=["tier"])
def test_pair_holds_so_many_open_orders(kraken: Kraken, clock: FixedClock, orders: int) -> None:
    """One more is refused as too many; another pair has room of its own."""
    kraken.load_markets()
    for _ in range(orders):
        clock.advance(1)
        place(kraken)
    clock.advance(1)
    with pytest.raises(ccxt.ExchangeError, match="EOrder:Orders limit exceeded"):
        place(kraken)
    place(kraken, "ETH/USD")


@pytest.mark.parametrize("tier", ["starter"], indirect=True)
def test_young_orders_cost_most_when_cancelled(kraken: Kraken, clock: FixedClock) -> None:
    """Six orders placed and cancelled at once leave room for six more; the other pair is not concerned."""
    kraken.load_markets()
    for _ in range(6):
        kraken.cancel_order(place(kraken))
    assert until_refused(lambda: place(kraken), ccxt.DDoSProtection, "EOrder:Rate limit") == 6
    place(kraken, "ETH/USD")


@pytest.mark.parametrize(
    ("age_s", "cost"), [(0, 8), (4, 8), (5, 6), (12, 5), (20, 4), (60, 2), (100, 1), (301, 0)]
)
def test_old_orders_cost_less(
    kraken: Kraken, clock: FixedClock, practice: Practice, age_s: int, cost: int
) -> None:
    """The penalty of a cancellation falls with the order's age, in Kraken's steps."""
    kraken.load_markets()
    txid = place(kraken)
    clock.advance(age_s)
    before = practice("state")["rates"]["orders"]["main XXBTZUSD"]
    kraken.cancel_order(txid)
    assert practice("state")["rates"]["orders"]["main XXBTZUSD"] == before + cost


@pytest.mark.parametrize("tier", ["starter"], indirect=True)
def test_cancelling_is_never_too_much(kraken: Kraken) -> None:
    """However high the counter of a pair stands, its orders can be taken back."""
    kraken.load_markets()
    until_refused(lambda: place(kraken), ccxt.DDoSProtection, "EOrder:Rate limit")
    (answer,) = kraken.cancel_all_orders()
    assert answer["info"]["result"]["count"] == 60
    with pytest.raises(ccxt.DDoSProtection):
        place(kraken)


@pytest.mark.parametrize("tier", ["starter"], indirect=True)
def test_refused_orders_count_too(kraken: Kraken) -> None:
    """An order counts on its arrival, before anybody looks whether it is a good one."""
    for _ in range(60):
        with pytest.raises(ccxt.ExchangeError, match="volume"):
            kraken.private_post_addorder({"pair": "XXBTZUSD", "type": "buy", "ordertype": "market"})
    with pytest.raises(ccxt.DDoSProtection, match="EOrder:Rate limit exceeded"):
        kraken.private_post_addorder({"pair": "XXBTZUSD", "type": "buy", "ordertype": "market"})
