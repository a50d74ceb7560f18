"""The dead-man timer at the venue: if nobody refreshes it, the venue cancels everything by itself."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from trading.events import EventKind
from trading.session_states import SessionStates
from trading.venues.venue import Venue


class DeadManTimer:
    """Armed while live sessions are attached and fresh; taken back only when nothing could need it.

    A crash leaves it armed, which is the point of it. When it was set is noted in the home's run folder, so
    that the gateway after a crash knows, and tells, whether it has run out.
    """

    def __init__(
        self,
        venue: Venue,
        states: SessionStates,
        clock: Callable[[], datetime],
        note: Path,
        *,
        exchange: str,
        timeout_s: int,
        refresh_s: float,
    ) -> None:
        self._venue = venue
        self._states = states
        self._clock = clock
        self._note = note
        self._exchange = exchange
        self._timeout_s = timeout_s
        self._refresh_s = refresh_s
        self._set_at: datetime | None = None
        self._armed_at: float | None = None
        with suppress(OSError, ValueError):
            self._set_at = datetime.fromisoformat(note.read_text())
            age_s = (clock() - self._set_at).total_seconds()
            self._armed_at = time.monotonic() - max(0.0, age_s)

    @property
    def armed(self) -> bool:
        """Whether the venue is counting down, as far as we know."""
        return self._armed_at is not None

    def tend(self, *, live_sessions: bool, all_fresh: bool, orders_open: Callable[[], bool]) -> None:
        """Refresh, leave alone or take back; raises `VenueError` when the venue does not answer."""
        now = time.monotonic()
        if self._armed_at is not None and now - self._armed_at >= self._timeout_s:
            self._tell_fired()
            self._forget()
        if live_sessions:
            due = self._armed_at is None or now - self._armed_at >= self._refresh_s
            if all_fresh and due:
                set_at = self._clock()
                self._venue.arm_timer(self._timeout_s)
                self._armed_at, self._set_at = now, set_at
                with suppress(OSError):  # a full disk: then a gateway after this one knows less
                    self._note.write_text(set_at.isoformat())
        elif self._armed_at is not None and not orders_open():
            self._venue.disarm_timer()
            self._forget()

    def _forget(self) -> None:
        self._armed_at = self._set_at = None
        with suppress(OSError):
            self._note.unlink()

    def _tell_fired(self) -> None:
        """By our own reckoning: the venue says nothing of it, its orders are just gone."""
        assert self._set_at is not None  # noqa: S101 - set whenever it is armed
        detail = f"it was set at {self._set_at:%H:%M:%S} UTC for {self._timeout_s} s, and not again"
        key = f"{EventKind.TIMER_FIRED}:{self._exchange}:{self._set_at.isoformat()}"
        self._states.tell(EventKind.TIMER_FIRED, key, {"exchange": self._exchange, "detail": detail})
