"""What has to be so before a start: each check says what it found, and what to do."""

import socket
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.operations.selftest import note_selftest
from bot.operations.start_checks import StartChecks, limits_fit
from bot.summaries import HaltSummary
from tests.bot.operations.rig import Rig
from trading.health import Check, Finding, HealthReport, Verdict
from trading.limits import RiskLimits
from trading.session import Stage

HOST = socket.gethostname()
LIMITS = RiskLimits("USD", Decimal(100), Decimal(200), Decimal(400), Decimal(50), Decimal(5))


def found(rig: Rig, name: str, stage: Stage = Stage.LIVE) -> Finding:
    """What one check finds now."""
    return dict(StartChecks(rig.storage, rig.desk, rig.venue.candles).probes(stage))[name]()


def has_tested(rig: Rig, verdict: Verdict = Verdict.PASSED, host: str = HOST) -> None:
    """Have a self-test made."""
    report = HealthReport.of([Check("modules", verdict, "", 1)])
    note_selftest(rig.storage, rig.desk, report, host, "Otto at the shell")


@pytest.fixture
def real(rig: Rig) -> Rig:
    """Give a desk that is not for practice."""
    rig.desk.practice = False
    return rig


def test_a_selftest_counts_on_its_host_and_day_with_its_code(real: Rig) -> None:
    """The newest one, and only if it passed; each refusal says what to do."""
    assert found(real, "selftest").detail == f"none has been made on {HOST}"
    has_tested(real, host="elsewhere")
    assert found(real, "selftest").verdict is Verdict.FAILED
    has_tested(real)
    assert found(real, "selftest").verdict is Verdict.PASSED
    version, real.desk.code_version = real.desk.code_version, "0.2.0+another"
    assert "not 0.2.0+another" in found(real, "selftest").detail
    real.desk.code_version = version
    real.clock.now += timedelta(days=1)
    assert "not today" in found(real, "selftest").detail
    has_tested(real, Verdict.FAILED)
    assert "failed: modules" in found(real, "selftest").detail
    assert found(real, "selftest").advice == "Run peak-ops selftest on this machine."


def test_a_halt_is_drilled_within_thirty_days(real: Rig) -> None:
    """Any halt is one; only a live start asks for it."""
    assert "nobody has halted" in found(real, "halt drill").detail
    with real.storage.transaction() as tx:
        tx.halts.save(HaltSummary("halt-1", "Sam", "drill", tx.now, 3, (), ()))
    assert found(real, "halt drill").verdict is Verdict.PASSED
    real.clock.now += timedelta(days=31)
    assert found(real, "halt drill").verdict is Verdict.FAILED
    assert "halt drill" not in dict(
        StartChecks(real.storage, real.desk, real.venue.candles).probes(Stage.SHADOW)
    )


def test_a_practice_desk_is_excused_in_words(rig: Rig) -> None:
    """It is begun anew each time, and has nothing to lose."""
    for name in ("selftest", "halt drill"):
        assert found(rig, name).verdict is Verdict.PASSED
        assert found(rig, name).detail.endswith("; a practice desk needs none")


def test_candles_are_fresh_and_whole(rig: Rig) -> None:
    """A bar that is missing, or none that is new, is told by its symbol."""
    assert found(rig, "candles").verdict is Verdict.PASSED
    minute = rig.clock.now.replace(second=0, microsecond=0)
    rig.venue.lost_bars = {minute - timedelta(minutes=back) for back in (5, 6)}
    assert "BTC/USD: 2 bars are missing" in found(rig, "candles").detail
    rig.venue.lost_bars = {minute - timedelta(minutes=back) for back in range(9)}
    assert "BTC/USD: no bar since" in found(rig, "candles").detail


def test_those_who_may_decide_can_be_reached(rig: Rig) -> None:
    """Who cannot is named; it warns, for a start may be asked for by those who are awake."""
    people = rig.desk.roster.persons
    rig.desk.roster = replace(
        rig.desk.roster, persons=tuple(replace(each, contact="+49 1") for each in people)
    )
    assert found(rig, "contacts").verdict is Verdict.PASSED
    rig.desk.roster = replace(rig.desk.roster, persons=tuple(replace(each, contact=None) for each in people))
    assert (found(rig, "contacts").verdict, "Otto" in found(rig, "contacts").detail) == (Verdict.WARNED, True)


@pytest.mark.parametrize(
    ("changes", "stage", "verdict"),
    [
        ({}, Stage.LIVE, Verdict.PASSED),
        ({"max_order_notional": Decimal(300)}, Stage.SHADOW, Verdict.WARNED),
        ({"max_symbol_exposure": Decimal(500)}, Stage.TESTNET, Verdict.WARNED),
        ({"max_daily_loss_pct": Decimal(11)}, Stage.LIVE, Verdict.FAILED),
        ({"max_daily_loss_pct": Decimal(11)}, Stage.TESTNET, Verdict.PASSED),
        ({"max_daily_loss_abs": Decimal(401)}, Stage.LIVE, Verdict.WARNED),
    ],
)
def test_limits_agree_and_are_small_where_money_is_real(
    changes: dict[str, Decimal], stage: Stage, verdict: Verdict
) -> None:
    """A day may lose a tenth at most; one that is never reached warns: each can be tightened alone."""
    assert limits_fit(replace(LIMITS, **changes), stage).verdict is verdict
