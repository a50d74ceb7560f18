"""`peak-ops kill` says HALTED only when a halt stands on the disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

from trading.killswitch import Latch


def kill(home: Path) -> "subprocess.CompletedProcess[str]":
    """Halt a home from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "kill", "price", "feed", "looks", "wrong", "--json"],
        env={"PATH": os.environ["PATH"], "PEAK_OPS_HOME": str(home)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_halt_from_the_shell_stands_in_the_home(tmp_path: Path) -> None:
    """Without a gateway nothing is proven, and the latch holds all the same."""
    told = kill(tmp_path)

    assert told.returncode == 4
    assert "HALTED: price feed looks wrong." in told.stderr
    assert json.loads(told.stdout)["halt"]["engaged"] is True
    assert Latch(tmp_path).read().reason == "price feed looks wrong"


def test_a_home_that_is_not_there_is_not_halted(tmp_path: Path) -> None:
    """Somebody whose shell knows another home must not believe that the desk has stopped."""
    told = kill(tmp_path / "mistyped")

    assert told.returncode == 4
    assert told.stderr.startswith("NOT HALTED: nothing could be written in")
    assert json.loads(told.stdout)["halt"]["engaged"] is False
