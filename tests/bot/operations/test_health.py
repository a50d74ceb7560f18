"""The health check: one report a day by itself, one whenever somebody asks, and never a guess."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text

from approvals.person import Role, Roster
from bot.operations import health as health_module
from bot.operations.asker import Asker
from bot.operations.health import CheckHealth, DeskChecks, Machine, heartbeats
from bot.operations.look import Look, readiness_report
from bot.summaries import HealthSummary
from bot.view import View, check
from tests.approvals.desk import OTTO
from tests.bot.intake import DEADLINE_S
from tests.bot.operations.rig import Rig, refusal
from tests.bot.operations.test_alerts import raised
from tests.bot.views.reading import said
from trading.errors import TradingError
from trading.health import Verdict
from trading.preview import Preview
from trading.session import Stage

TODAY = date(2026, 11, 23)


def desk_checks(rig: Rig, home: Path) -> DeskChecks:
    """The bot's own checks."""
    return DeskChecks(rig.storage, rig.desk, rig.latch, Machine(home))


def checking(rig: Rig, home: Path) -> CheckHealth:
    """The operation."""
    return CheckHealth(rig.storage, rig.desk, desk_checks(rig, home), Machine(home), rig.gateway)


def asker(cause: str = "command:1") -> Asker:
    """Otto, asking once."""
    return Asker(OTTO.accounts[0], cause)


def looking(rig: Rig, home: Path) -> Look:
    """What people look at."""
    return Look(
        rig.desk, desk_checks(rig, home), rig.gateway, lambda plan: Preview(Decimal(0), (), "flat", None)
    )


def verdicts(health: HealthSummary) -> dict[str, str]:
    """Each check with its verdict."""
    return {line.name: line.verdict for line in health.checks}


def reports(rig: Rig) -> list[str]:
    """The texts of the reports on their way."""
    return [row.body["text"] for row in rig.outgoing("image")]


def test_a_report_is_kept_posted_and_recorded(rig: Rig, tmp_path: Path) -> None:
    """With money, checks, machine, and a chart of the last week alone."""
    health = checking(rig, tmp_path).now(OTTO, asker())

    assert health.verdict == "PASSED"
    assert health.equity == Decimal(10_010)
    assert [at for at, _ in health.points] == [rig.clock()]
    assert {name for name, _ in health.machine} == {"load", "memory", "disk"}
    assert rig.read(lambda tx: tx.reports.get(health.id)) is not None
    assert reports(rig) == [f"Health check PASSED: {len(health.checks)} checks, none failed"]
    assert rig.outgoing("image")[0].lane == "C0REPORTS"
    assert [row.body["text"] for row in rig.outgoing("reply")] == reports(rig)
    assert rig.recorded() == ["health.check"]


def test_a_question_heard_again_after_a_crash_makes_no_second_report(rig: Rig, tmp_path: Path) -> None:
    """The first report stands, its answer too; another question has its own."""
    health = checking(rig, tmp_path)

    first = health.now(OTTO, asker())
    rig.clock.passes(minutes=1)
    again = health.now(OTTO, asker())
    assert (again.id, again.at) == (first.id, first.at)
    assert (len(reports(rig)), len(rig.outgoing("reply")), rig.recorded()) == (1, 1, ["health.check"])

    health.now(OTTO, asker("command:2"))
    assert len(reports(rig)) == 2


def test_a_day_has_one_scheduled_report(rig: Rig, tmp_path: Path) -> None:
    """A bot that is started again after the hour does not report twice; people may still ask."""
    health = checking(rig, tmp_path)

    health.scheduled(TODAY)
    health.scheduled(TODAY)
    health.now(OTTO, asker())
    assert len(reports(rig)) == 2

    rig.clock.passes(days=1)
    health.scheduled(TODAY + timedelta(1))
    assert len(reports(rig)) == 3


