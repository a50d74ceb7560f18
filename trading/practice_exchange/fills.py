"""One fill: what changed hands, at what price, for what fee."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from trading.practice_exchange.assets import MAKER_FEE, TAKER_FEE, Asset
from trading.practice_exchange.orders import Order, Side


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that was executed; `fee_in_quote` is the fee's worth in the quote currency."""

    txid: str
    number: int
    order: Order
    at: datetime
    price: Decimal
    volume: Decimal
    cost: Decimal
    fee: Decimal
    fee_in_quote: Decimal
    is_maker: bool

    @property
    def changes(self) -> tuple[tuple[Asset, Decimal], ...]:
        """What it does to the balances of the account, the fee apart at the end."""
        pair = self.order.request.pair
        sign = 1 if self.order.request.side is Side.BUY else -1
        return (
            (pair.base, sign * self.volume),
            (pair.quote, -sign * self.cost),
            (self.order.request.fee_asset, -self.fee),
        )

    def as_kraken(self) -> dict[str, object]:
        """Write the fill as TradesHistory and QueryTrades do; the fee is given in the quote currency."""
        request, pair = self.order.request, self.order.request.pair
        return {
            "ordertxid": self.order.txid,
            "postxid": self.txid,
            "pair": pair.id,
            "time": self.at.timestamp(),
            "type": str(request.side),
            "ordertype": str(request.type),
            "price": pair.price_text(self.price),
            "cost": pair.cost_text(self.cost),
            "fee": pair.cost_text(self.fee_in_quote),
            "vol": pair.volume_text(self.volume),
            "margin": pair.cost_text(Decimal(0)),
            "leverage": "0",
            "misc": "",
            "trade_id": self.number,
            "maker": self.is_maker,
            "cl_ord_id": request.cl_ord_id,
        }


def make_fill(
    txid: str, number: int, order: Order, at: datetime, price: Decimal, volume: Decimal, *, is_maker: bool
) -> Fill:
    """Price a fill: cost and fee are rounded half up to the digits of their currency."""
    pair, fee_asset = order.request.pair, order.request.fee_asset
    rate = MAKER_FEE if is_maker else TAKER_FEE
    cost = (price * volume).quantize(pair.quote.unit, ROUND_HALF_UP)
    fee_in_quote = (cost * rate).quantize(pair.quote.unit, ROUND_HALF_UP)
    fee = fee_in_quote if fee_asset is pair.quote else (volume * rate).quantize(fee_asset.unit, ROUND_HALF_UP)
    return Fill(txid, number, order, at, price, volume, cost, fee, fee_in_quote, is_maker)
