"""The report: verdict first, then what changed; what is not known is called unknown."""

from dataclasses import replace
from decimal import Decimal

from bot.summaries import CheckLine, HealthSummary
from bot.view import check
from bot.views.health import chart_description, health_report
from tests.bot.views.given import HEALTH, SESSION
from tests.bot.views.reading import said

FAILED = replace(
    HEALTH,
    verdict="FAILED",
    checks=(*HEALTH.checks, CheckLine("gateway kraken", "FAILED", "it does not answer", "Look at it.", 10)),
)


def report(health: HealthSummary) -> str:
    """All that the report says, once Slack would take it."""
    view = health_report(health)
    check(view)
    return said(view)


def test_the_verdict_comes_first() -> None:
    """On the card and on the lock screen."""
    assert report(replace(HEALTH, checks=HEALTH.checks[:1])).startswith("✅ Health check PASSED\n")
    assert report(FAILED).startswith("❌ Health check FAILED")
    assert health_report(replace(HEALTH, checks=HEALTH.checks[:1])).text == (
        "Health check PASSED: 1 checks, none failed"
    )
    assert health_report(FAILED).text == "Health check FAILED: 3 checks, failed: gateway kraken; warned: disk"


def test_a_warning_is_no_plain_pass() -> None:
    """Alerts that nobody has looked at must not stand below a green mark."""
    assert report(HEALTH).startswith("⚠️ Health check PASSED, 1 warning\n")
    assert health_report(HEALTH).text == "Health check PASSED, 1 warning: 2 checks, warned: disk"


def test_money_shows_the_change_since_the_last_report() -> None:
    """With the day and hour of that report, which need not be yesterday's; a first report has none."""
    text = report(HEALTH)
    assert "*Equity* 10,010.50 USD (+10.50 USD since <!date" in text
    assert "|2026-11-23 09:00> (09:00 UTC))" in text
    assert "since" not in report(replace(HEALTH, equity_before=None, before_at=None)).partition("\n*PnL")[0]


def test_a_large_desk_is_reported_whole() -> None:
    """Sessions and failed checks that one section would not hold go on in the next."""
    sessions = tuple(replace(SESSION, symbol=f"S{number:03}/USD") for number in range(80))
    failed = tuple(
        CheckLine(f"check-{number:02}", "FAILED", f"{number} {'d' * 200}", "Do this. " * 9, 1)
        for number in range(20)
    )
    text = report(replace(HEALTH, sessions=sessions, checks=failed))

    assert [session.symbol for session in sessions if session.symbol not in text] == []
    assert [check.name for check in failed if check.name not in text] == []


def test_what_could_not_be_read_is_unknown() -> None:
    """A silent gateway gives no noughts."""
    names = ("equity", "daily_pnl", "realised", "unrealised", "fees", "exposure")
    text = report(replace(HEALTH, **dict.fromkeys(names)))

    assert "*Equity* unknown" in text
    assert "*PnL today* unknown\n" in text
    assert "*All sessions so far* realised unknown, unrealised unknown, fees unknown" in text
    assert "*Exposure* unknown" in text


def test_advice_stands_only_where_something_is_wrong() -> None:
    """A passed check is one short line."""
    text = report(FAILED)

    assert "✅ halt: not engaged\n" in text
    assert "⚠️ disk: 12% free _Free some room._" in text
    assert "❌ gateway kraken: it does not answer _Look at it._" in text


def test_sessions_are_listed_with_their_state() -> None:
    """Each open session in a line."""
    assert "🟢 BTC/USD ma_crossover live running, +1.50 USD" in report(HEALTH)
    assert "*Sessions*" not in report(replace(HEALTH, sessions=()))


def test_a_hundred_checks_and_sessions_still_fit() -> None:
    """A long report is cut, never refused."""
    report(replace(HEALTH, checks=FAILED.checks * 40, sessions=(SESSION,) * 100))


def test_the_chart_is_described_for_people_who_cannot_see_it() -> None:
    """First, lowest, highest, last."""
    told = chart_description(replace(HEALTH, points=(*HEALTH.points, (HEALTH.at, Decimal(9990)))))

    assert "first 10000.00, lowest 9990.00, highest 10010.50, last 9990.00" in told
    assert chart_description(replace(HEALTH, points=())) == "Equity chart: no marks yet."
