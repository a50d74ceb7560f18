"""Processes as the database wants them: started, watched, adopted, never resumed live."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.clock import system_clock
from bot.gateway_launch import GatewayLauncher
from bot.settings import Environment
from tests.trading.rig import Rig, eventually
from trading.events import EventKind
from trading.forks import Forks, ForkserverSilent
from trading.gateway_files import gateway_process
from trading.halt import halt_exchange
from trading.pids import ProcessId
from trading.process import SessionTask
from trading.session import SessionState
from trading.supervisor import Supervisor


@pytest.fixture
def launcher(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayLauncher]:
    """Give what starts real gateway processes for this rig; ends what was started."""
    launcher = GatewayLauncher(Environment.from_environ(rig.environ()))
    started: list[subprocess.Popen[bytes]] = []
    run = launcher.run

    def run_and_remember(exchange: str) -> subprocess.Popen[bytes]:
        started.append(run(exchange))
        return started[-1]

    monkeypatch.setattr(launcher, "run", run_and_remember)
    yield launcher
    for gateway in started:  # one that is still starting has not written down its pid yet
        gateway.terminate()
        gateway.wait(20)


@contextmanager
def supervised(rig: Rig, launcher: GatewayLauncher) -> Iterator[Supervisor]:
    """A bot's supervisor for as long as the block lasts."""
    supervisor = Supervisor(rig.home, rig.database, system_clock, launcher.run)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def running(rig: Rig, session_id: str) -> ProcessId:
    """Wait until a session runs and give its process."""
    eventually("it runs", lambda: rig.state(session_id) is SessionState.RUNNING)
    session = rig.session(session_id)
    assert session.pid is not None
    assert session.pid_started_at is not None
    return ProcessId(session.pid, session.pid_started_at)


def test_a_session_gets_its_gateway_and_its_process(rig: Rig, launcher: GatewayLauncher) -> None:
    """A row in state starting is enough; a stop with proof ends the process."""
    session = rig.live_session()
    with supervised(rig, launcher) as supervisor:
        process = running(rig, session.id)
        proof = supervisor.gateway("kraken").stop_session(session.id, "enough")
        assert proof.proven
        assert rig.state(session.id) is SessionState.STOPPED
        assert process.wait(10)


def test_a_new_bot_adopts_gateway_and_session(rig: Rig, launcher: GatewayLauncher) -> None:
    """A restart of the bot leaves both running, and starts neither a second time."""
    session = rig.live_session()
    with supervised(rig, launcher):
        process = running(rig, session.id)
        gateway = gateway_process(rig.home, "kraken")
    assert process.is_alive
    with supervised(rig, launcher) as supervisor:
        eventually("the gateway answers", lambda: supervisor.gateway("kraken").status().ready)
        assert gateway_process(rig.home, "kraken") == gateway
        process.signal(signal.SIGKILL)
        eventually("its end is noticed", lambda: rig.state(session.id) is SessionState.FAILED)
    assert [event.kind for event in rig.events("session.started")] == [EventKind.SESSION_STARTED]


def test_a_killed_session_has_failed_and_stays_so(rig: Rig, launcher: GatewayLauncher) -> None:
    """Nothing live starts again by itself."""
    session = rig.live_session()
    with supervised(rig, launcher):
        running(rig, session.id).signal(signal.SIGKILL)
        eventually("it has failed", lambda: rig.state(session.id) is SessionState.FAILED)
        eventually("that is told", lambda: rig.events("session.failed"))


def test_a_killed_gateway_is_replaced_and_its_live_sessions_wait(rig: Rig, launcher: GatewayLauncher) -> None:
    """The gateway comes back, the session's process survives, and only people let it go on."""
    session = rig.live_session()
    with supervised(rig, launcher) as supervisor:
        process = running(rig, session.id)
        before = gateway_process(rig.home, "kraken")
        assert before is not None
        before.signal(signal.SIGKILL)
        eventually("another gateway is ready", lambda: _is_replaced(rig, supervisor, before))
        eventually("the loss is told", lambda: rig.events("gateway.lost"))
        assert rig.state(session.id) is SessionState.PAUSED
        client = supervisor.gateway("kraken")
        eventually("the session is back", lambda: session.id in client.status().heartbeats)
        assert process.is_alive

        assert rig.resume(session.id)
        assert rig.state(session.id) is SessionState.RUNNING


