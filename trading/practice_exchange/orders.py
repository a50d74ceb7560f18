"""One order: what was asked for, how far it has got, and how Kraken writes it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.practice_exchange.assets import Asset, Pair


class Side(StrEnum):
    """Which way."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """At the market or at a price."""

    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    """Until cancelled, at once or not at all, all or nothing, until a time."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class OrderStatus(StrEnum):
    """Where an order stands, in Kraken's words."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What an AddOrder call asks for, checked; `price` is None for a market order."""

    pair: Pair
    side: Side
    type: OrderType
    volume: Decimal
    price: Decimal | None = None
    oflags: tuple[str, ...] = ("fciq",)
    userref: int | None = None
    cl_ord_id: str | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expire_at: datetime | None = None
    deadline: datetime | None = None
    validate: bool = False

    @property
    def text(self) -> str:
        """The sentence that Kraken makes of an order: sell 0.5 ETHUSD @ limit 3300.00."""
        price = "" if self.price is None else f" {self.pair.price_text(self.price)}"
        return f"{self.side} {self.pair.volume_text(self.volume)} {self.pair.altname} @ {self.type}{price}"

    @property
    def fee_asset(self) -> Asset:
        """The currency the fee is taken in."""
        return self.pair.base if "fcib" in self.oflags else self.pair.quote


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the exchange took in; `slices` are the volumes still to fill, one after another."""

    txid: str
    account: str
    request: OrderRequest
    opened_at: datetime
    next_fill_at: datetime
    slices: tuple[Decimal, ...]
    rested: bool = False
    status: OrderStatus = OrderStatus.OPEN
    closed_at: datetime | None = None
    reason: str | None = None
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    fills: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.status is OrderStatus.OPEN

    @property
    def remaining(self) -> Decimal:
        """The volume not filled yet."""
        return self.request.volume - self.filled

    @property
    def average_price(self) -> Decimal:
        """The mean price of its fills, 0 without any."""
        return self.cost / self.filled if self.filled else Decimal(0)

    def as_kraken(self, *, with_fills: bool = False) -> dict[str, object]:
        """Write the order as OpenOrders, ClosedOrders and QueryOrders do."""
        request, pair = self.request, self.request.pair
        fee_decimals = pair.cost_decimals if request.fee_asset is pair.quote else pair.base.money_decimals
        answer: dict[str, object] = {
            "refid": None,
            "userref": request.userref,
            "status": str(self.status),
            "opentm": self.opened_at.timestamp(),
            "starttm": 0,
            "expiretm": request.expire_at.timestamp() if request.expire_at else 0,
            "descr": {
                "pair": pair.altname,
                "type": str(request.side),
                "ordertype": str(request.type),
                "price": "0" if request.price is None else pair.price_text(request.price),
                "price2": "0",
                "leverage": "none",
                "order": request.text,
                "close": "",
            },
            "vol": pair.volume_text(request.volume),
            "vol_exec": pair.volume_text(self.filled),
            "cost": pair.cost_text(self.cost),
            "fee": f"{self.fee:.{fee_decimals}f}",
            "price": f"{self.average_price:.{max(5, pair.pair_decimals)}f}",
            "stopprice": "0.00000",
            "limitprice": "0.00000",
            "misc": "",
            "oflags": ",".join(request.oflags),
        }
        if request.cl_ord_id is not None:
            answer["cl_ord_id"] = request.cl_ord_id
        if self.closed_at is not None:
            answer |= {"closetm": self.closed_at.timestamp(), "reason": self.reason}
        if with_fills and self.fills:
            answer["trades"] = list(self.fills)
        return answer
