"""Ids and time stamps in Slack's shapes, never given twice."""

import itertools
import secrets
import string
from collections.abc import Callable
from datetime import datetime, timedelta

Clock = Callable[[], datetime]

_ALPHABET = string.ascii_uppercase + string.digits

# Slack still sends the old verification token; nobody should rely on it.
VERIFICATION_TOKEN = "practice"  # noqa: S105


class Identifiers:
    """Gives out ids such as ``V0...`` and message stamps such as ``1795360684.000100``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: datetime | None = None
        self._numbers = itertools.count(1)

    def of(self, letter: str) -> str:
        """Give a new id that starts with ``letter`` and has 11 characters."""
        return letter + "".join(secrets.choice(_ALPHABET) for _ in range(10))

    def secret(self) -> str:
        """Give a word nobody can guess, for an address or a hash."""
        return secrets.token_hex(12)

    def stamp(self) -> str:
        """Give the present moment in microseconds, later than every stamp before it."""
        now = self._clock()
        if self._last is not None and now <= self._last:
            now = self._last + timedelta(microseconds=1)
        self._last = now
        return f"{int(now.timestamp())}.{now.microsecond:06d}"

    def trigger(self) -> str:
        """Give a trigger id such as ``17.1795360684.9f8e...``."""
        return f"{next(self._numbers)}.{int(self._clock().timestamp())}.{self.secret()}"
