"""Candles from a file: CSV, Parquet, or the JSON rows of ccxt; whole and right, or not taken at all."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from trading.candle_store import PRICES, fits
from trading.candles import Candle, Timeframe
from trading.errors import BadCandle, TradingError

TIMES = ("opened_at", "timestamp", "time", "datetime", "date", "unix")
MISTAKES_MAX = 10
STEP = 10_000
# A bar cannot have opened before there were any markets to trade on, so a larger number is milliseconds.
_MILLISECONDS_FROM = 100_000_000_000

Row = tuple[int, Sequence[object]]
Walked = Callable[[int], None]


class BadCandleFile(TradingError):
    """{file}: {told}. Nothing was imported; correct the file and import it again."""


class _BadRow(ValueError):
    """What is wrong with one row, in words."""


def read_candles(
    file: Path, timeframe: Timeframe, now: datetime, walked: Walked = lambda rows: None
) -> list[Candle]:
    """Every candle of a file, oldest first; raises `BadCandleFile` with each mistake and its line.

    Columns are found by their names; without a heading they are time, open, high, low, close, volume.
    Times are Unix seconds, Unix milliseconds, or ISO 8601 with a zone.
    """
    kind = file.suffix.lower()
    if kind not in _READERS:
        raise BadCandleFile(file=file.name, told="it must end in .csv, .parquet or .json")
    place, rows = _READERS[kind](file)
    candles: list[Candle] = []
    mistakes: list[str] = []
    for count, (number, values) in enumerate(rows, start=1):
        try:
            candle = _candle(values, timeframe, now)
            if candles and candle.opened_at <= candles[-1].opened_at:
                raise _BadRow(f"{candle.opened_at:%Y-%m-%dT%H:%M:%SZ} is doubled or out of order")
        except _BadRow as why:
            mistakes.append(f"{place} {number}: {why}")
            if len(mistakes) == MISTAKES_MAX:
                mistakes.append("and perhaps more")
                break
        else:
            candles.append(candle)
        if count % STEP == 0:
            walked(STEP)
    if mistakes:
        raise BadCandleFile(file=file.name, told="; ".join(mistakes))
    if not candles:
        raise BadCandleFile(file=file.name, told="there is no candle in it")
    return candles


def _candle(values: Sequence[object], timeframe: Timeframe, now: datetime) -> Candle:
    if len(values) < 1 + len(PRICES):
        raise _BadRow(f"it has {len(values)} values; time, {', '.join(PRICES)} are needed")
    opened_at = _moment(values[0])
    if int(opened_at.timestamp()) % timeframe.duration_s or opened_at.microsecond:
        raise _BadRow(f"no bar of {timeframe} opens at {opened_at:%Y-%m-%dT%H:%M:%SZ}")
    if opened_at + timeframe.duration > now:
        raise _BadRow(f"the bar of {opened_at:%Y-%m-%dT%H:%MZ} is not closed yet")
    numbers = [_number(name, value) for name, value in zip(PRICES, values[1:], strict=False)]
    try:
        return Candle(opened_at, *numbers)
    except BadCandle as error:
        raise _BadRow(error.why) from None


def _number(name: str, value: object) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise _BadRow(f"{name} is {str(value)[:40]!r}, which is no number") from None
    if not number.is_finite():
        raise _BadRow(f"{name} is {number}")
    if not fits(number):
        raise _BadRow(f"{name} is {str(value)[:40]}, which has too many digits to be kept exactly")
    return number


def _moment(value: object) -> datetime:
    """A time in any of the ways that it is written, in UTC."""
    if isinstance(value, datetime):
        moment = value
    else:
        text = str(value).strip()
        try:
            number = Decimal(text)
            seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
            return datetime.fromtimestamp(float(seconds), UTC)
        except InvalidOperation:
            pass
        except (ValueError, OverflowError, OSError):
            raise _BadRow(f"the time is {text[:40]!r}, which is no moment") from None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _BadRow(f"the time is {text[:40]!r}; write Unix seconds or 2026-11-20T10:00Z") from None
    if moment.tzinfo is None:
        raise _BadRow(f"the time {moment} names no zone; write 2026-11-20T10:00Z")
    return moment.astimezone(UTC)


def _order(file: Path, names: Sequence[str]) -> list[int]:
    """Where time and the five numbers stand among named columns."""
    small = [name.strip().lower() for name in names]
    time = next((name for name in TIMES if name in small), None)
    missing = [name for name in PRICES if name not in small]
    if time is None or missing:
        wanted = ", ".join(([] if time else [f"a time ({', '.join(TIMES)})"]) + missing)
        raise BadCandleFile(file=file.name, told=f"line 1: its columns lack {wanted}")
    return [small.index(name) for name in (time, *PRICES)]


def _csv(file: Path) -> tuple[str, Iterator[Row]]:
    return "line", _csv_rows(file)


def _csv_rows(file: Path) -> Iterator[Row]:
    order: list[int] | None = None
    with file.open(encoding="utf-8-sig", newline="") as reading:
        lines = csv.reader(reading)
        try:
            for values in lines:
                if lines.line_num == 1 and any(value.strip().lower() in TIMES for value in values):
                    order = _order(file, values)
                elif values and order is None:
                    yield lines.line_num, values
                elif values:
                    yield lines.line_num, [values[at] if at < len(values) else "" for at in order or ()]
        except (csv.Error, UnicodeDecodeError) as error:
            told = f"line {lines.line_num + 1}: it is no text of comma-separated values ({error})"
            raise BadCandleFile(file=file.name, told=told) from error


def _json(file: Path) -> tuple[str, Iterator[Row]]:
    try:
        rows = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    except json.JSONDecodeError as error:
        told = f"line {error.lineno}: it is no JSON ({error.msg})"
        raise BadCandleFile(file=file.name, told=told) from error
    except UnicodeDecodeError as error:
        raise BadCandleFile(file=file.name, told=f"it is no text ({error.reason})") from error
    if not isinstance(rows, list):
        raise BadCandleFile(
            file=file.name, told="it must be a list of rows, as ccxt's fetch_ohlcv gives them"
        )
    plain = ((number, row if isinstance(row, list) else ()) for number, row in enumerate(rows, start=1))
    return "row", plain


def _parquet(file: Path) -> tuple[str, Iterator[Row]]:
    try:
        frame = pl.read_parquet(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        told = f"it is no Parquet file ({str(error).partition(chr(10))[0]})"
        raise BadCandleFile(file=file.name, told=told) from error
    chosen = frame.select(frame.columns[at] for at in _order(file, frame.columns))
    return "row", enumerate(chosen.iter_rows(), start=1)


_READERS: dict[str, Callable[[Path], tuple[str, Iterator[Row]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".parquet": _parquet,
}
