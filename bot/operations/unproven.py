"""The alert that a halt is not proven, and what becomes of it once the venue has proven it."""

from bot.operations.alerts import raise_alert, subject
from bot.operations.desk import Desk
from bot.outbox import Urgency
from bot.storage import Transaction

KIND = "halt.unproven"


def raise_unproven(tx: Transaction, desk: Desk, halt_id: str, exchange: str, why: str) -> None:
    """Send people to the venue: orders may still be open there."""
    raise_alert(
        tx,
        desk,
        f"unproven:{halt_id}:{exchange}",
        KIND,
        "high",
        _title(exchange),
        f"Orders may still be open: {why}. The bot goes on asking.",
        "Look at the venue's own page now and cancel there what is open; the card of the halt follows.",
    )


def tell_proven(tx: Transaction, desk: Desk, exchange: str) -> None:
    """Let the alert, if nobody has taken it yet, say that the proof has come.

    Several halts and accounts share one alert, so it stays as it is until the newest halt is proven whole.
    """
    newest = tx.halts.last()
    if newest is None or not newest.proven:
        return
    alert_id = tx.alerts.went_on(
        KIND,
        _title(exchange),
        f"The halt of {exchange} is proven by now",
        f"Since {tx.now:%H:%M:%S} UTC the venue confirms that no order is open.",
        "Acknowledge this; what is held stands on the halt's card.",
    )
    if alert_id is not None:
        tx.outbox.card(subject(alert_id), desk.channels.alerts, Urgency.NEXT)


def _title(exchange: str) -> str:
    return f"The halt of {exchange} is not proven"
