"""Checks that answer in words."""

from trading.health import Check, Finding, HealthReport, Verdict, failed, passed, run_checks, warned


def test_a_report_passes_when_nothing_failed() -> None:
    """A warning is shown and does not fail it."""
    report = run_checks(
        [("clock", lambda: passed("0.1 s off")), ("disk", lambda: warned("12 % free", "Make room."))]
    )

    assert report.verdict is Verdict.PASSED
    assert report.passed
    assert [check.name for check in report.warned] == ["disk"]
    assert report.in_short == "PASSED: 2 checks"


def test_one_failed_check_fails_the_report() -> None:
    """And is named in the short line."""
    report = run_checks([("clock", lambda: passed("fine")), ("venue", lambda: failed("no answer", "Wait."))])

    assert report.verdict is Verdict.FAILED
    assert [check.name for check in report.failed] == ["venue"]
    assert report.in_short == "FAILED: 2 checks, failed: venue"


def test_a_report_without_checks_has_failed() -> None:
    """Nothing was looked at, so nothing is known."""
    assert run_checks([]).verdict is Verdict.FAILED


def test_a_check_that_raises_has_failed_and_the_others_still_run() -> None:
    """With the sentence of its error."""

    def broken() -> Finding:
        raise OSError("the disk is gone")

    def silent() -> Finding:
        raise ValueError

    report = run_checks([("disk", broken), ("zone", silent), ("clock", lambda: passed("fine"))])

    assert [check.verdict for check in report.checks] == [Verdict.FAILED, Verdict.FAILED, Verdict.PASSED]
    assert report.checks[0].detail == "OSError: the disk is gone"
    assert report.checks[1].detail == "ValueError: nothing more is known"


def test_checks_made_elsewhere_join_a_report() -> None:
    """The gateway's checks count like our own."""
    ours = run_checks([("clock", lambda: passed("fine"))])
    theirs = Check("credentials", Verdict.FAILED, "refused", 12, "Rotate the key.")

    assert not HealthReport.of([*ours.checks, theirs]).passed
    assert all(isinstance(check.duration_ms, int) for check in ours.checks)
