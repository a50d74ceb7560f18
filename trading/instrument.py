"""What can be traded, and in which steps."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from trading.amount import is_positive
from trading.errors import BadInstrument


@dataclass(frozen=True, slots=True)
class Instrument:
    """A market with the steps and minimums the venue enforces; prices in `quote`, quantities in `base`."""

    symbol: str
    base: str
    quote: str
    price_step: Decimal
    quantity_step: Decimal
    quantity_min: Decimal
    cost_min: Decimal
    online: bool = True

    def __post_init__(self) -> None:
        for field in ("price_step", "quantity_step"):
            if not is_positive(getattr(self, field)):
                raise BadInstrument(symbol=self.symbol, field=field, value=getattr(self, field))
        for field in ("quantity_min", "cost_min"):
            if getattr(self, field) != 0 and not is_positive(getattr(self, field)):
                raise BadInstrument(symbol=self.symbol, field=field, value=getattr(self, field))

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Cut a quantity down to the venue's step, never up."""
        return (quantity / self.quantity_step).to_integral_value(ROUND_DOWN) * self.quantity_step

    def round_price(self, price: Decimal) -> Decimal:
        """Bring a price to the nearest step of the venue."""
        return (price / self.price_step).to_integral_value(ROUND_HALF_EVEN) * self.price_step

    def accepts(self, quantity: Decimal, price: Decimal) -> bool:
        """Whether an order of this size is large enough for the venue."""
        return quantity > 0 and quantity >= self.quantity_min and quantity * price >= self.cost_min
