"""JSON as Slack reads it: stricter than the standard library."""

import json
from typing import Any

from bot.practice.errors import DeskError


def read_json(text: str | bytes) -> Any:
    """Read JSON; raises ValueError for what is none, for NaN, half characters and bottomless nesting."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def read_object(text: bytes) -> dict[str, Any]:
    """Read the body of a person's act, nothing being an empty one; raises DeskError."""
    try:
        body = read_json(text or b"{}")
    except ValueError:
        raise DeskError("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise DeskError("The body must be a JSON object.")
    return body


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
