"""The five limits, and the one check that every order passes."""

from dataclasses import dataclass, fields
from decimal import Decimal

from trading.amount import cents, is_positive, plain
from trading.equity import Daily
from trading.errors import BadLimit
from trading.exposure import Exposure
from trading.order import Intent, OrderType

__all__ = ["LIMIT_NAMES", "Denial", "Exposure", "LimitUse", "RiskLimits", "check", "uses", "wider_limits"]

WARNING_SHARE = Decimal("0.8")
PAGE_STEP_SHARE = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """What an account may risk, in one currency; there is no such thing as no limit."""

    currency: str
    max_order_notional: Decimal
    max_symbol_exposure: Decimal
    max_total_exposure: Decimal
    max_daily_loss_abs: Decimal
    max_daily_loss_pct: Decimal

    def __post_init__(self) -> None:
        if not (isinstance(self.currency, str) and self.currency.isalnum() and self.currency.isupper()):
            raise BadLimit(name="currency", value=self.currency, allowed="it is a code such as USD")
        for name in LIMIT_NAMES:
            if not is_positive(getattr(self, name)):
                raise BadLimit(
                    name=name, value=getattr(self, name), allowed="a limit is a finite decimal above zero"
                )
        if self.max_daily_loss_pct > 100:
            raise BadLimit(
                name="max_daily_loss_pct",
                value=self.max_daily_loss_pct,
                allowed="a day cannot lose over 100 %",
            )


LIMIT_NAMES = tuple(field.name for field in fields(RiskLimits) if field.name != "currency")


@dataclass(frozen=True, slots=True)
class Denial:
    """Why an order was not sent: `value` against `limit_value`, or None where a figure is unknown."""

    limit: str
    value: Decimal | None
    limit_value: Decimal | None
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is taken; `used` is None when it cannot be known."""

    name: str
    limit: Decimal
    used: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """The part in use, 1 for all of it."""
        return None if self.used is None else self.used / self.limit

    @property
    def warns(self) -> bool:
        """Whether the desk should look: from 80 %, and whenever the figure is unknown."""
        return self.share is None or self.share >= WARNING_SHARE

    @property
    def pages(self) -> int:
        """How many pages this is worth: one when reached, one more at each 25 % beyond."""
        if self.share is None or self.share < 1:
            return 0
        return 1 + int((self.share - 1) / PAGE_STEP_SHARE)


def wider_limits(now: RiskLimits, wanted: RiskLimits) -> tuple[str, ...]:
    """The names of those that let more through than now; another currency makes all of them so."""
    if now.currency != wanted.currency:
        return ("currency", *LIMIT_NAMES)
    return tuple(name for name in LIMIT_NAMES if getattr(wanted, name) > getattr(now, name))


def check(
    limits: RiskLimits, intent: Intent, price: Decimal | None, exposure: Exposure, daily: Daily
) -> Denial | None:
    """Why this order may not be sent, or None when it may; `price` is in quote, per unit.

    The price is the limit price, or the worse side of the book for a market order (`price.price_of`).
    An order that only reduces passes all limits; one that cannot be read passes none. The caller holds
    one lock from here until `exposure.reserve`.
    """
    if not is_positive(intent.quantity):
        return _unknown("max_order_notional", f"the quantity is {intent.quantity}")
    if not is_positive(price):
        return _unknown("max_order_notional", f"the price of {intent.symbol} is {price or 'unknown'}")
    if intent.type is OrderType.LIMIT and intent.limit_price != price:
        return _unknown("max_order_notional", f"the limit price is {intent.limit_price}, not {price}")
    opening = exposure.opening_quantity(intent)
    if not opening:
        return None
    if exposure.currency != limits.currency:
        return _unknown("max_order_notional", f"exposure is in {exposure.currency}, not {limits.currency}")
    rate = exposure.rate(intent.symbol)
    if rate is None:
        return _unknown("max_order_notional", f"no rate from {intent.symbol} to {limits.currency}")
    return (
        _over("max_order_notional", opening * price * rate, limits.max_order_notional)
        or _over_exposure(limits, intent, price, exposure)
        or _over_daily_loss(limits, daily)
    )


def _over_exposure(limits: RiskLimits, intent: Intent, price: Decimal, exposure: Exposure) -> Denial | None:
    after = exposure.after(intent, price)
    if after.symbol is None:
        return _unknown("max_symbol_exposure", f"the price of {intent.symbol} is unknown")
    if denial := _over("max_symbol_exposure", after.symbol, limits.max_symbol_exposure):
        return denial
    if after.total is None:
        unpriced = ", ".join(sorted(exposure.unpriced))
        return _unknown("max_total_exposure", f"the price of {unpriced} is unknown")
    return _over("max_total_exposure", after.total, limits.max_total_exposure)


def _over_daily_loss(limits: RiskLimits, daily: Daily) -> Denial | None:
    loss = daily.loss
    if loss is None:
        return _unknown("max_daily_loss_abs", "the equity mark of the day's start or of now is missing")
    if loss >= limits.max_daily_loss_abs:
        return _exceeded("max_daily_loss_abs", loss, ">=", limits.max_daily_loss_abs)
    if not is_positive(daily.mark):
        return _unknown("max_daily_loss_pct", "the equity mark of the day's start is not above zero")
    if loss * 100 >= limits.max_daily_loss_pct * daily.mark:
        return _exceeded("max_daily_loss_pct", loss / daily.mark * 100, ">=", limits.max_daily_loss_pct)
    return None


def _over(name: str, value: Decimal, limit: Decimal) -> Denial | None:
    return _exceeded(name, value, ">", limit) if value > limit else None


def _exceeded(name: str, value: Decimal, sign: str, limit: Decimal) -> Denial:
    return Denial(name, value, limit, f"{name} exceeded ({cents(value)} {sign} {plain(limit)})")


def _unknown(name: str, why: str) -> Denial:
    return Denial(name, None, None, f"{name} cannot be checked: {why}")


def uses(limits: RiskLimits, exposure: Exposure, daily: Daily) -> tuple[LimitUse, ...]:
    """What is taken of each limit now: the largest open order and symbol, the total, the day's loss."""
    loss, loss_pct = daily.loss, daily.loss_pct
    used = {
        "max_order_notional": exposure.largest_order,
        "max_symbol_exposure": exposure.largest_symbol,
        "max_total_exposure": exposure.total,
        "max_daily_loss_abs": None if loss is None else max(loss, Decimal(0)),
        "max_daily_loss_pct": None if loss_pct is None else max(loss_pct, Decimal(0)),
    }
    return tuple(LimitUse(name, getattr(limits, name), used[name]) for name in LIMIT_NAMES)
