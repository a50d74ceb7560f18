"""A preview in words."""

from bot.views.wording import money, quantity, with_limit_words
from trading.errors import TradingError
from trading.preview import Preview
from trading.session import SessionPlan


class PreviewFailed(TradingError):
    """The strategy could not be previewed: {why}. Mend it, or choose another."""


def preview_line(preview: Preview, plan: SessionPlan) -> str:
    """A preview in words; raises PreviewFailed when the strategy broke."""
    if preview.failure:
        raise PreviewFailed(why=preview.failure.rstrip("."))
    base, quote = plan.symbol.split("/")
    until = f"{preview.candles_until:%H:%M} UTC" if preview.candles_until else "unknown"
    if not preview.orders:
        return f"no order now: {preview.why} (candles until {until})"
    told = "; ".join(
        f"{order.side} {quantity(order.quantity)} {base} at about {money(order.price, quote)} "
        f"= {money(order.notional, quote)}, {with_limit_words(order.verdict)}"
        for order in preview.orders
    )
    wanted = "unknown" if preview.target is None else f"{preview.target:.0%}"
    return f"{told} (target {wanted} of the notional, candles until {until})"
