"""A session's own process: forked, without secrets, trading through the gateway alone."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, TRADING_KEY, Rig, a_buy, eventually, secret_of
from trading.candles import Timeframe, closed
from trading.errors import NotThisProcess
from trading.forks import Forks
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.order import OrderState
from trading.pids import ProcessId
from trading.practice_exchange.faults import FaultKind
from trading.process import SessionProcess, SessionTask
from trading.session import SessionState, TradingSession
from trading.store import SessionStore
from trading.strategies.ma_crossover import MaCrossover

PRIVATE_KB_MAX = 30 * 1024


@pytest.fixture
def forks(rig: Rig) -> Iterator[Forks]:
    """Give a forkserver of this home."""
    forks = Forks(rig.home)
    yield forks
    forks.close()


def started(rig: Rig, forks: Forks, session: TradingSession) -> ProcessId:
    """Fork the process of a session."""
    process = forks.session(SessionTask(session.id, str(socket_path(rig.home, "kraken"))))
    with rig.database.transaction() as transaction:
        SessionStore(transaction).set_process(session.id, process.pid, process.started_at)
    return process


def averages_that_are(inside: bool, rig: Rig) -> tuple[tuple[str, str], ...]:
    """Parameters with which the crossover is in, or out, on the newest closed hour of whatever market."""
    venue = rig.venue()
    venue.instruments()
    candles = closed(venue.candles("BTC/USD", "1h"), Timeframe.H1, system_clock())
    for slow in range(2, 60):
        for fast in range(1, slow):
            if bool(MaCrossover(fast, slow).target(candles[-slow:])) is inside:
                return (("fast", str(fast)), ("slow", str(slow)))
    raise AssertionError("the market has only gone one way for sixty hours")


def smaps_kb(pid: int, name: str) -> int:
    """One figure of a process's memory, in kB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))


def test_a_forked_session_trades_end_to_end_and_ends_when_told(rig: Rig, forks: Forks) -> None:
    """One order on the newest closed bar, filled; then SIGTERM, goodbye, and nothing is left.

    A halt was cleared just before, so the order is for half of what the session may put in.
    """
    rig.latch.engage("the feed", "sam", system_clock())
    rig.latch.clear("olivia", system_clock())
    with rig.gateway():
        session = rig.live_session(parameters=averages_that_are(True, rig), notional_max=Decimal(900))
        process = started(rig, forks, session)
        eventually("it is filled", lambda: [o.state for o in rig.orders(session.id)] == [OrderState.FILLED])
        assert 400 < rig.filled(session.id) * rig.client.ticker("BTC/USD").bid < 460
        assert rig.state(session.id) is SessionState.RUNNING

        process.signal(signal.SIGTERM)
        assert process.wait(10)
        assert "Shutdown complete" in (rig.home / "logs" / "sessions.log").read_text()
        assert len(rig.calls()) == 1, "one bar, one order"


