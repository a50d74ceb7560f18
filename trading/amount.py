"""Amounts as people write them and as people read them."""

import re
from decimal import ROUND_UP, Decimal
from typing import TypeGuard

from trading.errors import AmountOutside, BadAmount

__all__ = ["BadAmount", "cents", "is_positive", "parse_amount", "plain"]

_AMOUNT = re.compile(r"(?P<whole>[0-9]+)(?:\.(?P<decimals>[0-9]+))?")

WHOLE_DIGITS_MAX = 15
DECIMALS_MAX = 12
_SHOWN_CHARACTERS_MAX = 40
CENT = Decimal("0.01")


def parse_amount(text: str, *, minimum: Decimal | None = None, maximum: Decimal | None = None) -> Decimal:
    """Read an amount that a person typed; both bounds are themselves allowed.

    Raises `BadAmount` for everything but plain ASCII digits with at most one point and 12 decimals, and
    `AmountOutside` beyond a bound.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise _refusal(text, _why_unreadable(text))
    if len(match["whole"]) > WHOLE_DIGITS_MAX:
        raise _refusal(text, f"it has more than {WHOLE_DIGITS_MAX} digits before the point")
    if len(match["decimals"] or "") > DECIMALS_MAX:
        raise _refusal(text, f"it has more than {DECIMALS_MAX} decimals")
    amount = Decimal(text)
    if minimum is not None and amount < minimum:
        raise AmountOutside(text=text, why=f"the least allowed is {plain(minimum)}")
    if maximum is not None and amount > maximum:
        raise AmountOutside(text=text, why=f"the most allowed is {plain(maximum)}")
    return amount


def plain(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros, all digits that count."""
    if not value.is_finite():
        return str(value)
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def cents(value: Decimal) -> str:
    """An amount with two decimals at most, rounded away from nought: what is over a limit reads so."""
    if not value.is_finite() or value.adjusted() > WHOLE_DIGITS_MAX:
        return plain(value)
    return plain(value.quantize(CENT, ROUND_UP))


def is_positive(value: object) -> TypeGuard[Decimal]:
    """Whether this is a decimal that can be reckoned with: finite and above zero."""
    return isinstance(value, Decimal) and value.is_finite() and value > 0


def _refusal(text: str, why: str) -> BadAmount:
    shown = text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "…"
    return BadAmount(text=shown, why=why)


def _why_unreadable(text: str) -> str:
    if not text.strip():
        return "it is empty"
    if text[0] in "-−–—":
        return "it has a minus sign"
    if any(character.isspace() for character in text):
        return "it has a blank"
    if "," in text:
        return "it has a comma"
    return "it is not a plain number"
