"""The machinery tried from a shell: the offline trade, and the checks of this installation."""

import json
import socket
import subprocess

import pytest

from bot.clock import system_clock
from bot.installation import read_installation
from bot.selftest import probes, run_selftest
from bot.settings import Environment
from tests.bot.command_line.conftest import Shell
from trading.health import Verdict


def test_the_offline_trade_is_made_in_seven_steps(shell: Shell) -> None:
    """Bought, blocked where it must be, sold, stopped with proof; without a bot, a database or a network."""
    told = shell("smoke", "--json")
    assert told.code == 0, told.out + told.err
    report = json.loads(told.out)
    assert report["verdict"] == "PASSED"
    names = ["configuration", "exchange", "gateway", "signal", "limits", "entry", "exit"]
    assert [check["name"] for check in report["checks"]] == [f"{n} {name}" for n, name in enumerate(names, 1)]
    assert all(check["verdict"] == "PASSED" for check in report["checks"])
    assert "[RISK] Order blocked: max_order_notional exceeded" in report["checks"][4]["detail"]
    assert not shell.home.exists(), "it leaves nothing in this desk's home"


def test_a_step_that_fails_ends_the_trade(shell: Shell) -> None:
    """The first one has failed with its reason, the others were not reached; exit 1."""
    config = shell.config / "config.toml"
    config.write_text(
        config.read_text("utf-8").replace("max_order_notional = ", "max_order_notional = -"), "utf-8"
    )
    told = shell("smoke", "--json")
    assert told.code == 1
    first, *others = json.loads(told.out)["checks"]
    assert first["verdict"] == "FAILED"
    assert "max_order_notional" in first["detail"]
    assert {check["detail"] for check in others} == {"not reached"}


def test_a_selftest_sees_no_secret_and_is_kept(shell: Shell) -> None:
    """Every module, the tables, the rules and the offline trade; host and release stand in the record."""
    shell.sets(KRAKEN_API_KEY="k3y", KRAKEN_API_SECRET="s3cr3t")
    shell("db", "upgrade")
    installation = read_installation(Environment.from_environ(), system_clock)
    installation.take_files_as_in_force()
    told = shell("selftest", "--json")
    assert told.code == 0, told.out + told.err
    checks = {check["name"]: check for check in json.loads(told.out)["checks"]}
    assert {check["verdict"] for check in checks.values()} == {"PASSED"}
    assert {"modules", "migrations", "record", "latch", "limits", "secrets", "7 exit"} <= checks.keys()
    with installation.storage().reading() as tx:
        row = tx.audit.newest("selftest", socket.gethostname())
    assert row is not None
    assert (row.body["verdict"], row.body["code"]) == ("PASSED", installation.desk.code_version)


def test_a_secret_that_reaches_the_selftest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody widens what is handed on without seeing it."""
    monkeypatch.setenv("KRAKEN_API_SECRET", "s3cr3t")
    finding = dict(probes())["secrets"]()
    assert finding.verdict is Verdict.FAILED
    assert "KRAKEN_API_SECRET" in finding.detail
    assert "s3cr3t" not in finding.detail


def test_a_selftest_that_breaks_off_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it said last is told, and a line that is no check counts as one that failed."""
    program = "import sys; print('hello'); sys.stderr.write('no such library'); sys.exit(3)"
    popen = subprocess.Popen

    def another(words: list[str], **more: object) -> object:
        return popen([words[0], "-c", program], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", another)
    report = run_selftest({})
    assert [check.verdict for check in report.checks] == [Verdict.FAILED] * 2
    assert "'hello'" in report.checks[0].detail
    assert "broke off with 3: no such library" in report.checks[1].detail
