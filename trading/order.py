"""What a session wants (an intent) and what became of it (an order)."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Buy or sell."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How the venue prices an order."""

    MARKET = "market"
    LIMIT = "limit"


class OrderState(StrEnum):
    """Where an order stands; *denied* is ours, *rejected* the venue's."""

    INTENDED = "intended"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    DENIED = "denied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def may_be_live(self) -> bool:
        """Whether the venue may still be holding this order."""
        return self in (OrderState.INTENDED, OrderState.OPEN, OrderState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a session asks its gateway for; `client_order_id` is unique for ever."""

    client_order_id: str
    session_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An intent with everything that is known of its fate."""

    intent: Intent
    state: OrderState
    created_at: datetime
    deadline: datetime | None = None
    venue_order_id: str | None = None
    filled_quantity: Decimal = Decimal(0)
    reason: str = ""
    updated_at: datetime | None = None

    @property
    def open_quantity(self) -> Decimal:
        """What could still be filled."""
        return self.intent.quantity - self.filled_quantity if self.state.may_be_live else Decimal(0)

    def moved(self, state: OrderState, at: datetime, reason: str = "") -> "Order":
        """The same order in another state."""
        return replace(self, state=state, updated_at=at, reason=reason or self.reason)
