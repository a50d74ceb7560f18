"""What errors of the venue lead to: a log line, an event, and when it is bad enough a pause."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from trading.errors import (
    ExchangeAPIError,
    ExchangeAuthenticationError,
    ExchangeOrderError,
    ExchangeRateLimitError,
    VenueError,
)
from trading.events import EventKind
from trading.session_states import SessionStates

log = structlog.get_logger()

_QUIET_S = 300
_LASTS_FROM = 3
# Reads that succeed say nothing about orders that fail.
READS, ORDERS, MARKET = "reads", "orders", "market data"


class Trouble:
    """Counts errors in a row; the desk is told of each kind once in five minutes."""

    def __init__(
        self,
        exchange: str,
        states: SessionStates,
        clock: Callable[[], datetime],
        pause_all: Callable[[str], None],
    ) -> None:
        self._exchange = exchange
        self._states = states
        self._clock = clock
        self._pause_all = pause_all
        self._in_a_row: dict[str, Counter[str]] = {calls: Counter() for calls in (READS, ORDERS, MARKET)}
        self._lock = threading.Lock()

    def met(self, error: VenueError, calls: str = READS) -> None:
        """Something went wrong at the venue with these calls; never raises."""
        log.error(f"[EXCHANGE] {error.name}: {error}", exchange=self._exchange)
        if isinstance(error, ExchangeOrderError):
            return  # the order's own event tells of it
        with self._lock:
            self._in_a_row[calls][error.name] += 1
            count = self._in_a_row[calls][error.name]
        try:
            if not isinstance(error, ExchangeRateLimitError) or count >= _LASTS_FROM:
                self._tell(error)
            if isinstance(error, ExchangeAuthenticationError):
                self._pause_all("the venue refused the key")
            if isinstance(error, ExchangeAPIError) and count >= _LASTS_FROM:
                self._pause_all(f"{count} errors of the venue in a row")
        except Exception:
            log.exception("an error of the venue could not be told", error=error.name)

    def over(self, calls: str = READS) -> None:
        """The venue answered these calls as it should."""
        with self._lock:
            self._in_a_row[calls].clear()

    def _tell(self, error: VenueError) -> None:
        window = int(self._clock().timestamp()) // _QUIET_S
        self._states.tell(
            EventKind.VENUE_ERROR,
            f"venue.error:{self._exchange}:{error.name}:{window}",
            {
                "exchange": self._exchange,
                "error": error.name,
                "severity": error.severity,
                "detail": str(error),
            },
        )
