"""One process a session: no second one trades beside it, after it, or long after the start was asked for."""

import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import system_clock
from tests.trading.rig import Rig, eventually
from trading.errors import NotThisProcess
from trading.forks import Forks
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.process import SessionTask
from trading.session import START_WITHIN, SessionState
from trading.store import SessionStore


def test_a_second_process_of_a_session_ends(rig: Rig) -> None:
    """Forked twice, because an answer was lost, a session still has the process that came first."""
    forks = Forks(rig.home)
    with rig.gateway():
        session = rig.live_session()
        task = SessionTask(session.id, str(socket_path(rig.home, "kraken")))
        first = forks.session(task)
        eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
        second = forks.session(task)
        eventually("the second one ends", lambda: not second.is_alive)
        assert first.is_alive
        assert rig.session(session.id).pid == first.pid
        first.end()
    forks.close()


def test_no_process_goes_on_where_another_one_died(rig: Rig) -> None:
    """A session whose process is gone has failed, whoever else says that it is this session."""
    forks = Forks(rig.home)
    with rig.gateway():
        session = rig.live_session()
        first = forks.session(SessionTask(session.id, str(socket_path(rig.home, "kraken"))))
        eventually("it runs", lambda: rig.state(session.id) is SessionState.RUNNING)
        first.signal(signal.SIGKILL)
        eventually("it is gone", lambda: not first.is_alive)
        with pytest.raises(NotThisProcess):
            GatewayClient(socket_path(rig.home, "kraken")).attach(session.id)
        assert rig.session(session.id).pid == first.pid
    forks.close()


def test_a_start_that_comes_too_late_does_not_run(rig: Rig) -> None:
    """Nobody waits any more when the gateway is back an hour later."""
    with rig.gateway():
        old = replace(
            rig.live_session(), id="an-old-start", created_at=system_clock() - START_WITHIN - timedelta(1)
        )
        with rig.database.transaction() as transaction:
            SessionStore(transaction).add(replace(old, request_id="another-request"))
        client = GatewayClient(socket_path(rig.home, "kraken"))
        with pytest.raises(NotThisProcess):
            client.attach(old.id)
        assert rig.state(old.id) is SessionState.STARTING
    assert rig.calls() == []
