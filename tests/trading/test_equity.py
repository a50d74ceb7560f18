"""What the account is worth over time, and what the day has cost it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.trading.given import NOON, D
from trading.equity import Daily, Drawdown, EquityPoint, day_start, drawdown, trading_day

BERLIN = ZoneInfo("Europe/Berlin")


def curve(*equities: int) -> list[EquityPoint]:
    """Give one point an hour."""
    return [EquityPoint(NOON + timedelta(hours=n), D(equity)) for n, equity in enumerate(equities)]


def test_drawdown_is_the_deepest_fall_from_a_high() -> None:
    """Not the last fall, and not the distance from the start."""
    points = curve(100, 120, 90, 110, 200, 180)

    assert drawdown(points) == Drawdown(D(30), D(25), points[1].at, points[2].at)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    """Nor has one without any point."""
    assert drawdown(curve(1, 1, 2)) == drawdown([]) == Drawdown()


def test_loss_counts_all_that_equity_counts() -> None:
    """Mark at the start less mark now; what was gained last week is in both."""
    assert Daily(D(10_000), D(9_400)).loss == D(600)
    assert Daily(D(10_000), D(9_400)).loss_pct == D(6)


def test_a_profit_is_a_negative_loss() -> None:
    """It can trip nothing."""
    assert Daily(D(10_000), D(10_600)).loss == D(-600)


def test_deposits_hide_no_loss_and_withdrawals_make_none() -> None:
    """Money paid in is not earned, money taken out is not lost."""
    assert Daily(D(1_000), D(1_300), net_deposits=D(500)).loss == D(200)
    assert Daily(D(1_000), D(600), net_deposits=D(-400)).loss == D(0)


@pytest.mark.parametrize("unknown", [None, Decimal("NaN"), Decimal("Infinity")])
@pytest.mark.parametrize("field", ["mark", "equity", "net_deposits"])
def test_what_is_unknown_stays_unknown(field: str, unknown: Decimal | None) -> None:
    """A loss that rests on a missing figure is none that may be compared."""
    figures = {"mark": D(1_000), "equity": D(900), "net_deposits": D(0), field: unknown}

    assert Daily(**figures).loss is None
    assert Daily(**figures).loss_pct is None


@pytest.mark.parametrize("mark", [0, -5])
def test_percent_of_nothing_is_unknown(mark: int) -> None:
    """An account that began the day with nothing has no percentage."""
    assert Daily(D(mark), D(-10)).loss_pct is None


def test_the_day_rolls_at_midnight_of_the_zone_across_daylight_saving() -> None:
    """The night of the change is an hour longer, and still begins at 00:00."""
    before = datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC)
    after = datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC)

    assert trading_day(before, before, BERLIN) == date(2026, 10, 24)
    assert trading_day(after, after, BERLIN) == date(2026, 10, 25)
    long_day = day_start(date(2026, 10, 26), BERLIN).astimezone(UTC) - after
    assert long_day == timedelta(hours=25)


def test_the_day_rolls_only_when_the_venue_agrees() -> None:
    """A clock of ours that runs ahead does not wipe out today's loss."""
    venue = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)

    assert trading_day(venue + timedelta(hours=3), venue, BERLIN) == date(2026, 11, 20)
    assert trading_day(venue, venue + timedelta(hours=3), BERLIN) == date(2026, 11, 20)
