"""How a gateway stands: whether orders may pass at all now, and whether such that open."""

import time
from collections.abc import Callable
from datetime import datetime

from trading.gate import Circumstances
from trading.venue_clock import CLOCK_SKEW_S_MAX, clock_skew_s
from trading.venues.venue import Venue


class Standing:
    """What the gateway knows of itself and of its venue; it begins as not ready."""

    def __init__(
        self,
        venue: Venue,
        halted: Callable[[], bool],
        clock: Callable[[], datetime],
        bot_gone_after_s: float,
    ) -> None:
        self._venue = venue
        self._halted = halted
        self._clock = clock
        self._bot_gone_after_s = bot_gone_after_s
        self._pinged_at = time.monotonic()
        self.unready = "it is starting"
        self.reconciled_at: datetime | None = None
        self.venue_status = "unknown"
        self.skew_s: float | None = None

    def ready(self) -> bool:
        """Whether orders could pass: reconciled, whatever the latch says."""
        return not self.unready

    def reconciled(self) -> None:
        """The books are those of the venue."""
        self.unready = ""
        self.reconciled_at = self._clock()

    def ping(self) -> bool:
        """The bot lives."""
        self._pinged_at = time.monotonic()
        return True

    def look(self) -> None:
        """Ask the venue how it stands itself, and what its clock says."""
        self.venue_status = self._venue.status().value
        self.skew_s = clock_skew_s(self._venue, self._clock)

    def circumstances(self) -> Circumstances:
        """Why nothing may pass, or nothing that opens."""
        if self._halted():
            return Circumstances(shut="trading is halted")
        if self.unready:
            return Circumstances(shut=self.unready)
        silent_s = time.monotonic() - self._pinged_at
        if silent_s > self._bot_gone_after_s:
            return Circumstances(
                reducing_only=f"the bot has been silent for {silent_s:.0f} s; only reducing orders pass"
            )
        if self.skew_s is not None and abs(self.skew_s) > CLOCK_SKEW_S_MAX:
            # A deadline that the two sides read differently is no deadline.
            off = f"our clock is {self.skew_s:+.1f} s against the venue's"
            return Circumstances(reducing_only=f"{off}; only reducing orders pass")
        return Circumstances()
