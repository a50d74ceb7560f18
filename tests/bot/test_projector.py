"""What trading reports reaches the desk, and one event that cannot be shown keeps no other from it."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot.operations.halt import RecordHalt
from bot.projector import FAILURES_MAX, Projector
from bot.summaries import AlertSummary
from bot.views.halt import halt_card
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig
from tests.bot.views.reading import said
from trading.events import EventKind, TradingEvent
from trading.session import SessionState, TradingSession
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

    assert ["First order" in row.body["text"] for row in rig.announced()] == [True, False]


def alerts_of(rig: Rig, *events: TradingEvent) -> list[AlertSummary]:
    """The alerts that these events raise, newest first."""
    with rig.storage.transaction() as tx:
        for event in events:
            tx.events.add(event)
    Projector(rig.storage, rig.desk).project()
    return rig.read(lambda tx: tx.alerts.recent(10))


def failed(rig: Rig, session: TradingSession) -> TradingEvent:
    """A session whose process was killed."""
    with rig.storage.transaction() as tx:
        tx.sessions.move(session, session.moved(SessionState.FAILED, tx.now, "its process is gone"))
    facts = {"reason": "its process is gone", "pid": 4711}
    return TradingEvent("failed-1", EventKind.SESSION_FAILED, rig.clock(), session.id, facts)


def silent(rig: Rig, session: TradingSession) -> TradingEvent:
    """The same session, not heard of."""
    facts = {"symbol": "BTC/USD", "open_orders": 1}
    return TradingEvent("silent-1", EventKind.SESSION_SILENT, rig.clock(), session.id, facts)


def test_an_alert_names_its_symbol_and_what_happened(tmp_path: Path) -> None:
    """Whoever is woken reads which session it is, since when, and which process is gone."""
    rig = Rig(open_database(tmp_path), tmp_path)
    session = rig.live_session()
    lost = TradingEvent(
        "lost-1", EventKind.GATEWAY_LOST, rig.clock(), None, {"exchange": "kraken", "pid": 4712}
    )
    (alert,) = alerts_of(rig, silent(rig, session))
    assert alert.title == "A session fell silent: BTC/USD"
    assert alert.detail == f"No sign of life since {rig.clock():%H:%M:%S} UTC. Open orders: 1."
    told = {alert.title: alert.detail for alert in alerts_of(rig, lost)}
    assert "process 4712" in told["The gateway was lost: kraken"]


@pytest.mark.parametrize("reason", ["no answer within 10 s", "no answer within 10 s."])
def test_an_alert_about_an_order_says_which(tmp_path: Path, reason: str) -> None:
    """An order whose fate is unknown is looked for at the venue, and that needs its ids."""
    rig = Rig(open_database(tmp_path), tmp_path)
    facts = {"client_order_id": "c-1", "venue_order_id": "OABC-1", "symbol": "BTC/USD", "side": "buy"}
    facts |= {"quantity": "0.002", "reason": reason, "type": "market"}
    session = rig.live_session()
    event = TradingEvent("o-1", EventKind.ORDER_UNKNOWN, rig.clock(), session.id, facts)
    (alert,) = alerts_of(rig, event)
    assert alert.detail == (
        "no answer within 10 s. Order: buy 0.002 BTC/USD at the market price; ours c-1, at the venue OABC-1"
    )


@pytest.mark.parametrize("together", [True, False])
def test_one_killed_process_raises_one_alert(tmp_path: Path, together: bool) -> None:
    """It falls silent and has failed: the failure is what stands there, whether told at once or later."""
    rig = Rig(open_database(tmp_path), tmp_path)
    session = rig.live_session()
    if not together:
        alerts_of(rig, silent(rig, session))
    (alert,) = alerts_of(rig, *([silent(rig, session)] if together else []), failed(rig, session))

    assert (alert.title, alert.times) == ("A session failed: BTC/USD", 1)
    assert alert.detail == "its process is gone (process 4711)"
    assert "/peak orders" in alert.advice


def test_a_venue_error_names_the_venue(tmp_path: Path) -> None:
    """The name of the error is for the runbook, and stands in the detail."""
    rig = Rig(open_database(tmp_path), tmp_path)
    facts = {"exchange": "kraken", "error": "ExchangeNetworkError", "detail": "The venue answers 502."}
    (alert,) = alerts_of(rig, TradingEvent("e-1", EventKind.VENUE_ERROR, rig.clock(), None, facts))

    assert (alert.title, alert.detail) == (
        "Venue error: kraken",
        "ExchangeNetworkError: The venue answers 502.",
    )


def test_a_proof_that_came_later_is_on_the_card_of_its_halt(tmp_path: Path) -> None:
    """The halts that stand without it have it, with its time; one after it, and other accounts, have not."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.venue.proven = False
    record = RecordHalt(rig.storage, rig.desk, ("kraken", "krakenfutures"), rig.venue.halt)
    halt = record("sam", "odd", rig.clock(), 3)
    rig.clock.passes(seconds=20)
    proven_at = rig.clock()
    facts = {"exchange": "kraken", "steps": [["proof", 40]], "orders_open": 0, "held": {"BTC": "0.12"}}
    with rig.storage.transaction() as tx:
        proof = {**facts, "proven": True, "detail": ""}
        tx.events.add(TradingEvent("halt.proven:1", EventKind.HALT_PROVEN, proven_at, None, proof))
    rig.clock.passes(seconds=20)
    later = record("sam", "odd again", rig.clock(), 3)
    Projector(rig.storage, rig.desk).project()

    first, other = rig.read(lambda tx: tx.halts.get(halt.id)).outcomes
    assert (first.proven, first.proven_at, first.held) == (True, proven_at, (("BTC", Decimal("0.12")),))
    assert not other.proven
    assert rig.read(lambda tx: tx.halts.get(later.id)) == later
    text = said(halt_card(rig.read(lambda tx: tx.halts.get(halt.id))))
    assert "0 orders, proven by the venue" in text
    assert "later than it was asked for" in text
    assert EventKind.HALT_PROVEN in rig.recorded()
