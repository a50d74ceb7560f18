"""The dead-man timer at the venue: if nobody refreshes it, the venue cancels everything by itself."""

import time
from collections.abc import Callable

from trading.venues.venue import Venue


class DeadManTimer:
    """Armed while live sessions are attached and fresh; taken back only when nothing could need it.

    A crash leaves it armed, which is the point of it.
    """

    def __init__(self, venue: Venue, timeout_s: int, refresh_s: float) -> None:
        self._venue = venue
        self._timeout_s = timeout_s
        self._refresh_s = refresh_s
        self._armed_at: float | None = None

    @property
    def armed(self) -> bool:
        """Whether the venue is counting down, as far as we know."""
        return self._armed_at is not None

    def tend(self, *, live_sessions: bool, all_fresh: bool, orders_open: Callable[[], bool]) -> None:
        """Refresh, leave alone or take back; raises `VenueError` when the venue does not answer."""
        now = time.monotonic()
        if live_sessions:
            due = self._armed_at is None or now - self._armed_at >= self._refresh_s
            if all_fresh and due:
                self._venue.arm_timer(self._timeout_s)
                self._armed_at = now
        elif self._armed_at is not None and not orders_open():
            self._venue.disarm_timer()
            self._armed_at = None
