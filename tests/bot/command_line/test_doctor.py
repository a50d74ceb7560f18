"""Doctor says what to do, whatever is away."""

import json

from tests.bot.command_line.conftest import Shell


def test_doctor_reports_with_everything_away(shell: Shell) -> None:
    """Without Slack and without a database there is a document all the same, with the next step in it."""
    told = shell("doctor", "--json")

    assert told.code == 1
    found = {check["name"]: check["detail"] for check in json.loads(told.out)["checks"]}
    assert "Check the network" in found["bot token"]
    assert "peak-ops db upgrade" in found["database"]
    assert not shell.home.exists()


def test_doctor_finds_another_secret_key(shell: Shell) -> None:
    """It would refuse the start, so it is no secret until then."""
    shell("db", "upgrade")
    shell("health")
    shell.sets(PEAK_OPS_SECRET_KEY="x" * 48)

    checks = {check["name"]: check for check in json.loads(shell("doctor", "--json").out)["checks"]}

    assert checks["record key"]["verdict"] == "FAILED"
    assert "signed with another key" in checks["record key"]["detail"]