def test_a_silent_forkserver_costs_the_other_sessions_nothing(
    rig: Rig, launcher: GatewayLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One start that is not answered is tried again; the others of that look start, and are watched."""
    refused = rig.live_session()
    fork = Forks.session

    def silent_for_one(forks: Forks, task: SessionTask) -> ProcessId:
        if task.session_id == refused.id:
            raise ForkserverSilent(detail="timed out")
        return fork(forks, task)

    monkeypatch.setattr(Forks, "session", silent_for_one)
    other = rig.live_session(symbol="ETH/USD")
    with supervised(rig, launcher):
        running(rig, other.id).signal(signal.SIGKILL)
        eventually("its end is noticed", lambda: rig.state(other.id) is SessionState.FAILED)
    assert rig.state(refused.id) is SessionState.STARTING


def _is_replaced(rig: Rig, supervisor: Supervisor, before: ProcessId) -> bool:
    now = gateway_process(rig.home, "kraken")
    try:
        return now is not None and now != before and supervisor.gateway("kraken").status().ready
    except Exception:
        return False


def test_a_preview_says_the_same_twice_and_sends_nothing(rig: Rig, launcher: GatewayLauncher) -> None:
    """On the same candles the same orders, with what the limits say to them."""
    plan = rig.plan(timeframe="1h")
    with supervised(rig, launcher) as supervisor:
        eventually("the gateway is ready", lambda: _is_ready(supervisor))
        first, second = supervisor.preview(plan), supervisor.preview(plan)
    assert first.failure == ""
    assert first.target in (0, 1)
    assert (first.target, first.why.split(":")[0], first.candles_until) == (
        second.target,
        second.why.split(":")[0],
        second.candles_until,
    )
    assert rig.calls() == []


def _is_ready(supervisor: Supervisor) -> bool:
    try:
        return supervisor.gateway("kraken").status().ready
    except Exception:
        return False


def test_a_gateway_that_hangs_is_ended_for_a_halt(rig: Rig, launcher: GatewayLauncher) -> None:
    """A stopped process answers nobody: it is killed, and the emergency key does its part."""
    session = rig.live_session()
    with supervised(rig, launcher) as supervisor:
        running(rig, session.id)
        gateway = gateway_process(rig.home, "kraken")
        assert gateway is not None
        gateway.signal(signal.SIGSTOP)
        rig.latch.engage("drill", "sam", system_clock())
        proof = halt_exchange("kraken", rig.home, supervisor.gateway("kraken"), launcher.halt, reason="drill")
    assert proof.proven
    assert [name for name, _ in proof.steps][:2] == ["gateway does not answer", "gateway ended"]
    assert not gateway.is_alive


def test_two_gateways_of_one_account_cannot_be(rig: Rig, launcher: GatewayLauncher) -> None:
    """They would spoil each other's nonces; the second one refuses to start."""
    with supervised(rig, launcher) as supervisor:
        eventually("the first is ready", lambda: _is_ready(supervisor))
        second = launcher.run("kraken")
        assert second.wait(20) == 1
    assert "runs already" in (rig.home / "logs" / "gateway-kraken.out").read_text()


def test_a_session_that_cannot_start_has_failed(
    rig: Rig, launcher: GatewayLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A symbol that the venue does not have: the process is ended, and nobody waits for ever."""
    monkeypatch.setattr("trading.session.START_WITHIN", timedelta(seconds=4))
    session = rig.live_session(symbol="DOGE/USD")
    with supervised(rig, launcher):
        eventually("it has failed", lambda: rig.state(session.id) is SessionState.FAILED)
    assert rig.calls() == []
