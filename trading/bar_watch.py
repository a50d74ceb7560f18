"""Whether sessions get their bars: who misses some is told of, whatever the reason is."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog

from trading.attendance import Attendance
from trading.candles import Candle, Gap, Timeframe, gaps_in
from trading.errors import VenueError
from trading.events import EventKind
from trading.market_data import MarketData
from trading.session import SessionState, TradingSession
from trading.session_states import SessionStates
from trading.trouble import MARKET, Trouble
from trading.wire import Quote

T = TypeVar("T")

log = structlog.get_logger()

BARS_MISSED_MAX = 3


class BarWatch:
    """Hands out candles and quotes, and tells of each running session that got no new bar for too long."""

    def __init__(
        self,
        *,
        market: MarketData,
        states: SessionStates,
        attendance: Attendance,
        trouble: Trouble,
        clock: Callable[[], datetime],
        is_shut: Callable[[], bool],
    ) -> None:
        self._market = market
        self._states = states
        self._attendance = attendance
        self._trouble = trouble
        self._clock = clock
        self._is_shut = is_shut
        self._asked_since = clock()
        self._told: set[str] = set()

    def candles(self, symbol: str, timeframe: str, count: int) -> tuple[Candle, ...]:
        """The newest candles, the last of them open, a gap among them told; raises `VenueError`, told too."""
        found = self._counted(lambda: self._market.candles(symbol, timeframe, count))
        for gap in gaps_in(found, Timeframe.parse(timeframe)):
            self._tell_gap(symbol, timeframe, gap)
        return found

    def quote(self, symbol: str) -> Quote:
        """Best prices now; the same."""
        ticker = self._counted(lambda: self._market.ticker(symbol))
        return Quote(symbol, ticker.bid, ticker.ask, ticker.at)

    def look(self) -> None:
        """Tell of every session that has missed too many bars, once until it gets one."""
        if self._is_shut():
            self._asked_since = self._clock()  # nobody asks for bars then
            return
        silent = self._attendance.silent()
        for session in self._states.open():
            if session.state is SessionState.RUNNING and session.id not in silent:
                self._look_at(session)

    def _look_at(self, session: TradingSession) -> None:
        plan, now = session.plan, self._clock()
        duration = Timeframe.parse(plan.timeframe).duration
        began = max(self._asked_since, session.started_at or now)
        newest = self._market.newest_bar(plan.symbol, plan.timeframe)
        since = began if newest is None else max(began, newest + duration)
        missed = (now - since) // duration
        if missed < BARS_MISSED_MAX:
            return
        self._states.tell(
            EventKind.BARS_MISSED,
            f"{EventKind.BARS_MISSED}:{session.id}:{since.isoformat()}",
            {
                "symbol": plan.symbol,
                "detail": f"no new bar of {plan.timeframe} since {since:%H:%M:%S} UTC, {missed} were missed",
            },
            session.id,
        )

    def _tell_gap(self, symbol: str, timeframe: str, gap: Gap) -> None:
        """Tell of a gap once, however often and by how many sessions it is met."""
        line = gap.line(symbol, timeframe)
        if line in self._told:
            return
        self._told.add(line)
        log.warning(line)
        key = f"{EventKind.DATA_GAP}:{symbol}:{timeframe}:{gap.began_at.isoformat()}"
        self._states.tell(EventKind.DATA_GAP, key, {"symbol": symbol, "detail": line.partition(": ")[2]})

    def _counted(self, read: Callable[[], T]) -> T:
        try:
            found = read()
        except VenueError as error:
            self._trouble.met(error, MARKET)
            raise
        self._trouble.over(MARKET)
        return found
