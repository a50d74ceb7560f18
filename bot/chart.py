"""The equity chart, drawn in a process of its own: the bot never carries matplotlib."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.errors import BotError

DRAW_TIMEOUT_S = 60
# Marks that lie closer together would give an axis of seconds, or of cents: noise that reads like a history.
SPAN_MIN = timedelta(hours=1)
ROOM_SHARE, ROOM_SHARE_MIN = 0.1, 0.005


class ChartNotDrawn(BotError):
    """The equity chart could not be drawn: {reason}. The report goes out without it."""

    reason: str


def draw_equity(points: Sequence[tuple[datetime, Decimal]], currency: str) -> bytes:
    """Draw equity over time and give the PNG; raises ChartNotDrawn."""
    given = {"currency": currency, "points": [[at.isoformat(), str(equity)] for at, equity in points]}
    try:
        drawn = subprocess.run(
            [sys.executable, "-m", "bot.chart"],
            input=json.dumps(given).encode(),
            capture_output=True,
            check=True,
            timeout=DRAW_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
        raise ChartNotDrawn(reason=said[-1]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChartNotDrawn(reason=str(error)) from error
    return drawn.stdout


def span(times: Sequence[datetime]) -> tuple[datetime, datetime]:
    """What the time axis shows: all marks, and never less than an hour."""
    return min(times[0], times[-1] - SPAN_MIN), times[-1]


def room(values: Sequence[float]) -> tuple[float, float]:
    """What the axis of money shows: all marks, with some room below and above."""
    low, high = min(values), max(values)
    margin = max((high - low) * ROOM_SHARE, abs(high) * ROOM_SHARE_MIN, 1.0)
    return low - margin, high + margin


def main() -> None:
    """Read points from standard input and write the picture to standard output."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.dates as dates
    from matplotlib import pyplot

    given = json.load(sys.stdin)
    times = [datetime.fromisoformat(at) for at, _ in given["points"]]
    values = [float(equity) for _, equity in given["points"]]
    figure, axes = pyplot.subplots(figsize=(8, 3.2), dpi=110)
    axes.plot(times, values, color="#2456a6", linewidth=1.8, marker="o" if len(times) < 3 else None)
    if times:
        axes.set_xlim(*span(times))
        axes.set_ylim(*room(values))
        axes.fill_between(times, values, room(values)[0], color="#2456a6", alpha=0.10)
    axes.set_ylabel(given["currency"])
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    axes.yaxis.set_major_formatter(mpl.ticker.StrMethodFormatter("{x:,.2f}"))
    locator = dates.AutoDateLocator(maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.set_title("Equity, UTC", loc="left", fontsize=11)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(sys.stdout.buffer, format="png")


if __name__ == "__main__":
    main()
