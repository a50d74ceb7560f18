"""What the account would be exposed to if every open order filled, as running totals."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from trading.amount import is_positive
from trading.fill import Fill
from trading.order import Intent, Order, Side

_ZERO = Decimal(0)
_ONE = Decimal(1)

# Worst cases are kept to this step, rounded up, so that adding and taking away never leaves a rest.
_STEP = Decimal("1e-8")


class After(NamedTuple):
    """The worst cases with one more order, in the currency of the limits; None is unknown."""

    symbol: Decimal | None
    total: Decimal | None


@dataclass(slots=True)
class _Reservation:
    """What is left of one open order; price in quote."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


class _Line:
    """One symbol: the position, its mark, and the sums of its open orders by side, in quote."""

    __slots__ = ("buying", "buys", "mark", "position", "rate", "selling", "sells", "worst")

    def __init__(self, rate: Decimal | None) -> None:
        self.position = _ZERO
        self.mark: Decimal | None = None
        self.rate = rate
        self.buys = self.sells = _ZERO  # quantities
        self.buying = self.selling = _ZERO  # what they would cost and bring
        self.worst: Decimal | None = _ZERO

    def worst_with(self, buying: Decimal, selling: Decimal) -> Decimal | None:
        """The worst case with this much open on each side, or None when it cannot be priced."""
        if not self.position:
            held = _ZERO
            if not (buying or selling):
                return _ZERO
        elif self.mark is None:
            return None
        else:
            held = self.position * self.mark
        if self.rate is None:
            return None
        return (max(abs(held + buying), abs(held - selling)) * self.rate).quantize(_STEP, ROUND_UP)

    def room_to_reduce(self, side: Side) -> Decimal:
        """How much of this side would only bring the position nearer to flat."""
        against, taken = (self.position, self.sells) if side is Side.SELL else (-self.position, self.buys)
        return max(_ZERO, against - taken)


class Exposure:
    """Positions and open orders of one account, kept so that a check costs the same however many there are.

    Not for use by two threads: whoever checks holds a lock until the order is reserved or let go.
    """

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._lines: dict[str, _Line] = {}
        self._reservations: dict[str, _Reservation] = {}
        self._unpriced: set[str] = set()
        self._total = _ZERO

    @property
    def total(self) -> Decimal | None:
        """The worst cases of all symbols added up, or None when one of them is unknown."""
        return None if self._unpriced else self._total

    @property
    def unpriced(self) -> AbstractSet[str]:
        """The symbols whose exposure is unknown for want of a price or a rate."""
        return self._unpriced

    @property
    def largest_symbol(self) -> Decimal | None:
        """The largest worst case of one symbol, or None when one of them is unknown."""
        worst = [line.worst for line in self._lines.values()]
        known = [value for value in worst if value is not None]
        return None if len(known) < len(worst) else max(known, default=_ZERO)

    @property
    def largest_order(self) -> Decimal | None:
        """The largest open order's notional, or None when one of them has no rate."""
        largest = _ZERO
        for reservation in self._reservations.values():
            rate = self.rate(reservation.symbol)
            if rate is None:
                return None
            largest = max(largest, reservation.quantity * reservation.price * rate)
        return largest

    def position(self, symbol: str) -> Decimal:
        """The signed quantity held."""
        line = self._lines.get(symbol)
        return line.position if line else _ZERO

    def rate(self, symbol: str) -> Decimal | None:
        """What one unit of the symbol's quote is worth in the currency of the limits, None when unknown."""
        line = self._lines.get(symbol)
        return line.rate if line else self._own_rate(symbol)

    def symbol_exposure(self, symbol: str) -> Decimal | None:
        """The worst case of one symbol, None when it is unknown."""
        line = self._lines.get(symbol)
        return line.worst if line else _ZERO

    def hold(self, symbol: str, quantity: Decimal) -> None:
        """Set the position as the reconciled books say."""
        line = self._line(symbol)
        line.position = quantity
        self._settle(symbol, line)

    def mark(self, symbol: str, price: Decimal | None, rate: Decimal | None = None) -> None:
        """Price a symbol anew; None or NaN says that the price is not known any more.

        `rate` turns its quote into the currency of the limits; a quote in that currency needs none.
        """
        line = self._line(symbol)
        line.mark = price if is_positive(price) else None
        line.rate = self._own_rate(symbol) or (rate if is_positive(rate) else None)
        self._settle(symbol, line)

    def opening_quantity(self, intent: Intent) -> Decimal:
        """The part of an order that opens: what goes beyond the position less its open reducing orders."""
        line = self._lines.get(intent.symbol)
        if line is None or not line.position:
            return intent.quantity
        return max(_ZERO, intent.quantity - line.room_to_reduce(intent.side))

    def after(self, intent: Intent, price: Decimal) -> After:
        """The worst cases if this order were open too; nothing is changed."""
        line = self._lines.get(intent.symbol)
        before = line.worst if line else _ZERO
        line = line or _Line(self._own_rate(intent.symbol))
        cost = intent.quantity * price
        if intent.side is Side.BUY:
            worst = line.worst_with(line.buying + cost, line.selling)
        else:
            worst = line.worst_with(line.buying, line.selling + cost)
        if worst is None or self._unpriced:
            return After(worst, None)
        return After(worst, self._total - (before or _ZERO) + worst)

    def reserve(self, order: Order, price: Decimal) -> None:
        """Count what is open of an order, at its price in quote, until it is filled or released."""
        intent = order.intent
        if intent.client_order_id in self._reservations:
            self.release(intent.client_order_id)
        if order.open_quantity > 0:
            self._reservations[intent.client_order_id] = _Reservation(
                intent.symbol, intent.side, order.open_quantity, price
            )
            self._count(intent.symbol, intent.side, order.open_quantity, price)

    def release(self, client_order_id: str) -> None:
        """Stop counting what is left of an order that can fill no more; harmless when said twice."""
        left = self._reservations.pop(client_order_id, None)
        if left is not None:
            self._count(left.symbol, left.side, -left.quantity, left.price)

    def fill(self, fill: Fill) -> None:
        """Move what was filled from the open orders into the position; a fill nobody reserved counts too."""
        left = self._reservations.get(fill.client_order_id or "")
        if left is not None:
            filled = min(fill.quantity, left.quantity)
            left.quantity -= filled
            self._count(left.symbol, left.side, -filled, left.price)
            if not left.quantity:
                del self._reservations[fill.client_order_id or ""]
        line = self._line(fill.symbol)
        line.position += fill.quantity_change
        self._settle(fill.symbol, line)

    def _count(self, symbol: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        line = self._line(symbol)
        if side is Side.BUY:
            line.buys += quantity
            line.buying += quantity * price
        else:
            line.sells += quantity
            line.selling += quantity * price
        self._settle(symbol, line)

    def _settle(self, symbol: str, line: _Line) -> None:
        """Bring the totals in line with one changed symbol."""
        if line.worst is not None:
            self._total -= line.worst
        line.worst = line.worst_with(line.buying, line.selling)
        if line.worst is None:
            self._unpriced.add(symbol)
        else:
            self._unpriced.discard(symbol)
            self._total += line.worst

    def _line(self, symbol: str) -> _Line:
        line = self._lines.get(symbol)
        if line is None:
            line = self._lines[symbol] = _Line(self._own_rate(symbol))
        return line

    def _own_rate(self, symbol: str) -> Decimal | None:
        quote = symbol.partition("/")[2].partition(":")[0]
        return _ONE if quote == self.currency else None
