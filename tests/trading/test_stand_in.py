"""A halt in a dead gateway's place and a gateway that is started again: one of them has the account."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.trading.rig import Rig, a_buy
from trading.gateway_files import GatewayLock, GatewayRuns, gateway_process
from trading.halt import Steps
from trading.stand_in import take_account
from trading.wire import Answer

# Has the account and says nothing: a gateway that hangs before its socket is open.
HANGS = """
import sys, threading
from pathlib import Path
from trading.gateway_files import GatewayLock
GatewayLock(Path(sys.argv[1]), "kraken")
print("has it", flush=True)
threading.Event().wait()
"""


@contextmanager
def a_gateway_that_hangs(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the account and answers nobody."""
    command = [sys.executable, "-c", HANGS, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"has it\n"
        try:
            yield child
        finally:
            child.kill()


def test_a_gateway_that_has_come_meanwhile_halts_itself(rig: Rig) -> None:
    """It has the key, its books and its gate; the process that was to stand in for it uses none of them."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED

        proof = take_account(rig.home, "kraken", "drill", Steps())

        assert proof is not None
        assert proof.proven
        names = [name for name, _ in proof.steps]
        assert names[:3] == ["a gateway is there again and halts", "latch", "gate shut"]
        assert (rig.open_at_exchange(), len(rig.calls("CancelAll"))) == (0, 2)


def test_a_free_account_is_taken(tmp_path: Path) -> None:
    """And no gateway can have it any more."""
    assert take_account(tmp_path, "kraken", "drill", Steps()) is None
    with pytest.raises(GatewayRuns):
        GatewayLock(tmp_path, "kraken")


def test_a_gateway_that_hangs_is_ended(tmp_path: Path) -> None:
    """It would never halt, and may hold the key."""
    with a_gateway_that_hangs(tmp_path) as child:
        assert take_account(tmp_path, "kraken", "drill", Steps(), opens_within_s=0) is None
        assert child.wait(10) != 0
    assert gateway_process(tmp_path, "kraken") is None


def test_another_halt_that_stands_in_is_waited_for(tmp_path: Path) -> None:
    """Two shells may halt at once: the second one begins when the first has proven it."""
    first = GatewayLock(tmp_path, "kraken", announced=False)
    over = threading.Timer(0.2, first.release)
    over.start()
    assert take_account(tmp_path, "kraken", "drill", Steps(), within_s=60) is None
    assert not over.is_alive()


def test_no_lock_holds_up_a_halt_for_ever(tmp_path: Path) -> None:
    """Whatever it is that has the account and cannot be ended: unknown means yes to a halt."""
    held = GatewayLock(tmp_path, "kraken", announced=False)
    assert take_account(tmp_path, "kraken", "drill", Steps(), within_s=0) is None
    held.release()
