"""Which price an order is judged at, and when no price can be trusted to open on."""

from datetime import datetime
from decimal import Decimal

from trading.amount import is_positive
from trading.limits import Denial
from trading.order import Intent, OrderType, Side

QUOTE_AGE_S_MAX = 10
OFF_MID_SHARE_MAX = Decimal("0.03")
OFF_PEG_SHARE_MAX = Decimal("0.02")

_PEGS = {
    "USDT": "USD",
    "USDC": "USD",
    "USDG": "USD",
    "USDD": "USD",
    "DAI": "USD",
    "PYUSD": "USD",
    "RLUSD": "USD",
    "TUSD": "USD",
    "FDUSD": "USD",
    "EURT": "EUR",
    "EURC": "EUR",
    "EURQ": "EUR",
    "EURR": "EUR",
    "GBPT": "GBP",
}


def price_of(intent: Intent, bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    """The price an order is judged at: its limit price, or the worse side of the book; None is unknown."""
    if intent.type is OrderType.LIMIT:
        return intent.limit_price
    return ask if intent.side is Side.BUY else bid


def price_doubt(
    price: Decimal, bid: Decimal | None, ask: Decimal | None, quoted_at: datetime, now: datetime
) -> Denial | None:
    """Why nothing may be opened at this price: the quote is old or early, or the price over 3 % off mid."""
    age_s = Decimal(str((now - quoted_at).total_seconds()))
    if abs(age_s) > QUOTE_AGE_S_MAX:
        limit = Decimal(QUOTE_AGE_S_MAX)
        age = f"{age_s:.0f} s old" if age_s > 0 else f"{-age_s:.0f} s ahead of our clock"
        return Denial("quote_age", age_s, limit, f"the quote is {age} (at most {limit} s)")
    if not (is_positive(bid) and is_positive(ask) and bid <= ask):
        return Denial("off_mid", None, None, f"the book shows no usable price (bid {bid}, ask {ask})")
    mid = (bid + ask) / 2
    off = abs(price - mid) / mid
    if off > OFF_MID_SHARE_MAX:
        return Denial(
            "off_mid",
            off,
            OFF_MID_SHARE_MAX,
            f"the price is {off:.1%} off the middle of the book (at most {OFF_MID_SHARE_MAX:.0%})",
        )
    return None


def peg_of(currency: str) -> str | None:
    """The currency a stablecoin promises to be worth, None for what is no stablecoin known here."""
    return _PEGS.get(currency)


def peg_doubt(currency: str, worth: Decimal | None) -> Denial | None:
    """Why nothing may be opened in a stablecoin: `worth`, in what it is pegged to, is unknown or 2 % off."""
    peg = peg_of(currency)
    if peg is None:
        return None
    if not is_positive(worth):
        return Denial("off_peg", None, None, f"what {currency} is worth in {peg} is unknown")
    off = abs(worth - 1)
    if off >= OFF_PEG_SHARE_MAX:
        return Denial(
            "off_peg",
            off,
            OFF_PEG_SHARE_MAX,
            f"{currency} is {off:.1%} off its peg (below {OFF_PEG_SHARE_MAX:.0%})",
        )
    return None
