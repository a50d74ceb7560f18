"""The end of a live activation: told before, and from then on the session only reduces."""

from collections.abc import Callable
from datetime import datetime, timedelta

from trading.events import EventKind
from trading.session import SessionState, TradingSession
from trading.session_states import SessionStates

# Told so long before the end, and of a short activation when a quarter of it is left.
TOLD_BEFORE = timedelta(hours=24)
TOLD_SHARE = 4


class ActivationWatch:
    """Looks at when the live sessions of one account end."""

    def __init__(
        self, states: SessionStates, pause: Callable[..., bool], clock: Callable[[], datetime]
    ) -> None:
        self._states = states
        self._pause = pause
        self._clock = clock
        self._told: set[str] = set()

    def look(self) -> None:
        """Tell of each end that is near, once; pause what is over, and tell of that once."""
        now = self._clock()
        for session in self._states.open():
            if session.ends_at is None or session.state is SessionState.STOPPING:
                continue
            if now >= session.ends_at:
                said = f"its activation ended at {session.ends_at:%Y-%m-%d %H:%M} UTC"
                self._pause(session.id, f"{said}; it only reduces", told_otherwise=True)
                self._tell(session, EventKind.ACTIVATION_ENDED, f"{said}; from now on it only reduces")
            elif now >= told_from(session.created_at, session.ends_at):
                said = f"its activation ends at {session.ends_at:%Y-%m-%d %H:%M} UTC"
                self._tell(session, EventKind.ACTIVATION_ENDING, f"{said}; from then on it only reduces")

    def _tell(self, session: TradingSession, kind: EventKind, detail: str) -> None:
        key = f"{kind}:{session.id}"
        if key not in self._told:
            self._states.tell(kind, key, {"symbol": session.plan.symbol, "detail": detail}, session.id)
            self._told.add(key)


def told_from(begun: datetime, ends_at: datetime) -> datetime:
    """From when on the end of an activation is near enough to be told."""
    return ends_at - min(TOLD_BEFORE, (ends_at - begun) / TOLD_SHARE)
