"""The arguments of one Web API call, whether they came as a form, as JSON or in the address."""

from typing import Any

from bot.practice.errors import ApiError
from bot.practice.json_text import read_json


class Arguments:
    """Reads arguments in the types a method wants; raises invalid_arguments."""

    def __init__(self, given: dict[str, Any], base_url: str) -> None:
        self._given = given
        self.base_url = base_url

    def has(self, name: str) -> bool:
        """Whether an argument was given, be it empty."""
        return self._given.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Give a text."""
        value = self._given.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """Give a text that may not be missing."""
        value = self.text(name)
        if not value:
            raise ApiError("invalid_arguments", [f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """Give a yes or no, spelled in any of the SDK's ways."""
        return self.text(name).lower() in ("1", "true", "yes")

    def number(self, name: str, default: int) -> int:
        """Give a whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise ApiError("invalid_arguments", [f"{name} must be an integer"]) from None

    def json(self, name: str) -> Any:
        """Give an object or list, which forms carry as a JSON text."""
        value = self._given.get(name)
        if isinstance(value, str):
            try:
                return read_json(value)
            except ValueError:
                raise ApiError("invalid_json", [f"{name} is not valid JSON"]) from None
        return value
