"""What a live session has sent within the hour and the day, against its caps."""

from collections.abc import Callable
from datetime import datetime, timedelta

from trading.database import Database
from trading.order_caps import OrderCaps
from trading.session import Stage, TradingSession
from trading.store import OrderStore

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class OrderCount:
    """Counts what was sent: from what is written down, then as it happens, so that no order waits for it.

    An order that we denied was not sent.
    """

    def __init__(self, database: Database, caps: OrderCaps, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._caps = caps
        self._clock = clock
        self._kept = max(caps.an_hour, caps.a_day)
        self._sent: dict[str, list[datetime]] = {}

    def used_up(self, session: TradingSession) -> str:
        """Which cap has no room for one more order, in words; empty while both have."""
        if session.plan.stage is not Stage.LIVE:
            return ""
        now, times = self._clock(), self._times(session.id)
        spans = (("an hour", _HOUR, self._caps.an_hour), ("24 hours", _DAY, self._caps.a_day))
        for words, span, cap in spans:
            if len(times) >= cap and times[-cap] > now - span:
                return f"it has sent {cap} orders within {words}, and no more are let through"
        return ""

    def sent(self, session: TradingSession) -> None:
        """Count one more of a session that was asked about before."""
        if session.plan.stage is not Stage.LIVE:
            return
        times = self._times(session.id)
        times.append(self._clock())
        if len(times) > 2 * self._kept:
            del times[: -self._kept]

    def _times(self, session_id: str) -> list[datetime]:
        """When it sent its newest orders, the oldest first."""
        if session_id not in self._sent:
            with self._database.reading() as reading:
                since = self._clock() - _DAY
                newest = OrderStore(reading).sent_since(session_id, since, at_most=self._kept)
            self._sent[session_id] = newest[::-1]
        return self._sent[session_id]
