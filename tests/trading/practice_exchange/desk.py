"""What these tests hold in their hands: a clock that only they move, and the real ccxt class."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import ccxt

from trading.practice_exchange.keys import MAIN_ACCOUNT

NOON = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)

Kraken = Any  # ccxt.kraken; ccxt carries no types


class FixedClock:
    """Shows the same time until it is told to go on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Connect(Protocol):
    """Makes an unmodified ccxt client whose key has just these rights."""

    def __call__(
        self, name: str = "desk", rights: str = "query,trade,cancel", account: str = MAIN_ACCOUNT
    ) -> Kraken: ...


class Practice(Protocol):
    """Turns a practice control; without fields it reads."""

    def __call__(self, control: str, **fields: Any) -> Any: ...


def secret_of(name: str) -> str:
    """The secret of a key in these tests: base64 made of its name."""
    return base64.b64encode(hashlib.sha512(name.encode()).digest()).decode()


def client_of(url: str, name: str, secret: str) -> Kraken:
    """The unmodified ccxt class, only its addresses changed."""
    client = ccxt.kraken({"apiKey": name, "secret": secret, "enableRateLimit": False})
    client.urls["api"] = {**client.urls["api"], "public": url, "private": url}
    return client
