"""Our own limiter, in front of the queue for a connection instead of inside it."""

import threading
import time


class Pace:
    """A bucket of calls: so many at once, then one each `refill_s` seconds.

    A caller waits here before it takes its turn on the connection, so a waiting read never holds back an
    order or a cancel.
    """

    def __init__(self, refill_s: float, burst: int) -> None:
        self._refill_s = refill_s
        self._burst = float(burst)
        self._level = float(burst)
        self._looked_at = time.monotonic()
        self._lock = threading.Lock()

    def wait(self, cost: int = 1, spare: int = 0) -> None:
        """Return when the call may go, and leaves `spare` calls to others that are in more of a hurry."""
        wait_s = max(0.0, (spare - self.spend(cost)) * self._refill_s)
        if wait_s:
            time.sleep(wait_s)

    def spend(self, cost: int = 1) -> float:
        """Count a call that goes at once, whatever is left; gives what is left, below zero for a debt."""
        if self._refill_s <= 0:
            return self._burst
        with self._lock:
            now = time.monotonic()
            self._level = min(self._burst, self._level + (now - self._looked_at) / self._refill_s)
            self._looked_at = now
            self._level -= cost
            return self._level
