"""Processes as the database wants them: started, watched, adopted, never resumed live."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import system_clock
from bot.config_in_force import settings_of
from bot.configuration import load_config
from bot.gateway_launch import GatewayLauncher
from bot.settings import Environment
from tests.trading.rig import Rig, a_buy, eventually
from trading.errors import LimitLoosened, TradingError
from trading.events import EventKind
from trading.forks import Forks, ForkserverSilent
from trading.gateway_files import gateway_process
from trading.halt import halt_exchange
from trading.pids import ProcessId
from trading.process import SessionTask
from trading.session import SessionState, TradingSession
from trading.session_states import SessionStates
from trading.supervisor import Supervisor
from trading.wire import Answer


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
def supervised(
    rig: Rig, launcher: GatewayLauncher, settings: dict[str, str] | None = None
) -> Iterator[Supervisor]:
    """A bot's supervisor for as long as the block lasts."""
    supervisor = Supervisor(rig.home, rig.database, system_clock, launcher.run, settings=settings)
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


def test_rule_20_a_session_without_an_approval_fails_and_has_no_process(rig: Rig) -> None:
    """The row alone starts nothing; its failure is told like any other."""
    session = rig.live_session()
    asked: list[str] = []

    def nobody(found: TradingSession) -> bool:
        asked.append(found.id)
        return False

    supervisor = Supervisor(
        rig.home, rig.database, system_clock, lambda _: subprocess.Popen(["true"]), may_start=nobody
    )
    supervisor.start()
    try:
        eventually("it has failed", lambda: rig.state(session.id) is SessionState.FAILED)
    finally:
        supervisor.stop()
    assert asked == [session.id]
    assert rig.session(session.id).pid is None
    (event,) = rig.events("session.failed")
    assert "no approval of this desk" in str(event.facts["reason"])


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


def test_a_forkserver_that_hangs_is_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call for a session finds out and says so; the next has a new forkserver."""
    forks = Forks(rig.home)
    task = SessionTask("live-1", str(rig.home / "nobody.sock"))
    first = forks.session(task)
    hung = forks._process
    assert hung is not None
    hung.send_signal(signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr("trading.forks._FORKS_WITHIN_S", 0.2)
        with pytest.raises(ForkserverSilent):
            forks.session(task)
    second = forks.session(task)
    assert forks._process is not hung
    assert all(process.end() for process in (first, second))
    forks.close()


def test_a_second_process_of_a_session_is_ended(
    rig: Rig, launcher: GatewayLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot that was killed between fork and write has left one, which was faster."""
    session, mine = rig.live_session(), ProcessId.of(os.getpid())
    assert mine is not None
    with subprocess.Popen(["sleep", "600"]) as second:

        def too_late(_: Forks, task: SessionTask) -> ProcessId:
            SessionStates(rig.database, system_clock).set_process(task.session_id, mine)
            found = ProcessId.of(second.pid)
            assert found is not None
            return found

        monkeypatch.setattr(Forks, "session", too_late)
        with supervised(rig, launcher):
            assert second.wait(30) == -signal.SIGTERM
            assert rig.session(session.id).pid == os.getpid()


def test_a_gateway_with_old_settings_is_replaced(rig: Rig, launcher: GatewayLauncher) -> None:
    """A limit that was tightened while no session runs is in force after the bot's restart."""
    with supervised(rig, launcher) as supervisor:
        supervisor.gateway("kraken")
        eventually("a gateway is ready", lambda: _is_replaced(rig, supervisor, None))
    before = gateway_process(rig.home, "kraken")
    assert before is not None
    wanted = tighten(rig)
    with supervised(rig, launcher, {"kraken": wanted}) as supervisor:
        supervisor.gateway("kraken")
        eventually("another gateway is ready", lambda: _is_replaced(rig, supervisor, before))
        assert supervisor.gateway("kraken").status().settings_digest == wanted
        limits = {use.name: use.limit for use in supervisor.gateway("kraken").limits_in_use()}
        assert limits["max_order_notional"] == 10
    assert not rig.events("gateway.lost")


def test_a_gateway_with_old_settings_stays_while_a_live_session_runs(
    rig: Rig, launcher: GatewayLauncher
) -> None:
    """It is told once and replaced after the stop, never under somebody's orders."""
    session = rig.live_session()
    with supervised(rig, launcher):
        running(rig, session.id)
    before = gateway_process(rig.home, "kraken")
    assert before is not None
    with supervised(rig, launcher, {"kraken": tighten(rig)}) as supervisor:
        eventually("it is told", lambda: rig.events("gateway.stale"))
        assert gateway_process(rig.home, "kraken") == before
        assert supervisor.gateway("kraken").stop_session(session.id, "tighter limits").proven
        eventually("another gateway is ready", lambda: _is_replaced(rig, supervisor, before))
    assert len(rig.events("gateway.stale")) == 1


def test_a_gateway_takes_tighter_limits_with_its_sessions_on_it(rig: Rig) -> None:
    """The next order is judged by them, nothing is replaced, and no wider ones are taken."""
    tight = replace(rig.limits, max_order_notional=Decimal(10))
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        assert rig.client.tighten(tight, "tighter")
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.DENIED
        assert (gateway.status().settings_digest, gateway.ready()) == ("tighter", True)
        with pytest.raises(LimitLoosened, match="max_order_notional"):
            rig.client.tighten(rig.limits, "wider")
        with pytest.raises(TradingError, match="tighten"):
            client.tighten(tight, "by a strategy")
        assert gateway.status().settings_digest == "tighter"


def test_a_gateway_goes_by_what_it_is_told_and_not_by_the_file(
    rig: Rig, launcher: GatewayLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits that somebody has edited count for no gateway that the bot starts."""
    in_force = load_config(Path(rig.environ()["PEAK_OPS_CONFIG"]))
    monkeypatch.setattr(launcher, "_settings", lambda: settings_of(in_force))
    assert tighten(rig) != in_force.settings_digest("kraken")
    with supervised(rig, launcher) as supervisor:
        eventually("the gateway is ready", lambda: _is_ready(supervisor))
        status = supervisor.gateway("kraken").status()
    assert status.settings_digest == in_force.settings_digest("kraken")


def tighten(rig: Rig) -> str:
    """Write a smaller limit into the configuration; gives the digest of the settings."""
    file = Path(rig.environ()["PEAK_OPS_CONFIG"]) / "config.toml"
    file.write_text(file.read_text("utf-8").replace("max_order_notional = 1000", "max_order_notional = 10"))
    return load_config(file.parent).settings_digest("kraken")


def _is_replaced(rig: Rig, supervisor: Supervisor, before: ProcessId | None) -> bool:
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


def test_a_supervisor_that_cannot_wait_goes_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails in its round, the thread that keeps gateways and sessions does not end."""
    waits: list[str] = []

    def refuse() -> None:
        waits.append("refused")
        raise ValueError("filedescriptor out of range in select()")

    supervisor = Supervisor(rig.home, rig.database, system_clock, lambda _: pytest.fail("nothing to start"))
    monkeypatch.setattr(supervisor, "_wait", refuse)
    supervisor.start()
    eventually("it has gone on", lambda: len(waits) > 1)
    supervisor.stop()
