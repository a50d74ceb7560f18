"""Errors whose docstring is their message."""

import inspect
import string

import pytest

from trading import errors
from trading.errors import ExchangeRateLimitError, TradingError, VenueError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, TradingError) and found not in (TradingError, VenueError)
]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_makes_a_sentence_of_its_facts(error: type[TradingError]) -> None:
    """With all facts given there is no blank left, and the facts can be read from it."""
    template = error.__doc__ or ""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]

    raised = error(**{name: f"<{name}>" for name in names})

    assert names
    assert all(f"<{name}>" in str(raised) and getattr(raised, name) == f"<{name}>" for name in names)
    assert str(raised).endswith((".", "`."))


def test_facts_with_braces_do_no_harm() -> None:
    """Text from a venue is text."""
    assert "{0} {detail}" in str(ExchangeRateLimitError(detail="{0} {detail}"))


def test_venue_errors_know_their_name_and_severity() -> None:
    """As the log, the alerts and the runbooks use them."""
    found = {
        error(detail="x").name: error(detail="x").severity
        for error in CLASSES
        if issubclass(error, VenueError)
    }

    assert found == {
        "ExchangeRateLimitError": "low",
        "ExchangeAuthenticationError": "high",
        "ExchangeOrderError": "medium",
        "ExchangeNetworkError": "medium",
        "ExchangeAPIError": "medium",
    }
