"""Doctor says what to do, whatever is away."""

import json
from pathlib import Path

from bot.clock import system_clock
from bot.command_line.looking import read_here
from bot.practice.rates import Rates
from bot.practice.server import Installation, Workspace
from tests.bot.command_line.conftest import Shell
from tests.bot.ear import listening


def test_doctor_reports_with_everything_away(shell: Shell) -> None:
    """Without Slack and without a database there is a document all the same, with the next step in it."""
    told = shell("doctor", "--json")

    assert told.code == 1
    found = {check["name"]: check for check in json.loads(told.out)["checks"]}
    for name in ("bot token", "scopes", "channel ops", "person Otto"):
        assert "Check the network" in found[name]["advice"], name
    assert "peak-ops db upgrade" in found["database"]["detail"]
    assert not shell.home.exists()


def test_doctor_says_what_to_do_about_what_slack_refuses(shell: Shell) -> None:
    """A wrong token, and a channel that is not there: Slack's word, and the next step beside it."""
    manifest = Path(__file__).parents[3] / "config" / "slack_manifest.json"
    with Workspace.running(Installation(manifest, rates=Rates.unlimited()), system_clock) as slack:
        shell.sets(SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN="xoxb-practice", SLACK_APP_TOKEN="xapp-wrong")
        config = shell.config / "config.toml"
        config.write_text(config.read_text().replace("C0ALERTS00", "C0NOWHERE0"))
        known = json.loads(shell("doctor", "--json").out)["checks"]
        shell.sets(SLACK_BOT_TOKEN="xoxb-wrong")
        unknown = json.loads(shell("doctor", "--json").out)["checks"]

    found = {check["name"]: check for check in known}
    assert found["channel ops"]["verdict"] == found["person Otto"]["verdict"] == "PASSED"
    assert found["app token"]["detail"] == "Slack refuses: invalid_auth"
    assert found["channel alerts"]["detail"] == "Slack refuses: channel_not_found"
    assert "[channels] alerts in config.toml" in found["channel alerts"]["advice"]
    assert {
        check["detail"] for check in unknown if check["name"] in ("bot token", "scopes", "channel ops")
    } == {"Slack refuses: invalid_auth"}


def test_doctor_names_who_could_not_say_yes(shell: Shell) -> None:
    """Where the policy asks for a code, everybody without a second factor is named, with the command."""
    shell("db", "upgrade")

    checks = {check["name"]: check for check in json.loads(shell("doctor", "--json").out)["checks"]}

    found = checks["second factors"]
    assert (found["verdict"], found["detail"]) == ("WARNED", "none that counts now: Olivia, Otto, Rita")
    assert "peak-ops enrol" in found["advice"]


def test_doctor_finds_another_secret_key(shell: Shell) -> None:
    """It would refuse the start, so it is no secret until then."""
    shell("db", "upgrade")
    shell("health")
    shell.sets(PEAK_OPS_SECRET_KEY="x" * 48)

    checks = {check["name"]: check for check in json.loads(shell("doctor", "--json").out)["checks"]}

    assert checks["record key"]["verdict"] == "FAILED"
    assert "signed with another key" in checks["record key"]["detail"]


def test_doctor_tries_each_outlet(shell: Shell) -> None:
    """It sends where the record ends, and names what did not take it by number and kind."""
    shell("db", "upgrade")
    with listening() as ear:
        shell.sets(PEAK_OPS_OUTLETS=f"{ear.url.replace('http', 'json')} json://127.0.0.1:1/t0ps3cret?cto=1")
        told = shell("doctor", "--json")

    found = {check["name"]: check for check in json.loads(told.out)["checks"]}["outlets"]
    assert (found["verdict"], found["detail"]) == ("FAILED", "outlet 2 (json): it did not take the message")
    assert len(ear.bodies) == 1
    assert "t0ps3cret" not in told.out + told.err


def test_doctor_says_what_the_files_have_that_nobody_agreed_to(shell: Shell) -> None:
    """Field by field, with the command that proposes it."""
    shell("db", "upgrade")

    def found() -> dict[str, str]:
        checks = json.loads(shell("doctor", "--json").out)["checks"]
        return next(check for check in checks if check["name"] == "in force")

    assert "has not been begun" in found()["detail"]
    read_here().take_files_as_in_force()
    assert found()["verdict"] == "PASSED"
    people, config = shell.config / "people.toml", shell.config / "config.toml"
    head, sam, tail = people.read_text("utf-8").partition('name = "Sam"')
    people.write_text(head + sam + tail.replace("roles = []", 'roles = ["owner"]', 1), "utf-8")
    wider = config.read_text("utf-8").replace("max_order_notional = 100", "max_order_notional = 900")
    config.write_text(wider, "utf-8")

    told = found()

    assert told["verdict"] == "WARNED"
    assert "sam, roles: none → owner" in told["detail"]
    assert "limits, max_order_notional: 100 → 900" in told["detail"]
    assert "/peak roster propose <reason> or /peak limits propose <reason>" in told["advice"]
