"""Rule 15: by a clock that was set back nothing is asked, counted or carried out, and the desk is told."""

import pytest
from sqlalchemy import update

from approvals.audit_store import AuditStore
from approvals.request import RequestState
from approvals.rows import ENTRY
from bot.errors import DatabaseUnavailable
from bot.operations.clock_watch import WatchClock
from bot.operations.desk import Refused
from bot.operations.requests import ExpireRequests
from bot.storage import Keys, Storage
from tests.approvals.desk import KEY, RITA
from tests.bot.operations.rig import ETH, Rig, refusal


def seen(rig: Rig) -> None:
    """The bot looks at the time, as it does every second."""
    ExpireRequests(rig.storage, rig.desk)()


def test_rule_15_no_expired_request_revives(rig: Rig) -> None:
    """Set back into its life, it takes no vote, and no second request is filed beside it."""
    request = rig.asked()
    with rig.storage.reading():
        rig.clock.passes(minutes=16)
    with rig.storage.reading():  # its time is over, and nobody has tidied it up yet
        rig.clock.passes(minutes=-10)

    assert "it was set back" in refusal(rig.answers(request.id))
    assert "it was set back" in refusal(rig.asks(cause="view:2", symbol=ETH))
    assert rig.read(lambda tx: len(tx.requests.votes(request.id))) == 1
    rig.clock.passes(minutes=12)
    assert rig.request(request.id).state_at(rig.clock()) is RequestState.EXPIRED
    assert isinstance(rig.answers(request.id), Refused)


def test_rule_15_no_grant_lives_longer(rig: Rig) -> None:
    """What was approved is carried out by a clock that goes forward, or not at all."""
    approved = rig.approved()
    rig.clock.passes(minutes=9)
    seen(rig)
    rig.clock.passes(seconds=-6)

    assert "it was set back" in refusal(rig.goes_live(approved.id))
    assert rig.sessions() == []


def test_rule_15_a_small_correction_is_none(rig: Rig) -> None:
    """Five seconds are what a time service may take away."""
    request = rig.asked()
    rig.clock.passes(seconds=10)
    seen(rig)
    rig.clock.passes(seconds=-5)

    assert not isinstance(rig.answers(request.id, RITA), Refused)


def test_rule_15_a_restart_does_not_forget_the_time(rig: Rig) -> None:
    """The record says how late it was."""
    request = rig.asked()
    rig.clock.passes(minutes=5)
    with rig.storage.transaction() as tx:
        tx.note("health.check", "sam", "report-1")
    rig.clock.passes(minutes=-3)
    rig.storage = Storage(rig.storage._database, Keys(KEY, KEY), rig.clock)

    assert "it was set back" in refusal(rig.answers(request.id))


def test_rule_15_a_restart_after_it_was_told_does_not_forget_the_time(rig: Rig) -> None:
    """The row that tells of it is the newest and has the low time; the latest time of all rows counts."""
    request = rig.asked()
    rig.clock.passes(minutes=5)
    with rig.storage.transaction() as tx:
        tx.note("health.check", "sam", "report-1")
    rig.clock.passes(minutes=-3)
    WatchClock(rig.storage, rig.desk)()
    assert rig.recorded()[-1] == "clock.set_back"
    rig.storage = Storage(rig.storage._database, Keys(KEY, KEY), rig.clock)

    assert "it was set back" in refusal(rig.answers(request.id))


def test_rule_15_a_record_that_could_not_be_read_is_asked_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look fails with its transaction; the next one still finds how late it was."""
    request = rig.asked()
    rig.clock.passes(minutes=-3)
    rig.storage = Storage(rig.storage._database, Keys(KEY, KEY), rig.clock)

    def locked(record: AuditStore) -> None:
        raise DatabaseUnavailable(url="sqlite", reason="it is locked")

    with monkeypatch.context() as once:
        once.setattr(AuditStore, "highest_time", locked)
        with pytest.raises(DatabaseUnavailable):
            rig.answers(request.id)

    assert "it was set back" in refusal(rig.answers(request.id))


def test_rule_15_a_damaged_row_keeps_no_time(rig: Rig) -> None:
    """A row whose text is no time is passed over, for by it nothing could be halted any more."""
    request = rig.asked()
    with rig.storage.transaction() as tx:
        tx.note("health.check", "sam", "report-1")
        tx.session.connection().execute(update(ENTRY).where(ENTRY.c.kind == "health.check").values(at="~"))
    rig.clock.passes(minutes=-3)
    rig.storage = Storage(rig.storage._database, Keys(KEY, KEY), rig.clock)

    assert "it was set back" in refusal(rig.answers(request.id))


def test_rule_15_the_desk_is_told_once_each_time(rig: Rig) -> None:
    """A row in the record with both times, an alert of high severity, and neither while it lasts."""
    watch = WatchClock(rig.storage, rig.desk)
    watch()
    assert rig.read(lambda tx: tx.alerts.recent(9)) == []
    rig.clock.passes(minutes=-2)
    watch()
    watch()

    assert rig.recorded() == ["clock.set_back"]
    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert (alert.kind, alert.severity) == ("clock.set_back", "high")
    rig.clock.passes(minutes=3)
    watch()
    rig.clock.passes(minutes=-1)
    watch()
    assert rig.recorded() == ["clock.set_back", "clock.set_back"]
