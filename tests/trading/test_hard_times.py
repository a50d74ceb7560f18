"""Slow venues, lost goodbyes, hung sessions: what is healthy goes on, and what is not is seen."""

import os
import resource
import socket
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.errors import ExchangeAPIError
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.order import OrderState
from trading.practice_exchange.faults import FaultKind
from trading.process import SessionProcess
from trading.session import SessionState
from trading.supervisor import Supervisor
from trading.wire import Answer


def test_an_order_whose_cancel_failed_at_the_goodbye_is_cancelled_later(rig: Rig) -> None:
    """The session is gone; the one failed call must not leave its order at the venue for ever."""
    with rig.gateway(replace(QUICK, silent_after_s=60)):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.004", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.ERROR_5XX, "503", "CancelOrder", 1)
        client.goodbye(ident)
        client.close()
        eventually("it is cancelled", lambda: rig.orders(ident)[0].state is OrderState.CANCELLED)


def test_a_session_that_does_not_come_back_after_a_restart_is_silent(rig: Rig) -> None:
    """It has no order open, but a process that hangs and perhaps a position: somebody must hear of it."""
    with rig.gateway():
        _, ident = rig.attached()
    with rig.gateway(replace(QUICK, silent_after_s=0.5)):
        eventually("it is told", lambda: rig.events("session.silent"))
        assert ident in rig.client.status().heartbeats


def test_three_errors_in_a_row_pause_although_reads_go_well(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for fills works all the time; sending does not."""
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        reads = []
        look = gateway._trouble.over
        monkeypatch.setattr(
            gateway._trouble, "over", lambda calls="reads": (reads.append(calls), look(calls))
        )

        def fails(*_: object) -> str:
            raise ExchangeAPIError(detail="EGeneral:Internal error")

        monkeypatch.setattr(gateway._venue, "send", fails)
        for number in range(3):
            before = len(reads)
            client.submit(a_buy(ident, "0.001"))
            if number < 2:
                eventually("reads went well in between", lambda before=before: len(reads) > before)
        assert rig.state(ident) is SessionState.PAUSED


def test_a_session_lives_through_a_call_that_takes_too_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candles that hang for longer than a gateway may be gone: the gateway is there, so the session stays."""
    monkeypatch.setattr("trading.process.GATEWAY_GONE_S", 0.4)
    monkeypatch.setattr("trading.process.HEARTBEAT_S", 0.05)
    with rig.gateway():
        session = rig.live_session(notional_max=Decimal(900))
        process = SessionProcess(GatewayClient(socket_path(rig.home, "kraken"), timeout_s=0.6), session.id)
        hung = []

        def hangs(self: SessionProcess, beat: object) -> None:
            hung.append(beat)
            if len(hung) > 2:
                process.stop()
                return
            rig.fault(FaultKind.DELAY_S, "2", "OHLC", 1)
            self._client.candles("BTC/USD", "1h", 10)

        monkeypatch.setattr(SessionProcess, "_step", hangs)
        assert process.run() == 0
    assert len(hung) == 3


def test_the_supervisor_watches_with_more_than_a_thousand_files_open(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many connections push the numbers of its own handles up; it must not die of that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    try:
        with ExitStack() as many:
            for _ in range(1100):
                many.enter_context(socket.socket())
            supervisor = Supervisor(
                rig.home, rig.database, system_clock, lambda _: pytest.fail("no gateway asked for")
            )
            looked = []
            monkeypatch.setattr(supervisor, "_look", lambda: looked.append(os.getpid()))
            supervisor.start()
            for count in (1, 2, 3):
                eventually("it looks again", lambda count=count: len(looked) >= count)
                supervisor.wake()
            supervisor.stop()
            assert not supervisor._thread.is_alive()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
