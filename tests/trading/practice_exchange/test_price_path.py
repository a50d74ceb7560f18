"""The price path: the same for the same seed, lively by nature, steered by the controls."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.trading.practice_exchange.desk import NOON, FixedClock, Kraken, Practice
from trading.practice_exchange.assets import PAIRS
from trading.practice_exchange.candles import Tape
from trading.practice_exchange.price_path import PricePath, Trend

BTC_USD = PAIRS["XXBTZUSD"]


def is_long(closes: list[Any]) -> bool:
    """What a 5/20 moving average crossover says."""
    return sum(closes[-5:]) / 5 > sum(closes[-20:]) / 20


def closed_closes(kraken: Kraken, symbol: str = "BTC/USD", timeframe: str = "1m") -> list[float]:
    return [bar[4] for bar in kraken.fetch_ohlcv(symbol, timeframe)[:-1]]


def test_same_seed_gives_the_same_prices() -> None:
    """The path depends on the seed and on nothing else."""
    moments = [NOON.timestamp() + 7.3 * step for step in range(-50, 50)]
    one, same, other = (PricePath(BTC_USD, seed, NOON) for seed in (1, 1, 2))

    assert [one.price(at) for at in moments] == [same.price(at) for at in moments]
    assert [one.price(at) for at in moments] != [other.price(at) for at in moments]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("pair", ["XXBTZUSD", "XETHZEUR"])
def test_natural_path_begins_long(seed: int, pair: str) -> None:
    """Whatever the second of the minute, a newcomer's first crossover session has something to do at once."""
    for second in (0, 9, 17, 38, 59):
        began_at = NOON.replace(second=second)
        tape = Tape(PricePath(PAIRS[pair], seed, began_at))
        now_s = began_at.timestamp()
        assert is_long([bar.close for bar in tape.bars(1, now_s, now_s - 1500)[:-1]])


@pytest.mark.parametrize("seed", range(8))
def test_natural_path_crosses_every_few_minutes(seed: int) -> None:
    """Nobody waits long for the next signal."""
    tape = Tape(PricePath(BTC_USD, seed, NOON))
    later_s = (NOON + timedelta(hours=6)).timestamp()
    closes = [bar.close for bar in tape.bars(1, later_s, NOON.timestamp())]

    signals = [is_long(closes[end - 20 : end]) for end in range(20, len(closes))]
    crossings = [n for n in range(1, len(signals)) if signals[n] != signals[n - 1]]
    assert max(later - earlier for earlier, later in pairwise(crossings)) <= 12


def test_ohlc_gives_720_bars_and_the_last_is_open(kraken: Kraken, clock: FixedClock) -> None:
    """Bars follow each other without a gap, end in the present minute, and make sense one by one."""
    bars = kraken.fetch_ohlcv("BTC/USD", "1m")

    assert len(bars) == 720
    assert bars[-1][0] == int(clock().replace(second=0).timestamp()) * 1000
    assert {later[0] - bar[0] for bar, later in pairwise(bars)} == {60_000}
    assert all(
        low <= min(open_, close) <= max(open_, close) <= high for _, open_, high, low, close, _ in bars
    )
    assert kraken.public_get_ohlc({"pair": "XXBTZUSD"})["result"]["last"] == bars[-2][0] // 1000


def test_closed_bars_never_change(kraken: Kraken, clock: FixedClock) -> None:
    """However often and late one asks, a closed bar has the same values; the open one closes as it said."""
    before = kraken.fetch_ohlcv("ETH/USD", "1m")
    clock.advance(25)
    nearly_closed = kraken.fetch_ohlcv("ETH/USD", "1m")[-1]
    clock.advance(600)
    after = {bar[0]: bar for bar in kraken.fetch_ohlcv("ETH/USD", "1m")}

    assert all(after[bar[0]] == bar for bar in before[:-1] if bar[0] in after)
    assert after[nearly_closed[0]] == nearly_closed


