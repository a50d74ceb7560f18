"""What is held, what it cost and what came of it, folded from fills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trading.amount import is_positive
from trading.errors import UnknownPrice
from trading.fill import Fill

# A share of the cost is cut to this many decimals, so that every later sum is exact: what one step
# takes from the cost it gives to the profit, to the last digit.
_COST_STEP = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Position:
    """The holding in one symbol at average cost; money in quote, quantities in base, below zero is short.

    Profit stands before fees: what was earned is `realised_pnl - fees`. A fee taken in base leaves the
    quantity and counts in `fees` at the fill's price. `other_fees` are those in a third currency.
    """

    symbol: str
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    realised_pnl: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    other_fees: tuple[tuple[str, Decimal], ...] = ()

    @property
    def quote(self) -> str:
        """The currency of its money."""
        return self.symbol.partition("/")[2].partition(":")[0]

    @property
    def average_price(self) -> Decimal | None:
        """What one unit cost, or None when nothing is held."""
        return self.cost / self.quantity if self.quantity else None

    def unrealised_pnl(self, price: Decimal) -> Decimal:
        """What closing at this price would earn, before fees."""
        return self.quantity * price - self.cost

    def apply(self, fill: Fill) -> "Position":
        """The position after one more fill: adding changes the average, reducing realises against it."""
        change = fill.quantity_change
        closing = _closing_part(self.quantity, change)
        cost_closed = self._cost_of(closing)
        paid_closing, paid_opening = _paid(fill, closing, change)
        return replace(
            self,
            quantity=self.quantity + change,
            cost=self.cost + cost_closed + paid_opening,
            realised_pnl=self.realised_pnl - paid_closing + cost_closed,
            fees=self.fees + _fee_in_quote(fill),
            other_fees=self._with_other_fee(fill),
        )

    def _cost_of(self, closing: Decimal) -> Decimal:
        """The cost that leaves with a closing change, with the sign of that change."""
        if closing == -self.quantity:
            return -self.cost
        return (self.cost * closing / self.quantity).quantize(_COST_STEP)

    def _with_other_fee(self, fill: Fill) -> tuple[tuple[str, Decimal], ...]:
        if fill.fee == 0 or fill.fee_currency in (fill.base, fill.quote):
            return self.other_fees
        fees = dict(self.other_fees)
        fees[fill.fee_currency] = fees.get(fill.fee_currency, Decimal(0)) + fill.fee
        return tuple(sorted(fees.items()))


def _closing_part(quantity: Decimal, change: Decimal) -> Decimal:
    """How much of a change goes against what is held; what goes beyond opens the other way."""
    if quantity * change >= 0:
        return Decimal(0)
    return change if abs(change) <= abs(quantity) else -quantity


def _paid(fill: Fill, closing: Decimal, change: Decimal) -> tuple[Decimal, Decimal]:
    """What was paid for the closing part of a change and for the rest of it, together exact."""
    moved = fill.side.sign * fill.quantity
    paid = fill.side.sign * fill.notional + (change - moved) * fill.price  # a fee in base leaves at the price
    if closing in (0, change):
        return (paid, Decimal(0)) if closing else (Decimal(0), paid)
    part = (paid * closing / change).quantize(_COST_STEP)
    return part, paid - part


def _fee_in_quote(fill: Fill) -> Decimal:
    if fill.fee_currency == fill.quote:
        return fill.fee
    return fill.fee * fill.price if fill.fee_currency == fill.base else Decimal(0)


@dataclass(frozen=True, slots=True)
class Pnl:
    """Profit and its price in one currency; `total` is what the account gained."""

    realised: Decimal
    unrealised: Decimal
    fees: Decimal

    @property
    def total(self) -> Decimal:
        """Realised and unrealised profit less fees."""
        return self.realised + self.unrealised - self.fees


class Book:
    """The positions of one account, each fill applied in the order in which it happened."""

    def __init__(self, fills: Iterable[Fill] = ()) -> None:
        self._positions: dict[str, Position] = {}
        for fill in fills:
            self.apply(fill)

    @classmethod
    def of(cls, positions: Iterable[Position]) -> "Book":
        """The book with these positions in it."""
        book = cls()
        book._positions = {position.symbol: position for position in positions}
        return book

    def apply(self, fill: Fill) -> Position:
        """Add one fill that is not in the book yet."""
        position = self.position(fill.symbol).apply(fill)
        self._positions[fill.symbol] = position
        return position

    def position(self, symbol: str) -> Position:
        """The position in a symbol, an empty one where nothing was ever traded."""
        return self._positions.get(symbol) or Position(symbol)

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every symbol that was ever traded, by name."""
        return tuple(self._positions[symbol] for symbol in sorted(self._positions))

    def pnl(self, currency: str, prices: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> Pnl:
        """Profit over all symbols in one currency; `rates` turn a quote into it, prices are in quote.

        Raises `UnknownPrice` when a price or a rate that is needed is missing.
        """
        realised, fees = self.settled(currency, rates)
        unrealised = Decimal(0)
        for position in self._positions.values():
            price = prices.get(position.symbol) if position.quantity else Decimal(1)
            if not is_positive(price):
                raise UnknownPrice(symbol=position.symbol, currency=currency)
            unrealised += position.unrealised_pnl(price) * _rate(position, currency, rates)
        return Pnl(realised, unrealised, fees)

    def settled(self, currency: str, rates: Mapping[str, Decimal]) -> tuple[Decimal, Decimal]:
        """Realised profit and fees in one currency, for which nothing held needs a price.

        Raises `UnknownPrice` when a rate is missing.
        """
        realised = fees = Decimal(0)
        for position in self._positions.values():
            rate = _rate(position, currency, rates)
            realised += position.realised_pnl * rate
            fees += position.fees * rate
        return realised, fees


def _rate(position: Position, currency: str, rates: Mapping[str, Decimal]) -> Decimal:
    rate = Decimal(1) if position.quote == currency else rates.get(position.quote)
    if rate is None or not is_positive(rate):
        raise UnknownPrice(symbol=position.symbol, currency=currency)
    return rate
