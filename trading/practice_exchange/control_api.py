"""The practice controls under /practice: look at everything, move the market, break things, add keys.

None of it exists at Kraken; no fault ever touches it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from trading.practice_exchange.assets import PAIRS, Pair, find_pair
from trading.practice_exchange.exchange import Exchange
from trading.practice_exchange.fault_catalogue import described
from trading.practice_exchange.fault_control import ControlError, choice, set_fault
from trading.practice_exchange.keys import MAIN_ACCOUNT, ApiKey, Right
from trading.practice_exchange.order_entry import read_order
from trading.practice_exchange.price_path import Trend

Body = Mapping[str, Any]
Control = Callable[[Exchange, Body, datetime], dict[str, object]]

_SPEED_MAX = 1000
_DIGITS_MAX = 9


def state(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Tell everything at a glance: prices, balances, open orders, timers, faults, keys."""
    return {
        "time": now.isoformat(),
        "status": exchange.faults.system_state,
        "pairs": [_pair_state(exchange, pair, now) for pair in PAIRS.values()],
        "accounts": {account.name: _account_state(exchange, account.name) for account in exchange.accounts()},
        "faults": [
            {
                "kind": fault.kind,
                "value": fault.value,
                "endpoint": fault.endpoint,
                "pair": fault.pair,
                "left": fault.left,
            }
            for fault in exchange.faults.all()
        ],
        "keys": [
            {"key": key.key, "account": key.account, "rights": sorted(key.rights)}
            for key in exchange.keys.all()
        ],
        "calls": len(exchange.journal.all()),
        "rates": exchange.rates.as_json(now),
    }


def market(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Move the market: {pair?, speed?, trend?, price?}; without a pair, all of them."""
    pair = find_pair(str(body["pair"])) if body.get("pair") else None
    price = _decimal(body, "price")
    if price is not None and pair is None:
        raise ControlError("price needs a pair, for example BTC/USD.")
    trend = choice(Trend, body["trend"], "trend") if body.get("trend") else None
    exchange.markets.control(now, pair, _speed(body), trend, price)
    exchange.look(now)
    return {"pairs": [_pair_state(exchange, each, now) for each in ([pair] if pair else PAIRS.values())]}


def fault(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Break something: {kind, count?, value?, endpoint?, pair?}; kind none mends all, count 0 never ends."""
    set_fault(exchange, body, now)
    return state(exchange, {}, exchange.clock())


def faults(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Tell every fault there is, in words, with what can be set about it and whether it is in force."""
    return {"faults": described(exchange.faults)}


def foreign_order(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Place an order that no bot knows of, as if by hand: AddOrder's own parameters, and account."""
    params = {"ordertype": "limit", **{name: str(value) for name, value in body.items()}}
    order = exchange.add_order(params.pop("account", MAIN_ACCOUNT), read_order(params, now), now)
    return {"txid": order.txid, "descr": order.request.text}


def orders(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Tell every call that added or cancelled orders, as it arrived, and every order there has been."""
    return {
        "calls": [call.as_json() for call in exchange.journal.all()],
        "orders": [
            {"txid": order.txid, "account": order.account, **order.as_kraken(with_fills=True)}
            for order in exchange.orders.all()
        ],
    }


def keys(exchange: Exchange, body: Body, now: datetime) -> dict[str, object]:
    """Add a key: {key, secret, rights: [...], account?, ip_allowlist?}."""
    rights = frozenset(choice(Right, word, "rights") for word in body.get("rights", ()))
    key = ApiKey(
        str(body.get("key", "")),
        str(body.get("secret", "")),
        rights,
        str(body.get("account", MAIN_ACCOUNT)),
        tuple(body.get("ip_allowlist", ())),
    )
    if not key.key or not key.secret:
        raise ControlError("A key needs the fields key, secret (base64) and rights.")
    exchange.keys.add(key, now)
    return {"key": key.key, "permissions": key.permissions}


READS: dict[str, Control] = {"state": state, "orders": orders, "faults": faults}
WRITES: dict[str, Control] = {"market": market, "fault": fault, "foreign_order": foreign_order, "keys": keys}


def _pair_state(exchange: Exchange, pair: Pair, now: datetime) -> dict[str, object]:
    path, book = exchange.markets.path(pair), exchange.markets.book(pair, now)
    return {
        "pair": pair.symbol,
        "price": pair.price_text(path.price(now.timestamp())),
        "bid": pair.price_text(book.bid),
        "ask": pair.price_text(book.ask),
        "trend": path.trend,
        "status": exchange.pair_status(pair),
        "speed": path.speed,
    }


def _account_state(exchange: Exchange, name: str) -> dict[str, object]:
    timer = exchange.timer(name)
    return {
        "balances": {asset: str(amount) for asset, amount in exchange.account(name).balances.items()},
        "open_orders": {order.txid: order.as_kraken() for order in exchange.orders.open(name)},
        "timer_fires_at": timer.fires_at.isoformat() if timer.fires_at else None,
        "timer_fired": timer.fired,
    }


def _speed(body: Body) -> float | None:
    speed = _decimal(body, "speed")
    if speed is not None and speed > _SPEED_MAX:
        raise ControlError(f"speed is at most {_SPEED_MAX}.")
    return None if speed is None else float(speed)


def _decimal(body: Body, name: str) -> Decimal | None:
    if body.get(name) is None:
        return None
    try:
        number = Decimal(str(body[name]))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or number <= 0 or number.adjusted() >= _DIGITS_MAX:
        raise ControlError(
            f"{name} must be a positive number of at most {_DIGITS_MAX} digits, not {body[name]!r}."
        )
    return number
