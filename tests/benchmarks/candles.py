"""How long it takes to find what is missing in a long series of candles."""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import polars as pl

from tests.benchmarks.figures import Figure
from trading.candle_store import CandleStore, Series, gaps_of
from trading.candles import Gap, Timeframe

CANDLES = 5_000_000
HOLES = 1_000
RUNS = 5
SERIES = Series("kraken", "BTC/USD", Timeframe.M1)
BEGAN_AT = datetime(2016, 1, 1, tzinfo=UTC)


def openings(count: int, holes: int) -> pl.Series:
    """Minutes in order, with stretches left out at random places, the same each time."""
    chance = random.Random(7)
    places = chance.sample(range(2, count - 60), holes)
    left_out = {place + more for place in places for more in range(chance.randint(1, 40))}
    first = int(BEGAN_AT.timestamp()) * 1000
    minutes = pl.int_range(count, eager=True)
    kept = minutes.filter(~minutes.is_in(sorted(left_out)))
    return (kept * 60_000 + first).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC").alias("opened_at")


def naive_gaps(found: Sequence[datetime], timeframe: Timeframe) -> list[Gap]:
    """The same by a plain loop over datetimes."""
    duration = timeframe.duration
    return [
        Gap(earlier + duration, later, (later - earlier) // duration - 1)
        for earlier, later in pairwise(found)
        if later - earlier > duration
    ]


def run(say: Callable[[str], None]) -> list[Figure]:
    """Find the gaps in memory, then out of the file, beside the plain loop."""
    say(f"{CANDLES} candles are made")
    series = openings(CANDLES, HOLES)
    with tempfile.TemporaryDirectory() as folder:
        store = CandleStore(Path(folder))
        _stored(store, series)
        plain = series.to_list()
        quick, whole, slow = [], [], []
        for _ in range(RUNS):
            say("gaps")
            quick.append(_took_s(lambda: gaps_of(series, Timeframe.M1)))
            whole.append(_took_s(lambda: store.gaps(SERIES)))
            slow.append(_took_s(lambda: naive_gaps(plain, Timeframe.M1)))
    count = f"{CANDLES:,} candles"
    return [
        Figure(f"gap scan, {count}", median(quick), "s", target=0.5, baseline=median(slow)),
        Figure(f"gap scan out of the file, {count}", median(whole), "s", baseline=median(slow)),
    ]


def _stored(store: CandleStore, series: pl.Series) -> None:
    """Write a file as the store does, without making five million objects first."""
    price = pl.lit("64000.1").cast(pl.Decimal(38, 18))
    columns = [price.alias(name) for name in ("open", "high", "low", "close", "volume")]
    path = store.path(SERIES)
    path.parent.mkdir(parents=True)
    pl.DataFrame([series]).with_columns(columns).write_parquet(path, compression="lz4")


def _took_s(act: Callable[[], list[Gap]]) -> float:
    began = time.perf_counter()
    if not act():
        raise RuntimeError("no gap was found")
    return time.perf_counter() - began
