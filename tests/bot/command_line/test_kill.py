"""`peak-ops kill` says HALTED only when a halt stands on the disk."""

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from bot.command_line import acting
from trading.killswitch import Latch


def kill(home: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Halt a home from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "kill", "price", "feed", "looks", "wrong", "--json"],
        env={"PATH": os.environ["PATH"], "PEAK_OPS_HOME": str(home), **environ},
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEAK_OPS_SECRET_KEY", "short"),
        ("PEAK_OPS_HOEM", "/srv"),
        ("SLACK_API_URL", "https://slack.com/api"),
    ],
)
def test_a_wrong_environment_keeps_no_halt_back(tmp_path: Path, name: str, value: str) -> None:
    """The latch comes first; what is wrong is told afterwards, and that no venue was asked."""
    told = kill(tmp_path, **{name: value})

    assert told.returncode == 4
    assert told.stderr.startswith("HALTED: price feed looks wrong.")
    assert f"environment: {name}" in told.stderr
    assert json.loads(told.stdout) == {"halt": json.loads(told.stdout)["halt"], "proofs": {}}
    assert Latch(tmp_path).read().reason == "price feed looks wrong"


def test_a_user_whom_the_machine_does_not_know_may_halt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container a process often runs as a number without a name."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PEAK_OPS_HOME", str(tmp_path))
    monkeypatch.setenv("PEAK_OPS_HOEM", "ends it before the venue is asked")

    with pytest.raises(SystemExit):
        acting.kill(["odd"])

    assert Latch(tmp_path).read().by == f"uid {os.getuid()} at the shell"
