"""What the gateway asks of a venue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import Protocol

from trading.candles import Candle
from trading.equity import Transfer
from trading.errors import VenueError
from trading.fill import Fill
from trading.instrument import Instrument
from trading.order import Intent, Side
from trading.session import Stage
from trading.trade import Trade


class OrderPlaced(VenueError):
    """The venue placed an order that it was only to check: {detail}. Everything is halted; look there."""

    severity = "high"


class VenueStatus(StrEnum):
    """What the venue lets anybody do at the moment."""

    ONLINE = "online"
    MAINTENANCE = "maintenance"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"


@dataclass(frozen=True, slots=True)
class Ticker:
    """The best prices of one market, in the quote currency, and when the venue last changed any of them."""

    symbol: str
    bid: Decimal
    ask: Decimal
    at: datetime

    @property
    def mid(self) -> Decimal:
        """Halfway between bid and ask."""
        return (self.bid + self.ask) / 2


class VenueOrderState(StrEnum):
    """What the venue says became of an order."""

    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be executed."""
        return self in (VenueOrderState.CLOSED, VenueOrderState.CANCELED, VenueOrderState.EXPIRED)


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue knows it, whoever sent it."""

    venue_order_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    state: VenueOrderState
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a key may do at the venue; None where the venue does not say."""

    may_trade: bool | None
    may_withdraw: bool | None
    detail: str = ""


class Turn(Protocol):
    """The right to be the one who speaks over a connection: a lock that its holder may take again."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Wait for it; False when the time ran out."""

    def release(self) -> None:
        """Give it to the next."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Venue(Protocol):
    """One account at one venue.

    Every call raises a `VenueError` when it fails; none of them ever takes a missing answer for an empty one.
    """

    name: str
    validate_only: bool
    """Whether orders are only checked by the venue and none is ever placed."""
    stages: frozenset[Stage]
    """The stages whose orders it takes: real ones, checked ones or paper ones."""

    def pace_order(self) -> None:
        """Wait until one more order is not too many; done before the turn, so that nobody waits behind it."""

    def pace_stop(self) -> None:
        """Wait until the questions of one more stop leave the venue's patience for a halt."""

    def turn(self) -> Turn:
        """Wait for this account's connection and hold it: one call at a time per key, in order."""

    def time(self) -> datetime:
        """The venue's own clock."""

    def status(self) -> VenueStatus:
        """Whether the venue is open for business."""

    def instruments(self) -> Mapping[str, Instrument]:
        """All markets by symbol, read afresh."""

    def ticker(self, symbol: str) -> Ticker:
        """The market's best prices now."""

    def candles(self, symbol: str, timeframe: str, since: datetime | None = None) -> Sequence[Candle]:
        """Candles oldest first; the last one is not closed yet."""

    def trades(self, symbol: str, after_ns: int) -> tuple[Sequence[Trade], int]:
        """Public trades later than a moment in Unix nanoseconds, oldest first: one page of them.

        The number is the moment that the next page begins after; an empty page says that there are no more.
        """

    def balances(self) -> Mapping[str, Decimal]:
        """Everything in the account by asset, what open orders hold included."""

    def transfers(self, since: datetime) -> Sequence[Transfer]:
        """What was paid in and out after that moment, fees of paying included."""

    def send(self, intent: Intent, deadline: datetime) -> str | None:
        """Send an order once and give the venue's id; arriving after the deadline it is dropped there.

        None says that the venue checked the order and placed none: that is what a testnet does. Raises
        `OrderPlaced` when it placed one all the same.
        """

    def cancel(self, venue_order_id: str) -> None:
        """Cancel one order; one that is gone already is no error."""

    def cancel_all(self) -> int:
        """Cancel every order of the account, whoever sent it, and say how many."""

    def open_orders(self) -> Sequence[VenueOrder]:
        """Every open order of the account, from a validated reply."""

    def find_order(self, client_order_id: str) -> VenueOrder | None:
        """The order with this client id, open or closed."""

    def orders_called(self, venue_order_ids: Sequence[str]) -> Mapping[str, VenueOrder]:
        """The orders with these ids of the venue's, open or closed; one it does not know is left out."""

    def cancelled_since(self, at: datetime) -> Sequence[VenueOrder]:
        """Every order of the account that was cancelled from then on."""

    def fills(self, since: datetime) -> Sequence[Fill]:
        """Executions from then on, oldest first, without our own ids for order and session."""

    def arm_timer(self, timeout_s: int) -> None:
        """Let the venue cancel everything unless it hears from us in time."""

    def disarm_timer(self) -> None:
        """Take the dead-man timer back."""

    def key_rights(self) -> KeyRights:
        """What the key may do."""
