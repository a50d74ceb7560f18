"""What a Web API method is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.practice.errors import ApiError
from bot.practice.methods.arguments import Arguments
from bot.practice.rates import Tier

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A function with its rate and the scope that its caller's token must have (one of several will do).

    Without a tier it is counted as a new message.
    """

    run: Callable[[Arguments], Body]
    tier: Tier | None
    scopes: tuple[str, ...] = ()


def page_of(items: list[Any], arguments: Arguments, default: int) -> tuple[list[Any], str]:
    """Cut one page out of a list; gives it with the cursor of the next, empty at the end."""
    limit = max(1, min(arguments.number("limit", default), 1_000))
    try:
        start = int(arguments.text("cursor") or 0)
    except ValueError:
        raise ApiError("invalid_cursor") from None
    rest = start + limit
    return items[start:rest], str(rest) if rest < len(items) else ""
