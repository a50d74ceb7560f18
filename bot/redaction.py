"""Keeping secrets out of what is written down: by their value, and by the name they go under."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

HIDDEN = "[redacted]"
VALUE_LENGTH_MIN = 4

_WORD = r"(?:token|secret|signature|password|authorization|cookie|ticket|api[-_]?sign|api[-_]?key)"

# `inbox_key` is no secret; `api_key` and a bare `key` are.
SECRET_NAME = re.compile(
    rf"(?:.*{_WORD}.*|(?:.*(?:private|signing|access)[-_.])?key|response_url)", re.IGNORECASE
)

# What gives itself away inside a text, whoever wrote it.
_TELLTALE = (
    (re.compile(r"\bx(?:ox[a-z]|app)-[\w-]+"), HIDDEN),
    (re.compile(r"(://[^:/\s@]*:)[^@/\s]+@"), rf"\g<1>{HIDDEN}@"),
    (re.compile(r"(https?://hooks\.slack\.com/)[^\s\"']+"), rf"\g<1>{HIDDEN}"),
    (
        re.compile(
            rf"(\b[\w-]*{_WORD}[\w-]*[\"']?\s*[:=]\s*(?:bearer\s+)?[\"']?)"
            r"(?!\(|\[redacted)[^\s\"'&,;}\])]+",
            re.IGNORECASE,
        ),
        rf"\g<1>{HIDDEN}",
    ),
)


class Redactor:
    """Knows the secrets of this process and takes them out of anything that is about to be written."""

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: SecretStr) -> None:
        """Know one more secret, in every spelling in which it could turn up."""
        value = secret.get_secret_value()
        if len(value) < VALUE_LENGTH_MIN:
            return
        spellings = {value, quote(value), quote(value, safe=""), repr(value)[1:-1], json.dumps(value)[1:-1]}
        self._values |= spellings
        longest_first = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(spelling) for spelling in longest_first))

    def text(self, text: str) -> str:
        """The text without any secret."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        for pattern, instead in _TELLTALE:
            text = pattern.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:
        """A value of any kind without any secret: tables and lists inside out, objects as their text."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.named(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        return self.text(value if isinstance(value, str) else str(value))

    def named(self, name: str, value: Any) -> Any:
        """A value under a name: gone altogether where the name says that it is a secret."""
        if SECRET_NAME.fullmatch(name) and value not in (None, "", True, False):
            return HIDDEN
        return self.value(value)
