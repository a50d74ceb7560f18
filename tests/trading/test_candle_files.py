"""Candles from files: taken as they are, or refused with every line that is wrong."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.trading.given import NOON, D, candles_of
from trading.candle_files import BadCandleFile, read_candles
from trading.candles import Candle, Timeframe

NOW = NOON + timedelta(hours=1)
UNIX = int(NOON.timestamp())
BARS = candles_of(["100", "101.5"])


def read(file: Path, text: str | None = None) -> list[Candle]:
    """Read a file of one-minute bars, written first."""
    if text is not None:
        file.write_text(text, "utf-8")
    return read_candles(file, Timeframe.M1, NOW)


@pytest.mark.parametrize(
    "times",
    [
        (str(UNIX), str(UNIX + 60)),
        (str(UNIX * 1000), str((UNIX + 60) * 1000)),
        ("2026-11-20T12:00:00Z", "2026-11-20T12:01Z"),
        ("2026-11-20 13:00:00+01:00", "2026-11-20 13:01:00+01:00"),
    ],
)
def test_a_csv_is_read_with_and_without_a_heading(tmp_path: Path, times: tuple[str, str]) -> None:
    """Kraken's downloads have none and one column more; others name their columns in any order."""
    bare = f"{times[0]},100,100,100,100,1,12\n{times[1]},101.5,101.5,101.5,101.5,1,3\n"
    assert read(tmp_path / "bare.csv", bare) == BARS
    named = (
        "\ufeffVolume,Time,open,high,low,close\n"
        f"1,{times[0]},100,100,100,100\n\n1.0,{times[1]},101.5,101.50,101.5,101.5\n"
    )
    assert read(tmp_path / "named.csv", named) == BARS


def test_the_rows_of_ccxt_are_read_exactly(tmp_path: Path) -> None:
    """A number of JSON is no float here."""
    rows = f"[[{UNIX}000, 0.1, 0.3, 0.1, 0.30, 1e-8], [{UNIX + 60}000, 0.3, 0.3, 0.3, 0.3, 0]]"
    first, second = read(tmp_path / "rows.json", rows)
    assert (first.close, first.volume, second.volume) == (D("0.3"), D("0.00000001"), D(0))


def test_a_parquet_is_read(tmp_path: Path) -> None:
    """Ours and that of others, which may have floats: those are taken as they print."""
    frame = pl.DataFrame(
        {
            "timestamp": [bar.opened_at for bar in BARS],
            **{
                name: [float(getattr(bar, name)) for bar in BARS] for name in ("open", "high", "low", "close")
            },
            "volume": [1.0, 1.0],
        }
    )
    frame.write_parquet(tmp_path / "bars.parquet")
    assert read(tmp_path / "bars.parquet") == BARS


MISTAKES = {
    "NaN": ("{t1},NaN,1,1,1,1", "line 2: open is NaN"),
    "infinite": ("{t1},1,inf,1,1,1", "line 2: high is Infinity"),
    "no number": ("{t1},1,1,one,1,1", "line 2: low is 'one', which is no number"),
    "nought": ("{t1},0,1,0,1,1", "line 2: open is 0"),
    "minus": ("{t1},1,1,1,1,-1", "line 2: volume is -1"),
    "outside": ("{t1},1,1,1,2,1", "line 2: open or close lies outside of low and high"),
    "doubled": ("{t0},1,1,1,1,1", "line 2: 2026-11-20T12:00:00Z is doubled or out of order"),
    "out of order": ("{before},1,1,1,1,1", "line 2: 2026-11-20T11:59:00Z is doubled or out of order"),
    "off the bar": ("{off},1,1,1,1,1", "line 2: no bar of 1m opens at 2026-11-20T12:01:01Z"),
    "to come": ("{open},1,1,1,1,1", "line 2: the bar of 2026-11-20T13:00Z is not closed yet"),
    "no time": ("noon,1,1,1,1,1", "line 2: the time is 'noon'"),
    "no zone": ("2026-11-20T12:01:00,1,1,1,1,1", "line 2: the time 2026-11-20 12:01:00 names no zone"),
    "endless time": ("1e300,1,1,1,1,1", "line 2: the time is '1e300', which is no moment"),
    "NaN time": ("nan,1,1,1,1,1", "line 2: the time is 'nan'"),
    "short": ("{t1},1,1", "line 2: it has 3 values"),
    "too exact": ("{t1},1.0000000000000000001,2,1,1,1", "which has too many digits to be kept exactly"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_wrong_is_told_by_its_line(tmp_path: Path, mistake: str) -> None:
    """And nothing of the file is taken."""
    line, told = MISTAKES[mistake]
    times = {"t0": UNIX, "t1": UNIX + 60, "before": UNIX - 60, "off": UNIX + 61, "open": UNIX + 3600}
    with pytest.raises(BadCandleFile) as refused:
        read(tmp_path / "bars.csv", f"{UNIX},1,1,1,1,1\n" + line.format(**times) + "\n")
    assert told in str(refused.value)
    assert "Nothing was imported" in str(refused.value)


def test_every_mistake_is_told_up_to_ten(tmp_path: Path) -> None:
    """Nobody corrects a file line by line, and nobody reads a thousand."""
    lines = [f"{UNIX + 60 * number},NaN,1,1,1,1" for number in range(30)]
    with pytest.raises(BadCandleFile) as refused:
        read(tmp_path / "bars.csv", "\n".join(lines))
    assert str(refused.value).count("open is NaN") == 10
    assert "and perhaps more" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("bars.csv", "", "there is no candle in it"),
        ("bars.csv", "time,open,high,low\n", "line 1: its columns lack close, volume"),
        ("bars.csv", "\x00\x01", "line 1"),
        ("bars.json", "[[1,\n2", "line 2: it is no JSON"),
        ("bars.json", '{"a": 1}', "it must be a list of rows"),
        ("bars.json", '[{"a": 1}]', "row 1: it has 0 values"),
        ("bars.parquet", "not parquet", "it is no Parquet file"),
        ("bars.txt", "", "it must end in .csv, .parquet or .json"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    """In words, whatever it holds."""
    with pytest.raises(BadCandleFile) as refused:
        read(tmp_path / name, text)
    assert told in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A spreadsheet that was only renamed."""
    for name in ("bars.csv", "bars.json"):
        (tmp_path / name).write_bytes(b"PK\xff\xfe\x00")
        with pytest.raises(BadCandleFile):
            read(tmp_path / name)
