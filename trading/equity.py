"""What the account is worth over time, and what the day has cost it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from trading.amount import is_positive


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """What the account was worth at one moment, in the currency of the limits."""

    at: datetime
    equity: Decimal


@dataclass(frozen=True, slots=True)
class Transfer:
    """So much of an asset that came into the account without a trade; below zero when it left."""

    asset: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a high; `pct` is of the high, both at zero when it only ever rose."""

    amount: Decimal = Decimal(0)
    pct: Decimal = Decimal(0)
    from_at: datetime | None = None
    to_at: datetime | None = None


def drawdown(points: Iterable[EquityPoint]) -> Drawdown:
    """The deepest fall of a curve in order of time, measured as a share of the high before it."""
    deepest = Drawdown()
    high: EquityPoint | None = None
    for point in points:
        if high is None or point.equity >= high.equity:
            high = point
            continue
        fall = high.equity - point.equity
        pct = fall / high.equity * 100 if high.equity > 0 else Decimal(100)
        if pct > deepest.pct:
            deepest = Drawdown(fall, pct, high.at, point.at)
    return deepest


def trading_day(now: datetime, venue_now: datetime, zone: ZoneInfo) -> date:
    """The desk's day; a new one begins at 00:00 of the zone, once the venue's clock agrees."""
    return min(now.astimezone(zone).date(), venue_now.astimezone(zone).date())


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day of the desk begins, aware of its zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Daily:
    """The account's worth at the day's start and now, in the currency of the limits; None is unknown.

    `net_deposits` is what was paid in less what was paid out since the day's start.
    """

    mark: Decimal | None
    equity: Decimal | None
    net_deposits: Decimal | None = Decimal(0)

    @property
    def loss(self) -> Decimal | None:
        """What the day has cost, below zero for a profit; None when any part of it is unknown."""
        if self.mark is None or self.equity is None or self.net_deposits is None:
            return None
        loss = self.mark - self.equity + self.net_deposits
        return loss if loss.is_finite() else None

    @property
    def loss_pct(self) -> Decimal | None:
        """The loss in percent of the mark; None when it is unknown or the mark is not above zero."""
        loss = self.loss
        if loss is None or not is_positive(self.mark):
            return None
        return loss / self.mark * 100