def test_a_session_process_holds_no_secret(rig: Rig, forks: Forks) -> None:
    """Neither its environment nor its open files know the venue or the database."""
    os.environ["KRAKEN_API_SECRET"] = secret_of(TRADING_KEY)
    try:
        with rig.gateway():
            session = rig.live_session()
            process = started(rig, forks, session)
            eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
            environ = Path(f"/proc/{process.pid}/environ").read_bytes()
            files = [os.readlink(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
            process.end()
    finally:
        del os.environ["KRAKEN_API_SECRET"]
    assert b"SECRET" not in environ
    assert secret_of(TRADING_KEY).encode() not in environ
    assert not [file for file in files if "peak-ops.db" in file]


def test_a_session_takes_little_memory_of_its_own(rig: Rig, forks: Forks) -> None:
    """What the forkserver loaded is shared; a session adds at most 30 MB."""
    with rig.gateway():
        session = rig.live_session()
        process = started(rig, forks, session)
        eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
        private_kb = smaps_kb(process.pid, "Private_Dirty") + smaps_kb(process.pid, "Private_Clean")
        process.end()
    assert private_kb <= PRIVATE_KB_MAX


def test_a_killed_session_loses_its_open_orders(rig: Rig, forks: Forks) -> None:
    """SIGKILL says no goodbye: the gateway cancels what it left and tells of it."""
    with rig.gateway() as gateway:
        session = rig.live_session(parameters=averages_that_are(False, rig))  # it sends nothing by itself
        process = started(rig, forks, session)
        eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
        intent = a_buy(session.id, limit_price=rig.below_market())
        gateway._gate.submit(intent)
        process.signal(signal.SIGKILL)
        eventually(
            "its order is cancelled",
            lambda: rig.order(intent.client_order_id).state is OrderState.CANCELLED,
        )
        assert rig.open_at_exchange() == 0
        assert [event.session_id for event in rig.events("session.silent")] == [session.id]


def test_a_broken_strategy_pauses_its_own_session_alone(rig: Rig, forks: Forks) -> None:
    """A fault in one strategy touches no other."""
    with rig.gateway():
        broken = rig.live_session(parameters=(("fast", "20"), ("slow", "5")))
        sound = rig.live_session()
        processes = [started(rig, forks, session) for session in (broken, sound)]
        eventually("it is paused", lambda: rig.state(broken.id) is SessionState.PAUSED)
        assert "must be below slow" in rig.session(broken.id).state_reason
        eventually("the other runs", lambda: rig.state(sound.id) is SessionState.RUNNING)
        for process in processes:
            assert process.end()


def test_a_second_process_for_a_session_is_refused(rig: Rig, forks: Forks) -> None:
    """A session is one process; a second one is turned away and the first goes on."""
    with rig.gateway():
        session = rig.live_session()
        process = started(rig, forks, session)
        eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
        with pytest.raises(NotThisProcess, match="has or had another one"):
            GatewayClient(socket_path(rig.home, "kraken")).attach(session.id)
        assert process.is_alive
        process.end()


def test_a_session_whose_gateway_stays_away_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody to send through and nobody to tell: after a while it goes by itself."""
    monkeypatch.setattr("trading.process.GATEWAY_GONE_S", 0.5)
    monkeypatch.setattr("trading.process.HEARTBEAT_S", 0.05)
    session = rig.live_session()
    process = SessionProcess(GatewayClient(socket_path(rig.home, "kraken"), timeout_s=1), session.id)
    assert process.run() == 1


@pytest.fixture
def paused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool, str], SessionProcess]:
    """Give the way to a paused session, in this process, whose strategy wants in or out of what it holds."""

    def make(inside: bool, holds: str) -> SessionProcess:
        client, ident = rig.attached(parameters=averages_that_are(inside, rig), notional_max=Decimal(900))
        if Decimal(holds):
            client.submit(a_buy(ident, holds))
            eventually("it is filled", lambda: rig.filled(ident) == Decimal(holds))
        assert rig.client.pause(ident, "look")
        return SessionProcess(client, ident)

    monkeypatch.setattr("trading.process.HEARTBEAT_S", 0.05)
    return make


def test_a_paused_session_may_still_exit(rig: Rig, paused: Callable[[bool, str], SessionProcess]) -> None:
    """What opens waits; a strategy that wants out is not locked in."""
    with rig.gateway(), ThreadPoolExecutor(1) as pool:
        process = paused(False, "0.005")
        ended = pool.submit(process.run)
        eventually("it is out", lambda: rig.filled(process._session_id) == 0)
        assert rig.state(process._session_id) is SessionState.PAUSED
        process.stop()
        assert ended.result() == 0


def test_a_paused_session_does_not_even_ask_to_open(
    rig: Rig, paused: Callable[[bool, str], SessionProcess]
) -> None:
    """An order that is blocked on every bar would be an alert on every bar."""
    with rig.gateway(), ThreadPoolExecutor(1) as pool:
        process = paused(True, "0")
        ended = pool.submit(process.run)
        eventually("the bar is decided on", lambda: process._engine and process._engine.last_bar)
        process.stop()
        assert ended.result() == 0
        assert rig.orders(process._session_id) == []


def test_a_session_acts_once_a_bar_even_after_a_pause(rig: Rig, forks: Forks) -> None:
    """Paused and resumed within one bar, it does not act on that bar again."""
    with rig.gateway():
        session = rig.live_session(parameters=averages_that_are(True, rig), notional_max=Decimal(900))
        process = started(rig, forks, session)
        eventually("it is filled", lambda: [o.state for o in rig.orders(session.id)] == [OrderState.FILLED])
        assert rig.client.pause(session.id, "look")
        heard = lambda: rig.client.status().heartbeats[session.id]  # noqa: E731 - read twice below
        eventually("it beats while paused", lambda: heard() < 0.5)
        assert rig.resume(session.id)
        for _ in range(2):
            eventually("a beat is due", lambda: heard() > 0.5)
            eventually("it beats", lambda: heard() < 0.5)
        process.end()
    assert len(rig.calls()) == 1


def test_a_call_that_takes_long_does_not_end_a_session(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that can be reached again was not gone, however long it took to answer one question."""
    monkeypatch.setattr("trading.process.GATEWAY_GONE_S", 0.9)
    monkeypatch.setattr("trading.process.HEARTBEAT_S", 0.1)
    with rig.gateway():
        client = GatewayClient(socket_path(rig.home, "kraken"), timeout_s=1)
        candles, answers = client.candles, []

        def noted(*arguments: object) -> object:
            answers.append("late")
            found = candles(*arguments)  # type: ignore[arg-type]
            answers[-1] = "in time"
            return found

        monkeypatch.setattr(client, "candles", noted)
        rig.fault(FaultKind.DELAY_S, "2", "OHLC")
        process = SessionProcess(client, rig.live_session().id)
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(process.run)
            eventually("it asks again", lambda: answers[:1] == ["late"] and answers[-1] == "in time")
            process.stop()
            assert ended.result() == 0


def test_a_session_whose_call_is_being_served_is_not_silent(rig: Rig) -> None:
    """A venue that is slow with its candles costs a session neither its orders nor an alert."""
    with rig.gateway(replace(QUICK, silent_after_s=0.5)):
        client, _ = rig.attached()
        rig.fault(FaultKind.DELAY_S, "1.5", "OHLC")
        client.candles("BTC/USD", "1h", 5)
        assert rig.events("session.silent") == []
