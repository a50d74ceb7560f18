"""The same desk from a shell: one JSON document, exit codes that a script can rely on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.desk import Desk, until
from trading.gateway_files import gateway_process

pytestmark = pytest.mark.xdist_group("shell")  # one desk for those that leave nothing behind


def document(desk: Desk, *words: str, code: int = 0) -> Any:
    """What a command prints with --json; nothing else stands on its standard output."""
    ran = desk.shell(*words, "--json")
    assert ran.returncode == code, (ran.returncode, ran.stdout[-800:], ran.stderr[-800:])
    return json.loads(ran.stdout)


def test_the_shell_shows_what_slack_shows(desk: Desk) -> None:
    """Status, sessions, approvals, health, record: the fields that programs rely on."""
    card = desk.has_live_session()
    card.now_reads("Open orders 0")

    status = document(desk, "status")
    assert status["halt"]["engaged"] is False
    assert {limit["name"] for limit in status["limits"]} >= {"max_order_notional", "max_daily_loss_pct"}
    session = document(desk, "sessions", "list")[0]
    wanted = "id stage strategy symbol timeframe state started_at started_by request_id pid equity daily_pnl"
    assert session.keys() >= {*wanted.split(), "open_orders"}
    assert [each["id"] for each in status["sessions"]] == [session["id"]]
    assert (session["state"], session["symbol"], session["started_by"]) == ("running", "BTC/USD", "Otto")
    assert Decimal(session["equity"]) == Decimal(session["notional_max"]) + Decimal(session["daily_pnl"])
    assert Decimal(session["position"]) > 0

    request = document(desk, "approvals", "list")[0]
    wanted = "id name action state requested_by votes needed expires_at digest payload execution"
    assert request.keys() >= set(wanted.split())
    shown = document(desk, "approvals", "show", request["name"])
    assert [(vote["person"], vote["vote"]) for vote in shown["votes"]] == [("Otto", "yes"), ("Olivia", "yes")]
    assert shown["execution"]["state"] == "executed"
    assert document(desk, "approvals", "verify", request["id"])["ok"] is True

    health = document(desk, "health")
    assert health["verdict"] == "PASSED"
    assert health["checks"][0].keys() >= {"name", "verdict", "detail", "duration_ms"}
    verdict = document(desk, "audit", "verify")
    assert verdict["ok"] is True
    assert verdict["rows"] > 5


def test_doctor_says_what_is_right(shared_desk: Desk) -> None:
    """Tokens, scopes, channels, people, keys, clock and venue, each with its own line."""
    report = document(shared_desk, "doctor")
    names = {check["name"] for check in report["checks"]}
    wanted = {"bot token", "scopes", "app token", "channel ops", "person Olivia", "venue keys", "venue clock"}
    assert names >= wanted
    assert report["verdict"] == "PASSED"


def test_doctor_asks_the_venue_before_the_bot_ever_ran(desk: Desk) -> None:
    """It borrows the account's gateway for the look, and ends it again."""
    desk.kill_bot()
    gateway = until(lambda: gateway_process(desk.home, "kraken"), "No gateway runs")
    gateway.end(patience_s=5)

    names = {check["name"] for check in document(desk, "doctor")["checks"]}

    assert names >= {"venue", "venue clock", "credentials", "key rights", "emergency key"}
    assert gateway_process(desk.home, "kraken") is None


def test_doctor_says_what_is_wrong_and_what_to_do(shared_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel without the bot and a person who is a guest fail, with the next step."""
    desk = shared_desk
    monkeypatch.setitem(desk.environ, "SOME_API_SECRET", "trading-incidents")
    with (
        edited(desk, "config.toml", "C0ALERTS00", "C0NOWHERE0"),
        edited(desk, "people.toml", "T0PEAKOPS/USAM00000", "T0PEAKOPS/UGIL00000"),
    ):
        report = document(desk, "doctor", code=1)

    told = {check["name"]: check["detail"] for check in report["checks"]}
    assert told["channel incidents"].startswith("#[redacted]")  # whoever quotes a secret
    failed = {check["name"]: check for check in report["checks"] if check["verdict"] == "FAILED"}
    assert failed.keys() == {"channel alerts", "person Sam"}
    assert all(check["advice"] for check in failed.values())


def test_a_typo_in_the_configuration_ends_with_2(shared_desk: Desk) -> None:
    """File, key, value and what is allowed; what the running bot tells is told all the same."""
    with edited(shared_desk, "config.toml", "max_daily_loss_abs", "max_daily_los_abs"):
        ran = shared_desk.shell("orders")
        assert document(shared_desk, "status")["halt"]["engaged"] is False
    assert ran.returncode == 2
    assert "config.toml" in ran.stderr
    assert "max_daily_loss_abs" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_changed_record_is_found_out_and_another_key_signs_nothing(shared_desk: Desk) -> None:
    """An export in which somebody edited a row ends with 1; a row that would break the record is refused."""
    desk = shared_desk
    desk.otto.says("/peak health").is_told("Health check")
    desk.channel("trading-reports").expects("Health check")
    rows = until(lambda: desk.shell("audit", "export").stdout.splitlines() or None, "The record is empty")
    export = desk.home / "record.jsonl"
    export.write_text("\n".join(rows) + "\n")
    assert document(desk, "audit", "verify", str(export))["ok"] is True
    export.write_text(export.read_text().replace("Otto", "Olga"))
    of_otto = 1 + next(number for number, row in enumerate(rows) if "Otto" in row)
    assert document(desk, "audit", "verify", str(export), code=1)["first_bad"] == of_otto

    right = desk.environ["PEAK_OPS_SECRET_KEY"]
    desk.environ["PEAK_OPS_SECRET_KEY"] = "x" * 48
    refused = desk.shell("health")
    desk.environ["PEAK_OPS_SECRET_KEY"] = right
    assert refused.returncode == 2
    assert "signed with another key" in refused.stderr
    assert document(desk, "audit", "verify")["ok"] is True


@contextmanager
def edited(desk: Desk, name: str, old: str, new: str) -> Iterator[None]:
    """Something else in a file of the configuration, for a while."""
    path = desk.home / "config" / name
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    yield
    path.write_text(before)
