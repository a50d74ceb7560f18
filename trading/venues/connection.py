"""One line to a venue: its calls in order, few enough, and the harmless ones asked again."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import stamina

from trading.errors import ExchangeNetworkError, ExchangeRateLimitError
from trading.venues.ccxt_errors import translated
from trading.venues.pace import Pace

T = TypeVar("T")


class Connection:
    """One ccxt object with the lock that keeps its calls in order, and the pace that keeps them few."""

    def __init__(self, exchange: Any, pace: Pace, attempts: int) -> None:
        self.exchange = exchange
        self.pace = pace
        self.attempts = attempts
        self.lock = threading.RLock()

    def once(self, call: Callable[[Any], T], cost: int = 0) -> T:
        """Make a call that must neither wait nor be repeated by itself; Kraken does not count orders here."""
        self.pace.spend(cost)
        with self.lock, translated():
            return call(self.exchange)

    def read(self, call: Callable[[Any], T], cost: int = 1, spare: int = 0) -> T:
        """Make a call that changes nothing, and make it again when the venue stumbled."""
        for attempt in stamina.retry_context(
            on=(ExchangeNetworkError, ExchangeRateLimitError),
            attempts=self.attempts,
            timeout=20,
            wait_initial=0.1,
            wait_max=2,
            wait_jitter=0.1,
        ):
            with attempt:
                self.pace.wait(cost, spare)
                return self.once(call)
        raise AssertionError("stamina either returns or raises")
