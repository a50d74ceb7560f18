"""Raising alerts inside somebody's transaction, and acknowledging them."""

from approvals.payload import one_line
from approvals.person import Person
from bot.operations.desk import Desk, Refused
from bot.outbox import Urgency
from bot.records import new_id
from bot.storage import Storage, Transaction
from bot.summaries import AlertSummary

TITLE_MAX, DETAIL_MAX = 200, 2_000


def subject(alert_id: str) -> str:
    """The card of an alert."""
    return f"alert:{alert_id}"


def raise_alert(
    tx: Transaction,
    desk: Desk,
    key: str,
    kind: str,
    severity: str,
    title: str,
    detail: str,
    advice: str,
    session_id: str | None = None,
) -> AlertSummary:
    """Save an alert and its card with whatever else this transaction does."""
    alert = AlertSummary(
        id=new_id("alert"),
        kind=kind,
        severity=severity,
        title=one_line(title, TITLE_MAX),
        detail=one_line(detail, DETAIL_MAX),
        advice=advice,
        at=tx.now,
        session_id=session_id,
    )
    saved = tx.alerts.raise_alert(alert, key)
    tx.outbox.card(subject(saved.id), desk.channels.alerts, Urgency.NEXT)
    return saved


class AcknowledgeAlert:
    """Note who looks after an alert."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def __call__(self, actor: Person, alert_id: str) -> AlertSummary | Refused:
        """First come, first noted; everybody on the roster may. Said again by the same person it is done."""
        with self._storage.transaction() as tx:
            alert = tx.alerts.get(alert_id)
            if alert is None:
                return Refused("There is no such alert, so nothing was changed.")
            if alert.acknowledged_by == actor.name:
                return alert
            if not tx.alerts.acknowledge(alert_id, actor.name, tx.now):
                return Refused(f"{alert.acknowledged_by} has acknowledged this already. Nothing was changed.")
            tx.note("alert.acknowledged", actor.id, alert_id, title=alert.title)
            tx.outbox.card(subject(alert_id), self._desk.channels.alerts, Urgency.NEXT)
            return alert
