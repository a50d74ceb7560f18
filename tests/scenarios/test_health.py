"""The daily health report, and the same on demand."""

from datetime import timedelta
from pathlib import Path

from tests.scenarios.desk import Desk, open_desk, until


def test_the_report_comes_once_a_day_and_whenever_somebody_asks(tmp_path: Path) -> None:
    """Its hour passed a moment ago: the bot makes up for it at its start, and not again after a kill."""
    with open_desk(tmp_path / "home", health_report=-timedelta(minutes=2)) as desk:
        report = desk.channel("trading-reports").expects("PRACTICE · ✅ Health check PASSED")
        for told in (
            "Equity 25,000.00 USD",
            "PnL today",
            "Exposure",
            "✅ record",
            "✅ venue",
            "Machine: load",
        ):
            report.now_reads(told)
        assert [block["type"] for block in report.blocks][-1] == "image"
        until(lambda: "health.check" in _operations(desk), "No line in operations.log")
        desk.kill_bot()
        desk.start_bot()
        desk.otto.says("/peak status").is_told("Nothing is live")
        desk.verify_silence()
        assert _operations(desk).count("health.check") == 1

        report.now_reads("No approval was ever drilled")
        _drill(desk)
        desk.rita.says("/peak health").is_told("Health check PASSED").told.now_reads("Last approval drill")
        desk.channel("trading-reports").expects("Health check PASSED").now_reads("asked by Rita")
        until(lambda: _operations(desk).count("health.check") == 2, "No line in operations.log")
        assert "Rita" in next(line for line in _operations(desk).splitlines()[::-1] if "health.check" in line)


def _drill(desk: Desk) -> None:
    """Otto asks for an answer, Olivia gives it, Otto finishes it; nothing is started."""
    desk.otto.says("/peak drill approval").sees_form("Drill an approval").submits().is_told("has begun")
    card = desk.channel("trading-approvals").expects(
        "PRACTICE · DRILL · Otto asks for an answer", buttons=["Approve", "Reject", "Withdraw"]
    )
    desk.olivia.is_told("DRILL · Otto asks for an answer")
    desk.olivia.opens_home().sees_home("DRILL · Otto asks for an answer")
    desk.olivia.clicks(desk.olivia.home, "Approve").sees_form("Approve this?").submits().is_told("counted")
    desk.otto.is_told("was approved by Olivia")
    card.thread.expects("Olivia said yes, with a code")
    desk.otto.clicks(card, "Finish the drill").is_told("The drill is over, and nothing was started: approved")
    card.thread.expects("The drill is over")
    card.now_reads("Execution done", buttons=[])
    assert not desk.sessions()


def _operations(desk: Desk) -> str:
    path = desk.home / "logs" / "operations.log"
    return path.read_text() if path.exists() else ""