def test_bars_since_a_time_begin_there(kraken: Kraken) -> None:
    """`since` narrows the reply, the open bar is always in it."""
    since = kraken.fetch_ohlcv("BTC/USD", "1m")[-10][0]
    bars = kraken.fetch_ohlcv("BTC/USD", "1m", since)
    assert (bars[0][0], len(bars)) == (since, 10)
    far_ahead = kraken.public_get_ohlc({"pair": "XXBTZUSD", "since": 4_000_000_000})["result"]
    assert len(far_ahead["XXBTZUSD"]) == 1


def test_five_minute_bars_are_made_of_one_minute_bars(kraken: Kraken) -> None:
    """The intervals tell one story."""
    minutes = {bar[0]: bar for bar in kraken.fetch_ohlcv("BTC/EUR", "1m")}
    start, open_, high, low, close, volume = kraken.fetch_ohlcv("BTC/EUR", "5m")[-2]
    parts = [minutes[start + 60_000 * number] for number in range(5)]

    assert (open_, close) == (parts[0][1], parts[-1][4])
    assert (high, low) == (max(bar[2] for bar in parts), min(bar[3] for bar in parts))
    assert volume == pytest.approx(sum(bar[5] for bar in parts))


def test_trend_rewrites_the_past_as_well(kraken: Kraken, practice: Practice) -> None:
    """Right after a trend was set, the closed bars already show it; the present price stays."""
    price = float(practice("market", pair="BTC/USD", trend="natural")["pairs"][0]["price"])

    practice("market", pair="BTC/USD", trend="up")
    rising = closed_closes(kraken)
    assert rising == sorted(set(rising))
    assert is_long(rising)

    practice("market", pair="BTC/USD", trend="down")
    falling = closed_closes(kraken)
    assert falling == sorted(set(falling), reverse=True)
    assert not is_long(falling)

    practice("market", pair="BTC/USD", trend="flat")
    (flat,) = set(closed_closes(kraken))
    assert flat == pytest.approx(price, abs=0.2)


def test_trend_goes_on(kraken: Kraken, practice: Practice, clock: FixedClock) -> None:
    """A rising market rises on."""
    practice("market", pair="ETH/USD", trend="up")
    before = kraken.fetch_ticker("ETH/USD")["last"]
    clock.advance(600)
    assert kraken.fetch_ticker("ETH/USD")["last"] > before * 1.003


def test_trend_without_a_pair_is_for_all(kraken: Kraken, practice: Practice) -> None:
    """One word moves the whole exchange."""
    practice("market", trend="up")
    assert all(is_long(closed_closes(kraken, symbol)) for symbol in ("BTC/USD", "ETH/EUR", "EUR/USD"))


def test_price_set_by_hand_jumps_now_and_leaves_the_past(kraken: Kraken, practice: Practice) -> None:
    """A jump is seen in the book at once and in no closed bar."""
    before = closed_closes(kraken)
    practice("market", pair="BTC/USD", price="50000")
    ticker = kraken.fetch_ticker("BTC/USD")

    assert ticker["bid"] < 50000 < ticker["ask"]
    assert closed_closes(kraken) == before


def test_speed_moves_the_path_not_the_clock() -> None:
    """Ten times the speed shows in a minute what ten minutes would have shown; the past stays."""
    slow, fast = PricePath(BTC_USD, 1, NOON), PricePath(BTC_USD, 1, NOON)
    fast.set_speed(10, NOON)

    assert fast.price(NOON.timestamp() + 60) == slow.price(NOON.timestamp() + 600)
    assert fast.price(NOON.timestamp() - 60) == slow.price(NOON.timestamp() - 60)


def test_forgotten_trend_stays_within_reason() -> None:
    """A trend that is left on for a week neither explodes nor reaches zero."""
    path = PricePath(BTC_USD, 1, NOON)
    week_later = (NOON + timedelta(days=7)).timestamp()
    path.set_trend(Trend.UP, NOON)
    assert path.price(week_later) < BTC_USD.first_price * 2
    path.set_trend(Trend.DOWN, NOON)
    assert path.price(week_later) > BTC_USD.first_price / 2
