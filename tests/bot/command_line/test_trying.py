"""The machinery tried from a shell: the offline trade, and the checks of this installation."""

import json

from tests.bot.command_line.conftest import Shell


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