def test_a_report_tells_the_difference_to_the_last_scheduled_one(rig: Rig, tmp_path: Path) -> None:
    """Not to the one that somebody asked for in between."""
    health = checking(rig, tmp_path)
    health.scheduled(TODAY)
    rig.clock.passes(days=1)

    assert health.now(OTTO, asker()).equity_before == Decimal(10_010)


def test_one_symbol_without_a_price_takes_nothing_else_from_the_report(rig: Rig, tmp_path: Path) -> None:
    """Money, the gateway's own checks and the other symbols are known all the same."""
    missing = sorted(rig.desk.symbols)[0]
    rig.venue.unpriced = frozenset({missing})
    health = checking(rig, tmp_path).now(OTTO, asker())

    assert health.equity == Decimal(10_010)
    assert verdicts(health)["sessions"] == "PASSED"
    (unpriced,) = [line for line in health.checks if line.verdict == "FAILED"]
    assert unpriced.name == "prices"
    assert f"no price for {missing}" in unpriced.detail


def test_a_silent_gateway_fails_the_report_and_leaves_its_figures_unknown(rig: Rig, tmp_path: Path) -> None:
    """No noughts, no old figures."""
    rig.venue.gone = True
    health = checking(rig, tmp_path).now(OTTO, asker())

    assert health.verdict == "FAILED"
    assert verdicts(health)["gateway kraken"] == "FAILED"
    assert (health.equity, health.daily_pnl, health.exposure, health.fees) == (None, None, None, None)
    assert health.points == ()


