"""From ccxt's errors to ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import InvalidOperation

from trading.errors import (
    ExchangeAPIError,
    ExchangeAuthenticationError,
    ExchangeNetworkError,
    ExchangeOrderError,
    ExchangeRateLimitError,
    TradingError,
    VenueError,
)
from trading.venues.ccxt_parts import errors

# Order matters: ccxt files rate limits and nonces under NetworkError.
_IN_ORDER: tuple[tuple[type[VenueError], tuple[type[Exception], ...]], ...] = (
    (ExchangeRateLimitError, (errors.RateLimitExceeded, errors.DDoSProtection)),
    (ExchangeAuthenticationError, (errors.AuthenticationError, errors.InvalidNonce)),
    (
        ExchangeOrderError,
        (errors.InvalidOrder, errors.InsufficientFunds, errors.CancelPending, errors.OperationRejected),
    ),
    (ExchangeNetworkError, (errors.NetworkError, errors.BadResponse, errors.OperationFailed)),
)

# Kraken says of these that the order was not taken in; ccxt files them under outages, which leave it open.
_NOT_TAKEN = ("EService:Market in", "EService:Deadline elapsed")

# What ccxt raises as a plain ExchangeError although Kraken says exactly what it is.
_BY_TEXT: tuple[tuple[str, type[VenueError]], ...] = (
    ("Invalid signature", ExchangeAuthenticationError),
    ("EOrder:", ExchangeOrderError),
    ("EQuery:Unknown asset pair", ExchangeOrderError),  # about that pair alone, and not about the venue
    ("EService:", ExchangeNetworkError),
)

# ccxt trips over replies it did not expect; so may our own reading of them.
_STUMBLES = (TypeError, AttributeError, KeyError, IndexError, ValueError, InvalidOperation)

_DETAIL_CHARACTERS_MAX = 300

_KRAKEN_SAID = re.compile(r'"error":\s*\[\s*("[^\]]+)\]')
_QUOTED = re.compile(r'"([^"]+)"')
# ccxt begins with its own name for the venue, the method and the whole address.
_CALL = re.compile(r"\w+ (?:GET|POST|PUT|DELETE) https?://\S*?/(\w+)(?:\?\S*)?(?: (.*))?$")


def ours(error: Exception) -> VenueError:
    """Give the error of our own that stands for one of ccxt's."""
    detail = _in_words(error)[:_DETAIL_CHARACTERS_MAX]
    if isinstance(error, errors.BaseError) and any(text in str(error) for text in _NOT_TAKEN):
        return ExchangeOrderError(detail=detail)
    for mine, theirs in _IN_ORDER:
        if isinstance(error, theirs):
            return mine(detail=detail)
    if isinstance(error, errors.BaseError):
        for text, mine in _BY_TEXT:
            if text in str(error):
                return mine(detail=detail)
    return ExchangeAPIError(detail=detail)


def _in_words(error: Exception) -> str:
    """What the venue said: its own errors, or the call and its status, without addresses and our library."""
    text = " ".join(str(error).split())
    if said := _KRAKEN_SAID.search(text):
        return ", ".join(_QUOTED.findall(said[1]))
    if call := _CALL.match(text):
        return f"{call[1]}: {call[2] or type(error).__name__}"
    return f"{type(error).__name__} {text}"


@contextmanager
def translated() -> Iterator[None]:
    """Let only our own errors out of a block that calls ccxt."""
    try:
        yield
    except VenueError:
        raise
    except (errors.BaseError, TradingError, *_STUMBLES) as error:
        raise ours(error) from error
