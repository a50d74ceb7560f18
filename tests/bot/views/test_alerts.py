"""An alert says what happened, what to do, and who looks after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.summaries import AlertSummary
from bot.view import check
from bot.views.alerts import ACKNOWLEDGE, alert_card
from bot.views.sessions import HALT
from tests.bot.views.given import ALERT, SOON
from tests.bot.views.reading import buttons, said


def card(alert: AlertSummary) -> str:
    """All that the card says, once Slack would take it."""
    view = alert_card(alert)
    check(view)
    return said(view)


def test_a_new_alert_can_be_taken_and_everything_halted() -> None:
    """Both buttons, the harmless one first."""
    assert buttons(alert_card(ALERT).blocks) == [ACKNOWLEDGE, HALT]
    assert "nobody has acknowledged it yet" in card(ALERT)


def test_an_alert_that_somebody_took_says_who_and_keeps_the_halt() -> None:
    """Acknowledged in words, not only by a missing button."""
    taken = replace(ALERT, acknowledged_by="Rita", acknowledged_at=SOON)

    assert buttons(alert_card(taken).blocks) == [HALT]
    assert "acknowledged by Rita at" in card(taken)
    assert card(taken).splitlines()[0] == f"☑️ Rita has it: {ALERT.title}"


@pytest.mark.parametrize("severity", ["low", "medium", "high", "one that was never heard of"])
def test_severity_stands_in_words(severity: str) -> None:
    """Also one that this program does not know: an alert is never lost for its colour."""
    alert = replace(ALERT, severity=severity)

    assert severity in card(alert)
    assert alert_card(alert).text.startswith(severity.upper())


def test_repeated_trouble_is_one_card_with_a_count() -> None:
    """The channel is not flooded by one fault."""
    assert "7 times" in card(replace(ALERT, times=7))
    assert "times" not in card(ALERT)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("its gateway was lost", "Its gateway was lost."),
        ("no answer within 10 s…", "No answer within 10 s…"),
        ("Is it so?", "Is it so?"),
    ],
)
def test_a_detail_reads_as_a_sentence(detail: str, shown: str) -> None:
    """Whoever reported it wrote half of one."""
    assert shown in card(replace(ALERT, detail=detail)).splitlines()


def test_times_in_a_detail_are_the_readers_own() -> None:
    """UTC stays beside it for the log; a time of before midnight is of the day before; what is none stays."""
    at = datetime(2026, 11, 24, 0, 5, tzinfo=UTC)
    detail = "no bar since 23:58:05 UTC, set at 00:01 UTC, not 27:99 UTC"
    shown = card(replace(ALERT, at=at, detail=detail)).replace("\u2060", "")

    yesterday, today = (int((at - timedelta(seconds=back)).timestamp()) for back in (415, 240))
    assert f"<!date^{yesterday}^{{time_secs}}|23:58:05> (23:58:05 UTC)" in shown
    assert f"<!date^{today}^{{time}}|00:01> (00:01 UTC)" in shown
    assert "not 27:99 UTC" in shown


def test_an_alert_without_detail_or_session_is_whole() -> None:
    """Some trouble is the desk's, not a session's."""
    text = card(replace(ALERT, detail="", advice="", session_id=None))

    assert "No detail" not in text
    assert "session `" not in text
