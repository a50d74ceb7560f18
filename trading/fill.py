"""One execution at the venue."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.amount import is_positive
from trading.errors import BadFill
from trading.order import Side


@dataclass(frozen=True, slots=True)
class Fill:
    """Part of an order that was executed; `fill_id` is the venue's and unique there.

    `cost` is what it cost or brought by the venue's own rounding, in quote; None where the venue did not say.
    """

    fill_id: str
    client_order_id: str | None
    venue_order_id: str
    session_id: str | None
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    at: datetime
    cost: Decimal | None = None

    def __post_init__(self) -> None:
        for field in ("quantity", "price"):
            if not is_positive(getattr(self, field)):
                raise BadFill(fill_id=self.fill_id, field=field, value=getattr(self, field))
        if not self.fee.is_finite():
            raise BadFill(fill_id=self.fill_id, field="fee", value=self.fee)
        if self.cost is not None and not (self.cost.is_finite() and self.cost >= 0):
            raise BadFill(fill_id=self.fill_id, field="cost", value=self.cost)

    @property
    def notional(self) -> Decimal:
        """What changed hands, in the quote currency: as the venue has it, else quantity times price."""
        return self.quantity * self.price if self.cost is None else self.cost

    @property
    def base(self) -> str:
        """The currency that was bought or sold."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """The currency it was paid in; a derivative's settlement currency is left out."""
        return self.symbol.partition("/")[2].partition(":")[0]

    @property
    def quantity_change(self) -> Decimal:
        """What the position gains, signed, in base: a fee taken in base leaves it too."""
        moved = self.side.sign * self.quantity
        return moved - self.fee if self.fee_currency == self.base else moved
