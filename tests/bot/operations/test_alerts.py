"""Trouble becomes one alert with one card, and somebody takes it."""

import pytest

from approvals.person import Person
from bot.lease import Holder
from bot.operations.alerts import AcknowledgeAlert, raise_alert
from bot.operations.desk import Refused
from bot.summaries import AlertSummary
from bot.troubles import Troubles
from tests.approvals.desk import OTTO, RITA, SAM
from tests.bot.operations.rig import Rig, at_once, refusal


def raised(rig: Rig, key: str = "event-1", title: str = "Order blocked", detail: str = "") -> AlertSummary:
    """Raise an alert in a transaction of its own."""
    with rig.storage.transaction() as tx:
        return raise_alert(tx, rig.desk, key, "order.denied", "medium", title, detail, "Look.", "live-1")


def takes(rig: Rig, alert_id: str, by: Person = RITA) -> AlertSummary | Refused:
    """Press Acknowledge."""
    return AcknowledgeAlert(rig.storage, rig.desk)(by, alert_id)


def test_an_alert_comes_with_its_card(rig: Rig) -> None:
    """In the channel for alerts."""
    alert = raised(rig)

    assert rig.cards() == [f"alert:{alert.id}"]
    assert rig.outgoing("card")[0].lane == "C0ALERTS"


def test_the_same_trouble_is_one_card(rig: Rig) -> None:
    """Counted, not posted again."""
    first, second = raised(rig), raised(rig, "event-2")

    assert (second.id, second.times) == (first.id, 2)
    assert set(rig.cards()) == {f"alert:{first.id}"}


@pytest.mark.parametrize("text", ["x" * 10_000, "a\x00b\nc\u202e", "<!channel>"])
def test_any_words_of_a_venue_can_be_kept(rig_on_both: Rig, text: str) -> None:
    """One error message must not stop all that come after it."""
    alert = raised(rig_on_both, title=text, detail=text)

    found = rig_on_both.read(lambda tx: tx.alerts.get(alert.id))
    assert found == alert
    assert found is not None
    assert len(found.title) <= 200


def test_anybody_on_the_roster_may_take_it(rig: Rig) -> None:
    """Who and when stand on the card and in the record."""
    alert = raised(rig)

    assert isinstance(takes(rig, alert.id, SAM), AlertSummary)
    found = rig.read(lambda tx: tx.alerts.get(alert.id))
    assert found is not None
    assert found.acknowledged_by == "Sam"
    assert rig.recorded() == ["alert.acknowledged"]


def test_the_second_learns_who_was_first(rig: Rig) -> None:
    """Nothing changes."""
    alert = raised(rig)
    takes(rig, alert.id, RITA)

    assert "Rita has acknowledged this already" in refusal(takes(rig, alert.id, OTTO))


def test_many_at_once_are_one_acknowledgement(rig_on_both: Rig) -> None:
    """The record has one row; whoever took it may press again, everybody else learns who was first."""
    rig = rig_on_both
    alert = raised(rig)

    outcomes = at_once([lambda by=by: takes(rig, alert.id, by) for by in (RITA, SAM, OTTO) * 3])

    assert sum(isinstance(outcome, AlertSummary) for outcome in outcomes) == 3
    assert rig.recorded() == ["alert.acknowledged"]


def test_an_alert_that_is_not_there_is_refused_in_words(rig: Rig) -> None:
    """A forged or very old button."""
    assert "no such alert" in refusal(takes(rig, "alert-nowhere"))


def test_strangers_and_a_move_are_alerts_of_their_own(rig: Rig) -> None:
    """Somebody else on our tokens, counted again, is one card; a bot that has moved is another."""
    troubles = Troubles(rig.storage, rig.desk)
    troubles.strangers(2)
    troubles.strangers(1)
    troubles.moved(Holder("b1", 4, "desk", 12, "/srv/one", rig.clock.now, rig.clock.now, given_back=False))

    with rig.storage.reading() as tx:
        found = {alert.kind: alert for alert in tx.alerts.recent(5)}
    assert set(found) == {"slack.strangers", "bot.moved"}
    assert {alert.severity for alert in found.values()} == {"high"}
    assert "process 12 on desk, home /srv/one" in found["bot.moved"].detail
