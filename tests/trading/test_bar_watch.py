"""A session without market data decides on nothing: the desk hears of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig
from trading.attendance import Attendance
from trading.bar_watch import BARS_MISSED_MAX, BarWatch
from trading.candles import Timeframe, gaps_in
from trading.errors import ExchangeNetworkError
from trading.gateway import Gateway
from trading.gateway_client import GatewayClient
from trading.practice_exchange.faults import FaultKind

ASKS: dict[str, Callable[[GatewayClient], object]] = {
    "OHLC": lambda client: client.candles("BTC/USD", "1m", 2),
    "Depth": lambda client: client.ticker("ETH/EUR"),
}


class Watched:
    """A gateway's watch over bars, at a time of our own."""

    def __init__(self, gateway: Gateway) -> None:
        self.now = system_clock()
        self.is_shut = False
        self.attendance = Attendance(60)
        self.watch = BarWatch(
            market=gateway._market,
            states=gateway._states,
            attendance=self.attendance,
            trouble=gateway._trouble,
            clock=self.clock,
            is_shut=lambda: self.is_shut,
        )

    def clock(self) -> datetime:
        """Its time."""
        return self.now

    def looks_after(self, bars: float) -> None:
        """Let so many bars of an hour go by, then look."""
        self.now += timedelta(hours=bars)
        self.watch.look()


def test_a_session_that_misses_bars_is_told_of_once(rig: Rig) -> None:
    """From when the bar that was open last has closed, or from when the session began without any."""
    with rig.gateway(replace(QUICK, books_s=3600)) as gateway:
        _, ident = rig.attached(timeframe="1h")
        watched = Watched(gateway)
        watched.watch.candles("BTC/USD", "1h", 2)

        watched.looks_after(BARS_MISSED_MAX)
        assert rig.events("bars") == [], "the bar that was open then has closed a little later than now"
        watched.looks_after(1)
        watched.looks_after(1)
        (told,) = rig.events("bars.missed")
        assert (told.session_id, told.facts["symbol"]) == (ident, "BTC/USD")
        assert "3 were missed" in told.facts["detail"]


def test_nobody_is_told_while_nobody_asks_for_bars(rig: Rig) -> None:
    """Halted, or not ready, or fallen silent: each has its own alert."""
    with rig.gateway(replace(QUICK, books_s=3600)) as gateway:
        connection = object()
        _, ident = rig.attached(timeframe="1h")
        watched = Watched(gateway)
        watched.is_shut = True
        watched.looks_after(10)
        watched.is_shut = False
        watched.looks_after(BARS_MISSED_MAX - 0.5)
        watched.attendance.attached(ident, connection)
        watched.attendance.lost(connection)
        watched.looks_after(10)
        assert rig.events("bars") == []


@pytest.mark.parametrize("endpoint", ASKS)
def test_market_data_that_fails_is_told(rig: Rig, endpoint: str) -> None:
    """It comes from the same venue as orders do, and no session can do without it."""
    with rig.gateway(replace(QUICK, books_s=3600, prices_s=3600, equity_s=3600)):
        rig.fault(FaultKind.BLANK_200, "no_result", endpoint, None)
        with pytest.raises(ExchangeNetworkError):
            ASKS[endpoint](rig.client)
        assert [event.facts["error"] for event in rig.events("venue.error")] == ["ExchangeNetworkError"]


def test_a_hole_in_the_candles_is_filled_out_of_the_venues_trades(rig: Rig) -> None:
    """Whether they show bars that were left out or that nobody traded; and nobody is told."""
    with rig.gateway(replace(QUICK, books_s=3600)):
        rig.set_fault(FaultKind.NO_TRADES, value="4", pair="ETH/USD")
        for symbol in ("BTC/USD", "ETH/USD"):
            rig.set_fault(FaultKind.BARS_LOST, value="5", pair=symbol)
            found = rig.client.candles(symbol, "1m", 720)
            assert gaps_in(found, Timeframe.M1) == ()
            assert len(found) >= 719
        assert any(not candle.volume for candle in found)
        assert rig.events("data") == []


def test_a_gap_that_the_venue_does_not_explain_is_told_once(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its exact range, as runbooks look for it."""
    with rig.gateway(replace(QUICK, books_s=3600)) as gateway:
        watched = Watched(gateway)
        rig.set_fault(FaultKind.BARS_LOST, value="2")
        rig.fault(FaultKind.BLANK_200, "no_result", "Trades", None)
        (gap,) = gaps_in(watched.watch.candles("BTC/USD", "1h", 20), Timeframe.H1)
        watched.watch.candles("BTC/USD", "1h", 20)
        (told,) = rig.events("data.gap")
        line = gap.line("BTC/USD", "1h")
        assert (gap.missing, told.facts["detail"]) == (2, line.removeprefix("[DATA] Gap detected: "))
        assert capsys.readouterr().out.count(line) == 1
