"""Strategies of one's own: what was digested runs, in its session's process alone, and hurts nobody else."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.trading.rig import QUICK, Rig, eventually
from trading.forks import Forks
from trading.gateway_files import socket_path
from trading.order import OrderState
from trading.pids import ProcessId
from trading.process import SessionTask
from trading.session import SessionState, TradingSession
from trading.store import SessionStore
from trading.strategy import search_path, source_digest

OWN = """
from decimal import Decimal

class Own:
    name = "own"
    lookback = 2
    def __init__(self, how: str = ""):
        self.how = how
    def target(self, candles):
        {body}
"""
CLASS_PATH = "own_of_the_desk:Own"


@pytest.fixture
def write(rig: Rig) -> Callable[[str], str]:
    """Give what writes the desk's own strategy and tells its digest."""
    folder = rig.home / "config" / "strategies"
    folder.mkdir(parents=True)

    def written(body: str) -> str:
        (folder / "own_of_the_desk.py").write_text(OWN.format(body=body))
        return source_digest(CLASS_PATH, search_path(folder))

    return written


@pytest.fixture
def forks(rig: Rig) -> Iterator[Forks]:
    """Give a forkserver that knows where this desk's strategies are."""
    forks = Forks(rig.home, search_path(rig.home / "config" / "strategies"))
    yield forks
    forks.close()


@pytest.fixture
def start(rig: Rig, forks: Forks) -> Iterator[Callable[..., TradingSession]]:
    """Give what starts the process of a session; ends them all."""
    processes: list[ProcessId] = []

    def started(**changes: object) -> TradingSession:
        session = rig.live_session(notional_max=Decimal(500), **changes)
        process = forks.session(SessionTask(session.id, str(socket_path(rig.home, "kraken"))))
        processes.append(process)
        with rig.database.transaction() as transaction:
            SessionStore(transaction).set_process(session.id, process.pid, process.started_at)
        return session

    yield started
    for process in processes:
        process.end(1)


def own(digest: str) -> dict[str, object]:
    """The plan's fields of one's own strategy."""
    return {"strategy": "own", "class_path": CLASS_PATH, "source_digest": digest, "parameters": ()}


def test_a_strategy_of_ones_own_trades(
    rig: Rig, write: Callable[[str], str], start: Callable[..., TradingSession]
) -> None:
    """Its file is beside the configuration; the gateway's process and this one never import it."""
    digest = write("return Decimal(1)")
    with rig.gateway():
        session = start(**own(digest))
        eventually("it has bought", lambda: [o.state for o in rig.orders(session.id)] == [OrderState.FILLED])
    assert rig.session(session.id).plan.class_path == CLASS_PATH
    assert "own_of_the_desk" not in sys.modules


def test_the_digest_is_that_of_the_file_that_runs(rig: Rig, write: Callable[[str], str]) -> None:
    """A file that is not there has none."""
    digest = write("return Decimal(1)")
    file = rig.home / "config" / "strategies" / "own_of_the_desk.py"
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert source_digest("nowhere_at_all:Own", search_path(file.parent)) == ""
    assert source_digest("own_of_the_desk.deeper:Own", search_path(file.parent)) == ""


def test_those_shipped_are_found_from_every_folder(tmp_path: Path) -> None:
    """A service starts anywhere, and an installation from a checkout puts our packages on no path."""
    look = (
        "from pathlib import Path; from trading.strategy import SHIPPED, search_path, source_digest\n"
        "print(all(source_digest(path, search_path(Path('own'))) for path in SHIPPED.values()))"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", look],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.stdout.strip(), told.stderr) == ("True", "")


def test_a_file_that_was_changed_since_does_not_run(
    rig: Rig, write: Callable[[str], str], start: Callable[..., TradingSession]
) -> None:
    """What was approved is what runs, also when the file is edited at the last moment."""
    digest = write("return Decimal(0)")
    write("return Decimal(1)")
    with rig.gateway():
        session = start(**own(digest))
        eventually("it is paused", lambda: rig.state(session.id) is SessionState.PAUSED)
    assert "not the one that was digested" in rig.session(session.id).state_reason
    assert not rig.orders(session.id)


def test_a_strategy_that_breaks_pauses_its_session_alone(
    rig: Rig, write: Callable[[str], str], start: Callable[..., TradingSession]
) -> None:
    """Raised or answered, NaN or 1e9: nothing is sent, people read what it was, and the others go on."""
    digest = write("answers = dict(nan=Decimal('NaN'), huge=Decimal('1e9')); return answers[self.how]")
    with rig.gateway():
        other = start()
        broken = {
            how: start(**{**own(digest), "parameters": (("how", how),)}, symbol=symbol)
            for how, symbol in (("no such answer", "ETH/USD"), ("nan", "BTC/EUR"), ("huge", "ETH/EUR"))
        }
        for session in broken.values():
            eventually("it is paused", lambda ident=session.id: rig.state(ident) is SessionState.PAUSED)
        eventually("the other runs", lambda: rig.state(other.id) is SessionState.RUNNING)
    reasons = {how: rig.session(session.id).state_reason for how, session in broken.items()}
    assert reasons["no such answer"] == "strategy: KeyError: 'no such answer'"
    assert "Strategy own answered Decimal('NaN')" in reasons["nan"]
    assert "Strategy own answered Decimal('1E+9')" in reasons["huge"]
    assert not any(rig.orders(session.id) for session in broken.values())


def test_a_strategy_that_never_ends_falls_silent_alone(
    rig: Rig, write: Callable[[str], str], start: Callable[..., TradingSession]
) -> None:
    """Its session is told of, can be stopped with proof, and the other's heart beats on."""
    digest = write("while True: pass")
    with rig.gateway(replace(QUICK, silent_after_s=3)):
        other = start()
        session = start(**own(digest), symbol="ETH/USD")
        told = eventually("its silence is told", lambda: rig.events("session.silent"))
        assert [event.session_id for event in told] == [session.id]  # type: ignore[attr-defined]
        assert rig.client.stop_session(session.id, "it hangs").proven
        eventually("the other beats", lambda: rig.client.status().heartbeats[other.id] < 1)
        assert rig.state(other.id) is SessionState.RUNNING
