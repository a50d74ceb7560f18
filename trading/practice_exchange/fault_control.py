"""Setting faults: what was asked for is checked against the catalogue, put in force, or done at once."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from trading.practice_exchange.assets import ASSETS, find_pair
from trading.practice_exchange.exchange import Exchange
from trading.practice_exchange.fault_catalogue import CATALOGUE
from trading.practice_exchange.faults import EVENTS, STANDING, Fault, FaultKind
from trading.practice_exchange.keys import MAIN_ACCOUNT
from trading.practice_exchange.order_entry import read_order

CLOCK_OFF_S_MAX = 3600
BARS_LOST_MAX = 700
QUIET_MINUTES_MAX = 720
JUMP_PERCENT_MIN, JUMP_PERCENT_MAX = -90, 900
_NUMBERS_MAX = Decimal(1_000_000_000)
_OFF_MARKET = {"buy": Decimal("0.98"), "sell": Decimal("1.02")}


class ControlError(ValueError):
    """A control was asked for something it cannot do; the message says what it can."""


def set_fault(exchange: Exchange, body: Mapping[str, Any], now: datetime) -> None:
    """Break something, or mend all with the kind `none`: {kind, value?, count?, endpoint?, pair?, ...}."""
    if body.get("kind") == "none":
        mend(exchange)
        return
    kind = choice(FaultKind, body.get("kind"), "kind")
    wanted = _Wanted(kind, body)
    if kind in EVENTS:
        _HAPPENINGS[kind](exchange, wanted, now)
    elif kind in STANDING:
        _stand(exchange, wanted, now)
    else:
        count = wanted.count()
        if kind is FaultKind.DELAY_S and wanted.number("value") < 0:
            raise ControlError("value of delay_s is seconds, 0 or more.")
        endpoint = str(body["endpoint"]) if body.get("endpoint") else None
        exchange.faults.add(Fault(kind, wanted.text("value"), endpoint, count or None))


def mend(exchange: Exchange) -> None:
    """Let everything work again; what has happened stays so."""
    exchange.faults.clear()
    exchange.set_clock_off(timedelta(0))


def choice(words: Any, word: object, name: str) -> Any:
    """Read one of the words; raises ControlError naming them all."""
    try:
        return words(word)
    except ValueError:
        raise ControlError(f"{name} cannot be {word!r}; it is one of {', '.join(words)}.") from None


class _Wanted:
    """What was asked for of one kind, with the defaults of the catalogue for the rest."""

    def __init__(self, kind: FaultKind, body: Mapping[str, Any]) -> None:
        self.kind = kind
        self._body = body

    def text(self, name: str) -> str:
        """A field as text, one of its choices where it has any; raises ControlError."""
        field = CATALOGUE[self.kind].field(name)
        if field is None:
            return str(self._body.get(name) or "")
        given = str(self._body.get(name) or field.default)
        if field.choices and given not in field.choices:
            raise ControlError(f"{name} of {self.kind} is one of {', '.join(field.choices)}.")
        return given

    def number(self, name: str) -> Decimal:
        """A field as a number; raises ControlError."""
        try:
            number = Decimal(self.text(name))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > _NUMBERS_MAX:
            raise ControlError(f"{name} of {self.kind} must be a number, not {self.text(name)!r}.")
        return number

    def count(self) -> int:
        """How many calls it meets."""
        given = self._body.get("count")
        text = "1" if given in (None, "") else str(given)
        if not text.isascii() or not text.isdigit() or len(text) > len(str(_NUMBERS_MAX)):
            raise ControlError("count must be 1 or more calls, or 0 for all calls until it is mended.")
        return int(text)


def _stand(exchange: Exchange, wanted: _Wanted, now: datetime) -> None:
    """Put a state in force that lasts until it is mended."""
    kind, value = wanted.kind, wanted.text("value")
    if kind is FaultKind.CLOCK_OFF_S:
        off_s = wanted.number("value")
        if abs(off_s) > CLOCK_OFF_S_MAX:
            raise ControlError(f"value of {kind} is at most {CLOCK_OFF_S_MAX} seconds, ahead or behind.")
        exchange.set_clock_off(timedelta(seconds=float(off_s)))
    if kind is FaultKind.BARS_LOST and wanted.number("value") not in range(1, BARS_LOST_MAX + 1):
        raise ControlError(f"value of {kind} is 1 to {BARS_LOST_MAX} bars.")
    if kind is FaultKind.STALLED_TICKER:
        value = str(now.timestamp())
    pair = find_pair(wanted.text("pair")) if CATALOGUE[kind].field("pair") else None
    exchange.faults.add(Fault(kind, value, left=None, pair=pair.symbol if pair else None))
    if kind is FaultKind.DELISTED and pair is not None:
        exchange.delist(pair)


def _no_trades(exchange: Exchange, wanted: _Wanted, now: datetime) -> None:
    pair, minutes = find_pair(wanted.text("pair")), wanted.number("value")
    if not 0 < minutes <= QUIET_MINUTES_MAX:
        raise ControlError(f"value of {wanted.kind} is at most {QUIET_MINUTES_MAX} minutes.")
    until_s = now.timestamp()
    exchange.markets.tape(pair).silence(until_s - float(minutes) * 60, until_s)


def _jump(exchange: Exchange, wanted: _Wanted, now: datetime) -> None:
    pair, percent = find_pair(wanted.text("pair")), wanted.number("value")
    if not JUMP_PERCENT_MIN <= percent <= JUMP_PERCENT_MAX:
        raise ControlError(f"value of {wanted.kind} is {JUMP_PERCENT_MIN} to {JUMP_PERCENT_MAX} percent.")
    price = exchange.markets.path(pair).price(now.timestamp()) * (1 + percent / 100)
    exchange.markets.control(now, pair, price=price.quantize(pair.tick))
    exchange.look(now)


def _foreign_order(exchange: Exchange, wanted: _Wanted, now: datetime) -> None:
    pair, side = find_pair(wanted.text("pair")), wanted.text("side")
    mid = exchange.markets.path(pair).price(now.timestamp())
    params = {
        "pair": pair.id,
        "type": side,
        "ordertype": "limit",
        "volume": wanted.text("value"),
        "price": str((mid * _OFF_MARKET[side]).quantize(pair.tick)),
    }
    exchange.add_order(MAIN_ACCOUNT, read_order(params, now), now)


def _deposit(exchange: Exchange, wanted: _Wanted, now: datetime) -> None:
    name = {"BTC": "XBT"}.get(wanted.text("asset"), wanted.text("asset"))
    asset = next(asset for asset in ASSETS.values() if asset.altname == name)
    amount = wanted.number("value").quantize(asset.unit)
    balance = exchange.account(MAIN_ACCOUNT).balance(asset) + amount
    if not amount or balance < 0:
        raise ControlError(f"value of {wanted.kind} must leave the account with something, not {balance}.")
    exchange.pay(MAIN_ACCOUNT, asset, amount, now)


_HAPPENINGS: dict[FaultKind, Callable[[Exchange, _Wanted, datetime], None]] = {
    FaultKind.NO_TRADES: _no_trades,
    FaultKind.PRICE_JUMP: _jump,
    FaultKind.FOREIGN_ORDER: _foreign_order,
    FaultKind.DEPOSIT: _deposit,
}
