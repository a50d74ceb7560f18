"""What trading reports reaches the desk, and one event that cannot be shown keeps no other from it."""

from pathlib import Path

import pytest

from bot.projector import FAILURES_MAX, Projector
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig
from trading.events import EventKind, TradingEvent
from trading.store import OrderStore


def test_an_event_that_cannot_be_shown_is_set_aside(tmp_path: Path) -> None:
    """A fill without figures fails its batch; then it alone is left out, and an alert names its key."""
    rig = Rig(open_database(tmp_path), tmp_path)
    session = rig.live_session()
    spoilt = TradingEvent("spoilt-fill", EventKind.FILL, rig.clock(), session.id, {})
    lost = TradingEvent("lost-1", EventKind.GATEWAY_LOST, rig.clock(), None, {"detail": "it is gone"})
    with rig.storage.transaction() as tx:
        tx.events.add(spoilt)
        tx.events.add(lost)
    projector = Projector(rig.storage, rig.desk)

    for _ in range(FAILURES_MAX):
        with pytest.raises(Exception, match=r"symbol|side|quantity"):
            projector.project()
    projector.project()

    assert rig.read(lambda tx: tx.events.unprojected(10)) == []
    alerts = {alert.kind: alert for alert in rig.read(lambda tx: tx.alerts.recent(10))}
    assert alerts["event.unprojected"].severity == "high"
    assert "spoilt-fill" in alerts["event.unprojected"].detail
    assert alerts[EventKind.GATEWAY_LOST].detail == "it is gone"
    assert EventKind.GATEWAY_LOST in rig.recorded()


def test_an_accepted_order_is_told_without_reading_all_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write lock is held meanwhile; only a session's first order is called so."""
    rig = Rig(open_database(tmp_path), tmp_path)
    session = rig.live_session()
    monkeypatch.delattr(OrderStore, "by_session")
    projector = Projector(rig.storage, rig.desk)
    facts = {"symbol": "BTC/USD", "side": "buy", "quantity": "1", "type": "market", "price": "1"}
    for number in range(2):
        rig.bought(session, "0.001")
        event = TradingEvent(f"order-{number}", EventKind.ORDER_ACCEPTED, rig.clock(), session.id, facts)
        with rig.storage.transaction() as tx:
            tx.events.add(event)
        projector.project()

    assert ["First order" in row.body["text"] for row in rig.outgoing("post")] == [True, False]
