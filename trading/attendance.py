"""Which sessions are attached, and when each was last heard."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Presence:
    """One session's process at the other end of a connection."""

    connection: object
    heard_at: float = field(default_factory=lambda: time.monotonic())
    silent: bool = False
    calls: int = 0


class Attendance:
    """Who beats and who has fallen silent; a session that says goodbye is simply not here any more."""

    def __init__(self, silent_after_s: float) -> None:
        self._silent_after_s = silent_after_s
        self._present: dict[str, _Presence] = {}
        self._lock = threading.Lock()

    def attached(self, session_id: str, connection: object) -> None:
        """A process says that it is this session; it takes the place of an earlier one."""
        with self._lock:
            self._present[session_id] = _Presence(connection)

    def expected(self, session_id: str) -> None:
        """A session that ought to come back, after the gateway was started again."""
        with self._lock:
            self._present.setdefault(session_id, _Presence(None))

    @contextmanager
    def busy(self, session_id: str) -> Iterator[None]:
        """While a call of its own is being served a session is not silent, however long that takes."""
        with self._lock:
            presence = self._present.get(session_id) or _Presence(None)
            presence.calls += 1
        try:
            yield
        finally:
            with self._lock:
                presence.calls -= 1
                if presence.heard_at > float("-inf"):
                    presence.heard_at = time.monotonic()

    def heard(self, session_id: str, connection: object) -> bool:
        """A heartbeat; False when it comes from a connection that is not the session's."""
        with self._lock:
            presence = self._present.get(session_id)
            if presence is None or presence.connection is not connection:
                return False
            presence.heard_at = time.monotonic()
            presence.silent = False
            return True

    def left(self, session_id: str, connection: object) -> None:
        """The session said goodbye."""
        with self._lock:
            presence = self._present.get(session_id)
            if presence is not None and presence.connection is connection:
                del self._present[session_id]

    def lost(self, connection: object) -> None:
        """A connection ended; a session that had not said goodbye is silent from now on."""
        with self._lock:
            for presence in self._present.values():
                if presence.connection is connection:
                    presence.heard_at = float("-inf")

    def forget(self, session_id: str) -> None:
        """The session is over."""
        with self._lock:
            self._present.pop(session_id, None)

    def ages(self) -> dict[str, float]:
        """Seconds since each session was heard; infinite when its connection broke."""
        now = time.monotonic()
        with self._lock:
            return {ident: now - presence.heard_at for ident, presence in self._present.items()}

    def newly_silent(self) -> list[str]:
        """Sessions that have fallen silent since this was last asked."""
        now = time.monotonic()
        with self._lock:
            fallen = [
                ident
                for ident, presence in self._present.items()
                if not presence.silent and self._is_silent(presence, now)
            ]
            for ident in fallen:
                self._present[ident].silent = True
        return fallen

    def silent(self) -> set[str]:
        """Every session that is silent now."""
        now = time.monotonic()
        with self._lock:
            return {i for i, p in self._present.items() if p.silent or self._is_silent(p, now)}

    def _is_silent(self, presence: _Presence, now: float) -> bool:
        return not presence.calls and now - presence.heard_at > self._silent_after_s
