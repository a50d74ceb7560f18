"""Reading single parameters of a call: what cannot be used is refused by its name."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from trading.practice_exchange.errors import invalid_argument

Params = Mapping[str, str]

_DIGITS_MAX = 12
_WHOLE_DIGITS_MAX = 19


def is_true(text: str | None) -> bool:
    """Read a boolean parameter; ccxt writes Python's True."""
    return text is not None and text.lower() in {"true", "1"}


def whole_param(params: Params, name: str, default: int) -> int:
    """Read a whole number, 0 or more."""
    text = params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > _WHOLE_DIGITS_MAX:
        raise invalid_argument(name)
    return int(text)


def decimal_param(params: Params, name: str) -> Decimal:
    """Read a positive, finite amount of a sane size."""
    try:
        number = Decimal(params.get(name, ""))
    except InvalidOperation:
        raise invalid_argument(name) from None
    if not number.is_finite() or number <= 0 or number.adjusted() > _DIGITS_MAX:
        raise invalid_argument(name)
    return number


def seconds_param(params: Params, name: str) -> float | None:
    """Read Unix seconds, with or without a fraction; None when it is not given."""
    text = params.get(name)
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        raise invalid_argument(name) from None
    if not math.isfinite(seconds):
        raise invalid_argument(name)
    return seconds


def time_param(params: Params, name: str, now: datetime) -> datetime | None:
    """Read Unix seconds or +seconds from now; 0 and nothing mean no time."""
    seconds = seconds_param(params, name)
    if not seconds:
        return None
    try:
        if params[name].startswith("+"):
            return now + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid_argument(name) from None
