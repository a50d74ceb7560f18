"""How a report of checks is printed, and how the command ends then."""

from typing import Any

from bot.command_line.output import Exit, Output


def show_report(output: Output, word: str, report: Any) -> None:
    """Print every check with its verdict and what to do; ends with 1 unless all passed."""
    document = {
        "verdict": str(report.verdict),
        "checks": [
            {
                "name": c.name,
                "verdict": str(c.verdict),
                "detail": c.detail,
                "duration_ms": c.duration_ms,
                "advice": c.advice,
            }
            for c in report.checks
        ],
    }
    rows = [(c.name, str(c.verdict), c.detail, c.advice) for c in report.checks]
    warnings = sum(check.verdict == "WARNED" for check in report.checks)
    title = f"{word}: {report.verdict}" + (f", warnings: {warnings}" if warnings else "")
    output.table(document, title, ("check", "verdict", "detail", "what to do"), rows)
    if report.verdict != "PASSED":
        raise SystemExit(Exit.CHECK_SAID_NO)
