"""What a live session has sent within the hour and the day, against its caps."""

from collections.abc import Callable
from datetime import datetime, timedelta

from trading.database import Database
from trading.order_caps import OrderCaps
from trading.session import Stage, TradingSession
from trading.store import OrderStore

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class OrderCount:
    """Counts what was sent by what is written down; an order that we denied was not sent."""

    def __init__(self, database: Database, caps: OrderCaps, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._caps = caps
        self._clock = clock

    def used_up(self, session: TradingSession) -> str:
        """Which cap has no room for one more order, in words; empty while both have."""
        if session.plan.stage is not Stage.LIVE:
            return ""
        now = self._clock()
        spans = (("an hour", _HOUR, self._caps.an_hour), ("24 hours", _DAY, self._caps.a_day))
        with self._database.reading() as reading:
            sent = OrderStore(reading).sent_since(session.id, now - _DAY, at_most=self._caps.a_day)
        for words, span, cap in spans:
            if sum(at > now - span for at in sent) >= cap:
                return f"it has sent {cap} orders within {words}, and no more are let through"
        return ""
