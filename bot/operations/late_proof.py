"""A proof that came after its halt was on record without it: the cards say so."""

from dataclasses import replace
from decimal import Decimal

from bot.operations.clearing import RECENT, clearing_request
from bot.operations.desk import Desk
from bot.operations.halt import subject
from bot.operations.unproven import tell_proven
from bot.outbox import Urgency
from bot.storage import Transaction
from bot.summaries import HaltOutcome, HaltStep
from trading.events import TradingEvent


def take_late_proof(tx: Transaction, desk: Desk, event: TradingEvent) -> None:
    """Write an account's proof into each halt that stands without it; one still awaited is left alone."""
    for halt in tx.halts.recent(RECENT):
        missing = [o for o in halt.outcomes if o.exchange == event.facts["exchange"] and not o.proven]
        if not missing or halt.at > event.at or clearing_request(tx, halt) is not None:
            continue
        outcomes = tuple(_proven(o, event) if o in missing else o for o in halt.outcomes)
        tx.halts.save(replace(halt, outcomes=outcomes))
        tx.outbox.card(subject(halt.id), desk.channels.ops, Urgency.FIRST)
        tell_proven(tx, desk, event.facts["exchange"])


def _proven(outcome: HaltOutcome, event: TradingEvent) -> HaltOutcome:
    facts = event.facts
    return HaltOutcome(
        exchange=outcome.exchange,
        steps=tuple(HaltStep(name, at_ms) for name, at_ms in facts["steps"]),
        proven=True,
        open_orders=facts["orders_open"],
        held=tuple(sorted((asset, Decimal(amount)) for asset, amount in facts["held"].items())),
        detail=facts["detail"],
        proven_at=event.at,
        foreign=outcome.foreign + facts.get("foreign", 0),
    )
