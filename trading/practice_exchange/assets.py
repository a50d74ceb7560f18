"""The currencies and pairs that this exchange lists, with Kraken's names and minima."""

from dataclasses import dataclass
from decimal import Decimal

from trading.practice_exchange.errors import KrakenError

TAKER_FEE = Decimal("0.0026")
MAKER_FEE = Decimal("0.0016")


@dataclass(frozen=True, slots=True)
class Asset:
    """One currency; `money_decimals` is how many digits its balances and fees are kept with."""

    id: str
    altname: str
    decimals: int
    display_decimals: int
    money_decimals: int

    @property
    def unit(self) -> Decimal:
        """The smallest amount of it that a balance can change by."""
        return Decimal(1).scaleb(-self.money_decimals)


@dataclass(frozen=True, slots=True)
class Pair:
    """One market; `liveliness` scales how far its natural price path swings."""

    id: str
    altname: str
    wsname: str
    symbol: str
    base: Asset
    quote: Asset
    pair_decimals: int
    ordermin: Decimal
    costmin: Decimal
    first_price: Decimal
    level_volume: Decimal
    liveliness: float
    lot_decimals: int = 8
    cost_decimals: int = 5

    @property
    def tick(self) -> Decimal:
        """The smallest step between two prices."""
        return Decimal(1).scaleb(-self.pair_decimals)

    @property
    def lot(self) -> Decimal:
        """The smallest step between two volumes."""
        return Decimal(1).scaleb(-self.lot_decimals)

    def price_text(self, price: Decimal) -> str:
        """Write a price with all the decimals of the pair."""
        return f"{price:.{self.pair_decimals}f}"

    def volume_text(self, volume: Decimal) -> str:
        """Write a volume with all the decimals of the pair."""
        return f"{volume:.{self.lot_decimals}f}"

    def cost_text(self, cost: Decimal) -> str:
        """Write an amount of the quote currency with all its decimals."""
        return f"{cost:.{self.cost_decimals}f}"


BTC = Asset("XXBT", "XBT", 10, 5, 10)
ETH = Asset("XETH", "ETH", 10, 5, 10)
USD = Asset("ZUSD", "USD", 4, 2, 5)
EUR = Asset("ZEUR", "EUR", 4, 2, 5)
USDT = Asset("USDT", "USDT", 8, 4, 8)

ASSETS: dict[str, Asset] = {asset.id: asset for asset in (BTC, ETH, USD, EUR, USDT)}

_BTC_MIN, _ETH_MIN = Decimal("0.00005"), Decimal("0.001")
_USD_MIN, _EUR_MIN = Decimal("0.5"), Decimal("0.45")

PAIRS: dict[str, Pair] = {
    pair.id: pair
    for pair in (
        Pair("XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD", BTC, USD, 1, _BTC_MIN, _USD_MIN,
             Decimal("64800"), Decimal("1.2"), 1.0),
        Pair("XXBTZEUR", "XBTEUR", "XBT/EUR", "BTC/EUR", BTC, EUR, 1, _BTC_MIN, _EUR_MIN,
             Decimal("60000"), Decimal("0.9"), 1.0),
        Pair("XETHZUSD", "ETHUSD", "ETH/USD", "ETH/USD", ETH, USD, 2, _ETH_MIN, _USD_MIN,
             Decimal("3240"), Decimal("18"), 1.3),
        Pair("XETHZEUR", "ETHEUR", "ETH/EUR", "ETH/EUR", ETH, EUR, 2, _ETH_MIN, _EUR_MIN,
             Decimal("3000"), Decimal("14"), 1.3),
        Pair("ZEURZUSD", "EURUSD", "EUR/USD", "EUR/USD", EUR, USD, 5, Decimal("0.5"), _USD_MIN,
             Decimal("1.08"), Decimal("25000"), 0.05),
        Pair("USDTZUSD", "USDTUSD", "USDT/USD", "USDT/USD", USDT, USD, 5, Decimal("5"), _USD_MIN,
             Decimal("1.0001"), Decimal("60000"), 0.005),
    )
}  # fmt: skip

_BY_NAME = {
    name: pair for pair in PAIRS.values() for name in (pair.id, pair.altname, pair.wsname, pair.symbol)
}

STARTING_BALANCES: dict[str, Decimal] = {
    USD.id: Decimal("100000"),
    EUR.id: Decimal("100000"),
    BTC.id: Decimal("1"),
    ETH.id: Decimal("10"),
}


def find_pair(name: str) -> Pair:
    """Find a pair by any of its names: XXBTZUSD, XBTUSD, XBT/USD, BTC/USD."""
    pair = _BY_NAME.get(name.strip().upper())
    if pair is None:
        raise KrakenError("EQuery:Unknown asset pair")
    return pair
