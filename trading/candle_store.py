"""Candles on disk: one Parquet file a venue, symbol and bar length. Only a process that ends soon loads this.

What polars has run in is large, and its children may hang: neither bot, nor gateway, nor session imports it.
"""

import fcntl
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from trading.candles import Candle, Gap, Timeframe
from trading.errors import BadCandle, TradingError
from trading.whole_file import written_whole

FOLDER = "candles"
PRICES = ("open", "high", "low", "close", "volume")
# Exact for whatever a venue quotes: eighteen decimals, and twenty digits before the point.
DECIMALS_MAX, DIGITS_MAX = 18, 20
_AMOUNT = pl.Decimal(DECIMALS_MAX + DIGITS_MAX, DECIMALS_MAX)
_SCHEMA = pl.Schema({"opened_at": pl.Datetime("ms", "UTC"), **dict.fromkeys(PRICES, _AMOUNT)})
_VENUE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SYMBOL = re.compile(r"[A-Z0-9]{2,12}/[A-Z0-9]{2,12}")


class BadSeries(TradingError):
    """There are no candles of {text!r}: {allowed}."""


class CandleFileUnreadable(TradingError):
    """The candles in {file} cannot be read ({why}). Move the file away, then import or backfill them."""


@dataclass(frozen=True, slots=True)
class Series:
    """Whose candles: a venue, a symbol such as BTC/USD, and a bar length."""

    venue: str
    symbol: str
    timeframe: Timeframe

    def __post_init__(self) -> None:
        if not _VENUE.fullmatch(self.venue):
            raise BadSeries(
                text=self.venue[:40], allowed="a venue is a name of small letters, such as kraken"
            )
        if not _SYMBOL.fullmatch(self.symbol):
            raise BadSeries(text=self.symbol[:40], allowed="a symbol is a pair, such as BTC/USD")

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol} {self.timeframe}"


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition came to: bars that are new, and those that differ from stored ones, which stay."""

    new: int
    differing: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What there is of a series: its bars, from the first to the last, and how many saw no trade."""

    series: Series
    bars: int
    first: datetime | None
    last: datetime | None
    quiet: int


class CandleStore:
    """The candles under a home; a file changes as a whole or not at all, and one writer at a time."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def path(self, series: Series) -> Path:
        """Where a series lies."""
        return self._folder / series.venue / series.symbol.replace("/", "-") / f"{series.timeframe}.parquet"

    def all_series(self) -> list[Series]:
        """Every series that there is a file of."""
        found = sorted(self._folder.glob("*/*/*.parquet"))
        return [
            Series(path.parts[-3], path.parts[-2].replace("-", "/", 1), Timeframe.parse(path.stem))
            for path in found
            if path.stem in {str(each) for each in Timeframe}
        ]

    def stored(self, series: Series) -> Stored:
        """What there is of it."""
        frame = self._read(series, ("opened_at", "volume"))
        quiet = int((frame["volume"] == 0).sum())
        first, last = frame["opened_at"].min(), frame["opened_at"].max()
        return Stored(series, frame.height, first, last, quiet)  # type: ignore[arg-type]

    def gaps(self, series: Series) -> list[Gap]:
        """Every stretch that is missing between the first bar and the last."""
        return gaps_of(self._read(series, ("opened_at",))["opened_at"], series.timeframe)

    def candles(
        self,
        series: Series,
        newest: int | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Candle]:
        """Candles oldest first: those from `begin` on, before `end`, the newest of these."""
        frame = self._read(series)
        if begin is not None:
            frame = frame.filter(pl.col("opened_at") >= begin)
        if end is not None:
            frame = frame.filter(pl.col("opened_at") < end)
        if newest is not None:
            frame = frame.tail(newest)
        return [Candle(*row) for row in frame.iter_rows()]

    def add(self, series: Series, candles: Sequence[Candle]) -> Added:
        """Add what is not there yet, in one step; raises `BadCandle` for what cannot be kept exactly."""
        fresh = frame_of(candles)
        path = self.path(series)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(path):
            known = self._read(series)
            both = fresh.join(known, on="opened_at", how="inner", suffix="_known")
            same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_known") for name in PRICES)
            new = fresh.join(known, on="opened_at", how="anti")
            if new.height:
                _write(path, pl.concat([known, new]).sort("opened_at"))
            return Added(new.height, int(both.select((~same).sum()).item()))

    def _read(self, series: Series, columns: Iterable[str] = _SCHEMA) -> pl.DataFrame:
        path, names = self.path(series), list(columns)
        if not path.exists():
            return pl.DataFrame(schema=_SCHEMA).select(names)
        try:
            frame = pl.read_parquet(path, columns=names)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise CandleFileUnreadable(file=path, why=str(error).partition("\n")[0]) from error
        if frame.schema != pl.Schema({name: _SCHEMA[name] for name in names}):
            raise CandleFileUnreadable(file=path, why="its columns are not those that this desk writes")
        return frame


def gaps_of(openings: pl.Series, timeframe: Timeframe) -> list[Gap]:
    """Where bars are missing, found in one pass over openings in order."""
    duration = timeframe.duration
    at = (openings.diff() > duration).arg_true()
    return [
        Gap(before + duration, after, (after - before) // duration - 1)
        for before, after in zip(openings.gather(at - 1), openings.gather(at), strict=True)
    ]


def frame_of(candles: Iterable[Candle]) -> pl.DataFrame:
    """Candles as the store keeps them; raises `BadCandle` for a number with more digits than it keeps."""
    rows = list(candles)
    for candle in rows:
        for name in PRICES:
            if not fits(getattr(candle, name)):
                raise BadCandle(
                    opened_at=candle.opened_at, why=f"{name} has too many digits to be kept exactly"
                )
    columns = {name: [getattr(candle, name) for candle in rows] for name in _SCHEMA}
    return pl.DataFrame(columns, schema=_SCHEMA)


def fits(value: Decimal) -> bool:
    """Whether a number can be stored without being rounded."""
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= DECIMALS_MAX and value.adjusted() < DIGITS_MAX


def _write(path: Path, frame: pl.DataFrame) -> None:
    with written_whole(path) as writing:
        frame.write_parquet(writing, compression="lz4")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let nobody else write this series meanwhile, whichever process it is."""
    with open(path.with_suffix(".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
