"""Candles on disk: exact, whole, and with every hole found."""

import os
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.trading.given import NOON, D, candles_of
from trading.candle_store import Added, BadSeries, CandleFileUnreadable, CandleStore, Series, gaps_of
from trading.candles import Candle, Gap, Timeframe, gaps_in, quiet
from trading.errors import BadCandle

SERIES = Series("kraken", "BTC/USD", Timeframe.M1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    """Give an empty store."""
    return CandleStore(tmp_path)


def at(minute: int, close: str = "100") -> Candle:
    """Give the bar of a minute after noon."""
    (candle,) = candles_of([close], NOON + minute * MINUTE)
    return candle


def test_what_was_added_comes_back_to_the_last_digit(store: CandleStore) -> None:
    """Whatever a venue may quote: tiny prices, tiny volumes, many digits."""
    odd = Candle(
        NOON, D("0.000000012345678901"), D("99999999999999999999"), D("0.000000000000000001"), D(1), D(0)
    )
    assert store.add(SERIES, [odd, at(1, "64000.1")]) == Added(new=2, differing=0)
    assert store.candles(SERIES) == [odd, at(1, "64000.1")]


@pytest.mark.parametrize("close", ["0.1234567890123456789", "123456789012345678901"])
def test_what_would_be_rounded_is_refused(store: CandleStore, close: str) -> None:
    """The library would round it without a word."""
    with pytest.raises(BadCandle, match="too many digits"):
        store.add(SERIES, [at(0, close)])
    assert store.all_series() == []


def test_what_is_stored_stays_as_it_is(store: CandleStore) -> None:
    """The same again adds nothing; another word about a stored bar is counted and not taken."""
    store.add(SERIES, [at(0), at(1)])
    assert store.add(SERIES, [at(1, "101"), at(2)]) == Added(new=1, differing=1)
    assert store.candles(SERIES) == [at(0), at(1), at(2)]


def test_candles_come_in_order_whenever_they_were_added(store: CandleStore) -> None:
    """Older ones later, and only those that were asked for."""
    store.add(SERIES, [at(3), at(4)])
    store.add(SERIES, [at(0), at(1)])
    assert store.candles(SERIES, begin=NOON + MINUTE, end=NOON + 4 * MINUTE) == [at(1), at(3)]
    assert store.candles(SERIES, newest=2) == [at(3), at(4)]
    assert [str(stored) for stored in store.all_series()] == ["kraken BTC/USD 1m"]


def test_each_gap_is_found_with_its_exact_range(store: CandleStore) -> None:
    """From the first bar that is missing to the first one that is there again; quiet bars are there."""
    store.add(SERIES, [at(0), at(1), at(4), quiet(at(4), at(5).opened_at), at(9)])
    wanted = [Gap(NOON + 2 * MINUTE, NOON + 4 * MINUTE, 2), Gap(NOON + 6 * MINUTE, NOON + 9 * MINUTE, 3)]
    assert store.gaps(SERIES) == wanted
    assert list(gaps_in(store.candles(SERIES), Timeframe.M1)) == wanted
    assert (store.stored(SERIES).bars, store.stored(SERIES).quiet) == (5, 1)


def test_no_candle_has_no_gap(store: CandleStore) -> None:
    """Nor has one alone."""
    assert store.gaps(SERIES) == []
    store.add(SERIES, [at(0)])
    assert store.gaps(SERIES) == []
    assert gaps_of(pl.Series([], dtype=pl.Datetime("ms", "UTC")), Timeframe.M1) == []


def test_a_gap_is_told_as_runbooks_look_for_it() -> None:
    """`grep -i gap` finds it; the second date is left out where it is the same."""
    gap = Gap(NOON - 120 * MINUTE, NOON - 113 * MINUTE, 7)
    wanted = "[DATA] Gap detected: BTC/EUR 1m 2026-11-20T10:00Z..10:07Z (7 missing)"
    assert gap.line("BTC/EUR", "1m") == wanted
    over = Gap(NOON, NOON + timedelta(days=1), 1440)
    assert "2026-11-20T12:00Z..2026-11-21T12:00Z (1440" in over.line("BTC/EUR", "1m")


def test_a_write_that_fails_leaves_what_was_there(
    store: CandleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at any moment: the old file is whole, and nothing lies beside it."""
    store.add(SERIES, [at(0)])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.add(SERIES, [at(1)])
    assert store.candles(SERIES) == [at(0)]
    assert sorted(path.name for path in store.path(SERIES).parent.iterdir()) == ["1m.lock", "1m.parquet"]


@pytest.mark.parametrize("how", ["cut", "other columns"])
def test_a_file_that_cannot_be_read_is_named(store: CandleStore, how: str) -> None:
    """With what to do about it."""
    store.add(SERIES, [at(0)])
    path = store.path(SERIES)
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        pl.DataFrame({"opened_at": [1], "volume": ["1"]}).write_parquet(path)
    with pytest.raises(CandleFileUnreadable, match=r"1m\.parquet cannot be read .*Move the file away"):
        store.gaps(SERIES)


@pytest.mark.parametrize(
    ("venue", "symbol"), [("kraken", "../../x"), ("kraken", "btc"), ("../kraken", "BTC/USD"), ("", "BTC/USD")]
)
def test_a_name_leads_nowhere_else(venue: str, symbol: str) -> None:
    """Folders are made of them."""
    with pytest.raises(BadSeries):
        Series(venue, symbol, Timeframe.M1)


def test_gaps_are_those_that_a_plain_loop_finds() -> None:
    """The benchmark's baseline and the pass over a whole column agree."""
    from tests.benchmarks.candles import naive_gaps, openings

    series = openings(5_000, holes=40)
    assert gaps_of(series, Timeframe.M1) == naive_gaps(series.to_list(), Timeframe.M1)
    assert len(gaps_of(series, Timeframe.M1)) > 20