def test_the_scheduled_report_comes_even_without_a_gateway(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits a while, then says that nobody answers."""
    monkeypatch.setattr(health_module, "GATEWAY_READY_WITHIN_S", 0.02)
    monkeypatch.setattr(health_module, "LOOK_EVERY_S", 0.005)
    rig.venue.gone = True

    checking(rig, tmp_path).scheduled(TODAY)

    assert "failed: gateway kraken" in reports(rig)[0]


def test_a_bot_that_ends_waits_for_no_gateway(rig: Rig, tmp_path: Path) -> None:
    """Its report is made up for at the next start."""
    rig.venue.gone = True
    health = checking(rig, tmp_path)
    waiting = Thread(target=health.scheduled, args=(TODAY,))
    waiting.start()

    health.stop()

    waiting.join(DEADLINE_S)
    assert not waiting.is_alive()
    assert reports(rig) == []


def test_a_day_without_its_report_is_missed_where_there_was_one_before(rig: Rig, tmp_path: Path) -> None:
    """A desk that begins has missed nothing."""
    health = checking(rig, tmp_path)
    assert not health.missed(TODAY)

    health.scheduled(TODAY)
    rig.clock.passes(days=1)

    assert not health.missed(TODAY)
    assert health.missed(TODAY + timedelta(1))


def test_a_halt_fails_the_check(rig: Rig, tmp_path: Path) -> None:
    """With the way to clear it."""
    rig.halted()
    health = checking(rig, tmp_path).now(OTTO, asker())

    assert verdicts(health)["halt"] == "FAILED"
    assert any("/peak rearm" in line.advice for line in health.checks)


def test_open_alerts_warn(rig: Rig, tmp_path: Path) -> None:
    """A warning passes."""
    raised(rig)
    health = checking(rig, tmp_path).now(OTTO, asker())

    assert verdicts(health)["alerts"] == "WARNED"
    assert health.verdict == "PASSED"


def test_a_broken_record_fails_the_check(rig: Rig, tmp_path: Path) -> None:
    """Somebody has changed a row by hand."""
    rig.asked()
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(text("UPDATE audit_entry SET actor = 'nobody'"))

    health = checking(rig, tmp_path).now(OTTO, asker())
    assert verdicts(health)["record"] == "FAILED"


def test_a_roster_that_cannot_approve_fails_the_check(rig: Rig, tmp_path: Path) -> None:
    """An operator alone can start nothing."""
    rig.desk = replace(rig.desk, roster=Roster((replace(OTTO, roles=frozenset({Role.OPERATOR})),)))
    assert verdicts(checking(rig, tmp_path).now(OTTO, asker()))["roster"] == "FAILED"


def test_a_check_from_the_shell_is_recorded_and_not_posted(rig: Rig, tmp_path: Path) -> None:
    """The shell prints it."""
    checking(rig, tmp_path).unposted("otto at the shell")

    assert rig.recorded() == ["health.check"]
    assert rig.outgoing() == []


def test_a_session_that_is_not_heard_of_fails(rig: Rig) -> None:
    """By name, with its silence."""
    status = rig.venue.status()

    assert heartbeats(status).verdict is Verdict.PASSED
    silent = heartbeats(replace(status, heartbeats={"live-1": 1.0, "live-2": 31.0}))
    assert silent.verdict is Verdict.FAILED
    assert "live-2 for 31 s" in silent.detail


def test_readiness_is_the_bots_checks_and_the_gateways(rig: Rig, tmp_path: Path) -> None:
    """Both in one verdict; without a gateway there is none."""
    checks = desk_checks(rig, tmp_path)
    names = [each.name for each in readiness_report(rig.desk, checks, rig.gateway).checks]
    assert names == [
        *("halt", "roster", "record", "alerts", "disk"),
        *("migrations", "limits", "contacts", "candles", "selftest", "halt drill"),
        *("clock", "gateway settings"),
    ]

    rig.venue.gone = True
    with pytest.raises(TradingError):
        readiness_report(rig.desk, checks, rig.gateway)


def test_looks_are_messages_that_slack_takes(rig: Rig, tmp_path: Path) -> None:
    """Limits, orders, readiness, preview."""
    look = looking(rig, tmp_path)
    ready, preview = look.readiness("live"), look.preview(("ma_crossover", "btc/usd"))
    assert isinstance(ready, View)
    assert isinstance(preview, View)

    for view in (look.risk(), look.orders(), ready, preview):
        check(view)
    assert "*foreign*" in said(look.orders())
    assert "no order now: flat" in said(preview)


@pytest.mark.parametrize("stage", ["", "paper", "x" * 10_000])
def test_readiness_of_another_stage_is_refused_in_words(rig: Rig, tmp_path: Path, stage: str) -> None:
    """With those that there are."""
    told = refusal(looking(rig, tmp_path).readiness(stage))
    assert told.startswith("Readiness of which stage? Type /peak readiness and one of shadow, testnet, live.")
    assert len(told) < 200


def test_a_stage_that_no_exchange_serves_is_not_ready(rig: Rig, tmp_path: Path) -> None:
    """It says where one is named; with one, the same checks are made but the drill of a halt."""
    look = looking(rig, tmp_path)
    assert [each.name for each in look.report(Stage.TESTNET).failed] == ["stage"]
    rig.desk.stages = {"testnet": "kraken"}
    report = look.report(Stage.TESTNET)
    assert [each.name for each in report.failed] == ["migrations"], "these tables were made at no revision"
    names = {each.name for each in look.report(Stage.LIVE).checks} - {each.name for each in report.checks}
    assert names == {"halt drill"}


def test_a_gateway_with_other_settings_fails_readiness(rig: Rig, tmp_path: Path) -> None:
    """The limits on the cards must be those that orders are checked against; it says what to do."""
    checks = desk_checks(rig, tmp_path)
    other = replace(rig.desk, settings_digest="1" * 64)
    found = {each.name: each for each in readiness_report(other, checks, rig.gateway).checks}
    assert found["gateway settings"].verdict is Verdict.FAILED
    assert "Stop the live sessions" in found["gateway settings"].advice
    same = {each.name: each for each in readiness_report(rig.desk, checks, rig.gateway).checks}
    assert same["gateway settings"].verdict is Verdict.PASSED
