"""An account: its balances, and what its open orders hold back."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_UP, Decimal

from trading.practice_exchange.assets import TAKER_FEE, Asset
from trading.practice_exchange.fills import Fill
from trading.practice_exchange.orders import OrderRequest, Side


class Account:
    """The balances of one customer, by asset id."""

    def __init__(self, name: str, balances: Mapping[str, Decimal]) -> None:
        self.name = name
        self.balances: dict[str, Decimal] = dict(balances)

    def balance(self, asset: Asset) -> Decimal:
        """All of one currency, held or free."""
        return self.balances.get(asset.id, Decimal(0))

    def covers(self, fill: Fill) -> bool:
        """Whether the fill leaves no balance below zero."""
        after: dict[str, Decimal] = {}
        for asset, change in fill.changes:
            after[asset.id] = after.get(asset.id, self.balance(asset)) + change
        return all(balance >= 0 for balance in after.values())

    def book(self, fill: Fill) -> None:
        """Move the money of a fill."""
        for asset, change in fill.changes:
            self.balances[asset.id] = self.balance(asset) + change


def hold(request: OrderRequest, remaining: Decimal, price: Decimal) -> tuple[Asset, Decimal]:
    """Tell what an order holds back: for a buy the money and the fee at this price, for a sell the coins."""
    if request.side is Side.BUY:
        money = remaining * price * (1 + TAKER_FEE)
        return request.pair.quote, money.quantize(request.pair.quote.unit, ROUND_UP)
    with_fee = 1 + TAKER_FEE if request.fee_asset is request.pair.base else Decimal(1)
    return request.pair.base, remaining * with_fee


def add_up(holds: Iterable[tuple[Asset, Decimal]]) -> dict[str, Decimal]:
    """Sum holds by asset id."""
    sums: dict[str, Decimal] = {}
    for asset, amount in holds:
        sums[asset.id] = sums.get(asset.id, Decimal(0)) + amount
    return sums
