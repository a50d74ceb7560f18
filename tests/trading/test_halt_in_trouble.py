"""A halt while something of ours is broken too: the disk, the database, or a start a moment too late."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading import killswitch
from trading.errors import LatchUnwritable
from trading.gateway_files import socket_path
from trading.halting import HaltTiming
from trading.killswitch import Latch, LatchState
from trading.practice_exchange.faults import FaultKind
from trading.session import SessionState
from trading.wire import Answer, Run

AGAIN_SOON = replace(QUICK, halt=HaltTiming(within_s=10, again_s=0.2))


def break_the_disk(patch: pytest.MonkeyPatch) -> None:
    """Let neither of the halt's files be written."""

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    patch.setattr(killswitch, "_write_over", refuse)


def break_the_database(rig: Rig, patch: pytest.MonkeyPatch) -> None:
    """Let no transaction begin."""

    def refuse() -> None:
        raise RuntimeError("database is locked")

    patch.setattr(rig.database, "transaction", refuse)


def test_a_latch_that_cannot_be_written_holds_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever engaged it is halted, though the disk says otherwise; written later, it is like any other."""
    latch = Latch(tmp_path)
    latch.begin("Olivia", system_clock())
    break_the_disk(monkeypatch)
    with pytest.raises(LatchUnwritable):
        latch.engage("price feed looks wrong", "sam", system_clock())
    assert latch.engaged()
    assert not latch.written()
    assert latch.read().reason == "price feed looks wrong"

    monkeypatch.undo()
    latch.engage("said again", "sam", system_clock())
    assert latch.written()
    assert latch.read().reason == "price feed looks wrong"
    latch.clear("Olivia", system_clock())
    assert not latch.engaged()


def test_a_disk_that_takes_nothing_does_not_keep_orders_at_the_venue(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway cancels and shuts its gate all the same, and writes the latch as soon as it can."""
    with rig.gateway(AGAIN_SOON):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        break_the_disk(monkeypatch)

        assert rig.client.halt("price feed looks wrong").proven
        assert rig.open_at_exchange() == 0
        assert client.submit(a_buy(ident)).state is Answer.DENIED

        monkeypatch.undo()
        eventually("the latch is written", rig.latch.engaged)


def test_a_halt_that_could_not_end_its_sessions_tries_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that does not answer takes nothing from the proof, and no session outlives the halt."""
    with rig.gateway(AGAIN_SOON):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        break_the_database(rig, monkeypatch)
        rig.latch.engage("price feed looks wrong", "sam", system_clock())
        proof = rig.client.halt("price feed looks wrong")
        assert proof.proven
        assert rig.state(ident) is SessionState.RUNNING

        monkeypatch.undo()
        eventually("the session is halted", lambda: rig.state(ident) is SessionState.HALTED)
        rig.latch.clear("Olivia and Otto", system_clock())
        assert client.heartbeat(ident).run is Run.STOP


def test_a_session_that_was_saved_a_moment_after_the_halt_ends_too(rig: Rig) -> None:
    """A start that looked at the latch just before it was engaged must not wait for it to be cleared."""
    with rig.gateway(AGAIN_SOON):
        rig.latch.engage("price feed looks wrong", "sam", system_clock())
        assert rig.client.halt("price feed looks wrong").proven
        late = rig.live_session()
        eventually("the late session is halted", lambda: rig.state(late.id) is SessionState.HALTED)


def test_a_touched_halt_outlives_the_file(rig: Rig) -> None:
    """`touch HALT` is written down by the gateway, so one person's `rm HALT` clears nothing."""
    with rig.gateway(AGAIN_SOON):
        halt_file = rig.home / "HALT"
        halt_file.touch()
        found = rig.latch.read()
        mark = rig.latch.mark()
        eventually("latch.json says so too", lambda: '"halted"' in (rig.home / "latch.json").read_text())
        assert rig.latch.mark() == mark, "to write it down is no other halt"
        halt_file.unlink()
        assert rig.latch.engaged()
        assert rig.latch.read() == found
        rig.latch.clear("Olivia and Otto", system_clock())
        assert not rig.latch.engaged()


def test_a_gate_is_shut_without_disk_and_database(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """`shut` needs neither, does not wait for the proof, and what could not be written is written later."""
    with rig.gateway(AGAIN_SOON):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.ERROR_5XX, "503", left=None)  # no proof before it is mended
        break_the_disk(monkeypatch)
        break_the_database(rig, monkeypatch)

        told_at = system_clock()
        assert rig.client.shut("feed looks wrong", "sam", told_at, "halt:1")
        assert rig.client.status().halted
        assert rig.open_at_exchange() == 1
        rig.mend()
        eventually("everything is cancelled", lambda: rig.open_at_exchange() == 0)

        monkeypatch.undo()
        eventually("the latch is written", rig.latch.written)
        eventually("the session is halted", lambda: rig.state(ident) is SessionState.HALTED)
        assert rig.latch.read() == LatchState(True, "feed looks wrong", "sam", told_at, "halt:1")


ANOTHER_PROCESS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from trading.gateway_client import GatewayClient

client = GatewayClient(Path(sys.argv[1]), timeout_s=30)
print(client.ping(), client.shut("drill", "sam", datetime.now(UTC)), client.halt("drill").proven)
"""


def test_another_process_halts_without_a_database(rig: Rig) -> None:
    """Nobody can tell then whether the caller is a session, and a halt and a ping must pass."""
    with rig.gateway(AGAIN_SOON) as gateway:
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.database.close()
        for path in rig.home.glob("peak-ops.db*"):
            path.unlink()
        (rig.home / "peak-ops.db").write_bytes(b"x" * 8192)
        told = subprocess.run(
            [sys.executable, "-c", ANOTHER_PROCESS, str(socket_path(rig.home, "kraken"))],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.stdout.split() == ["True", "True", "True"], told.stderr
        assert gateway.status().halted
        assert rig.open_at_exchange() == 0


def test_a_gate_that_was_shut_opens_when_the_halt_is_cleared(rig: Rig) -> None:
    """What was held in memory ends with the files: nobody can clear it there."""
    with rig.gateway(AGAIN_SOON):
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.shut("drill", "sam", system_clock())
        eventually("the halt is over", lambda: len(rig.calls("CancelAll")) >= 2)
        assert rig.client.halt("drill").proven
        Latch(rig.home).clear("Olivia and Otto", system_clock())
        assert not rig.client.status().halted
