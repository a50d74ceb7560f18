"""What a gateway tells of its account: prices, limits, orders, checks."""

from collections.abc import Mapping
from typing import Any

from trading.books import Books
from trading.codec import decode
from trading.gate import Gate
from trading.health import Check, Finding, failed, passed, run_checks
from trading.limits import Denial, LimitUse, uses
from trading.loss_watch import said, worst_loss
from trading.order import Intent, OrderState
from trading.session import Stage
from trading.valuation import Valuation
from trading.venue_checks import VenueChecks
from trading.venues.venue import Venue
from trading.wire import OpenOrder


class AccountView:
    """Answers that change nothing."""

    def __init__(
        self,
        venue: Venue,
        books: Books,
        gate: Gate,
        valuation: Valuation,
        checks: VenueChecks,
    ) -> None:
        self._venue = venue
        self._books = books
        self._gate = gate
        self._valuation = valuation
        self._checks = checks

    def check(self, intent: Mapping[str, Any]) -> Denial | None:
        """What the limits say to an intent now."""
        return self._gate.check(decode(Intent, intent))

    def limits_in_use(self) -> tuple[LimitUse, ...]:
        """Each limit and what is used of it."""
        with self._books.lock:
            return uses(self._gate.limits, self._books.exposure, self._valuation.daily())

    def checks(self, stage: str) -> tuple[Check, ...]:
        """What the venue says to a start in this stage."""
        probes = self._checks.probes(stage)
        if stage == Stage.LIVE:
            probes.append(("loss of the day", self._loss))
        return run_checks(probes).checks

    def _loss(self) -> Finding:
        """Whether anything could be opened today."""
        worst, currency = worst_loss(self.limits_in_use()), self._gate.limits.currency
        if worst.used is None:
            return failed(
                "it is not known, so nothing would open", "Wait for the next mark, a minute at most."
            )
        if worst.pages:
            return failed(
                f"it has reached its limit, {said(worst, currency)}", "Nothing opens before the next day."
            )
        return passed(said(worst, currency))

    def orders(self) -> tuple[OpenOrder, ...]:
        """Every open order of the account."""
        listed = []
        for found in self._venue.open_orders():
            ours = self._books.by_venue_id(found.venue_order_id)
            listed.append(
                OpenOrder(
                    ours=ours is not None,
                    venue_order_id=found.venue_order_id,
                    symbol=found.symbol,
                    side=found.side,
                    quantity=found.quantity,
                    filled_quantity=found.filled_quantity,
                    state=OrderState.OPEN,
                    price=found.price,
                    client_order_id=found.client_order_id,
                    session_id=ours.intent.session_id if ours else None,
                )
            )
        return tuple(listed)
