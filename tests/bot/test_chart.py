"""The equity chart comes from a process of its own; the report does not depend on it."""

import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.chart import ChartNotDrawn, draw_equity, room, span

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POINTS = [(NOON + timedelta(hours=hour), Decimal(10_000) + 7 * hour) for hour in range(48)]
PNG = b"\x89PNG\r\n\x1a\n"


def size(picture: bytes) -> tuple[int, int]:
    """Width and height out of a PNG's first chunk."""
    assert picture.startswith(PNG)
    assert picture[12:16] == b"IHDR"
    return struct.unpack(">II", picture[16:24])  # type: ignore[return-value]


def test_equity_becomes_a_picture() -> None:
    """Also on the first day, when there is one mark or none; and each shows its own figures."""
    pictures = [draw_equity(points, "USD") for points in (POINTS, POINTS[:1], [])]

    assert {size(picture) for picture in pictures} == {(880, 352)}
    assert len(set(pictures)) == 3


def test_two_marks_of_one_moment_are_no_history() -> None:
    """The first chart of a desk shows an hour, not the tenth of a second between its marks."""
    moment = NOON + timedelta(seconds=0.1)

    assert span([NOON, moment]) == (moment - timedelta(hours=1), moment)
    assert span([at for at, _ in POINTS]) == (POINTS[0][0], POINTS[-1][0])


def test_cents_do_not_fill_the_picture() -> None:
    """Around 25,000 the axis shows at least a hundred and some, and more where more has happened."""
    assert room([25_000.0, 25_000.1]) == pytest.approx((24_875, 25_125.1), abs=1)
    assert room([9_000.0, 10_000.0]) == pytest.approx((8_900, 10_100))


def test_a_chart_that_cannot_be_drawn_says_why() -> None:
    """The last line of what went wrong, in one sentence; the report goes out without it."""
    with pytest.raises(ChartNotDrawn) as refused:
        draw_equity([(NOON, "no number")], "USD")  # type: ignore[list-item]

    assert "The report goes out without it" in str(refused.value)
    assert "no number" in refused.value.reason


def test_a_program_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation costs the chart, not the report."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(ChartNotDrawn):
        draw_equity(POINTS, "USD")


def test_the_bot_never_carries_matplotlib() -> None:
    """Nothing that the bot imports, nor drawing itself, loads it: it stays in the other process."""
    program = (
        "import sys, datetime, decimal, bot.bootstrap, bot.chart\n"
        "bot.chart.draw_equity([(datetime.datetime(2026, 11, 23), decimal.Decimal(1))], 'USD')\n"
        "print(sorted({'matplotlib', 'numpy', 'polars', 'ccxt', 'apprise'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "[]", done.stderr
