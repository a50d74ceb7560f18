"""Kraken's private endpoints: money, orders, fills, the timer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from trading.practice_exchange.assets import ASSETS, MAKER_FEE, PAIRS, TAKER_FEE, USD, Asset, Pair, find_pair
from trading.practice_exchange.errors import KrakenError, invalid_argument
from trading.practice_exchange.exchange import Exchange
from trading.practice_exchange.keys import ApiKey, Right
from trading.practice_exchange.order_entry import read_order
from trading.practice_exchange.orders import Order
from trading.practice_exchange.params import Params, is_true, seconds_param, whole_param

Item = TypeVar("Item")

_PAGE = 50
_ORDERS_MAX, _TRADES_MAX = 50, 20


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call; `arrived_at` may lie before `now` when it had to wait.

    `late_fills` is the share of what is left of an order that fills before its cancellation arrives.
    """

    exchange: Exchange
    key: ApiKey
    params: Params
    arrived_at: datetime
    now: datetime
    late_fills: Decimal = Decimal(0)

    @property
    def account(self) -> str:
        """The account that the key belongs to."""
        return self.key.account


Endpoint = Callable[[Call], Any]


def answer(call: Call, endpoint: str) -> Any:
    """Answer one private call; raises KrakenError."""
    if endpoint not in ENDPOINTS:
        raise KrakenError("EGeneral:Unknown method")
    rights, handler = ENDPOINTS[endpoint]
    if rights and not rights & call.key.rights:
        raise KrakenError("EGeneral:Permission denied")
    if call.exchange.faults.system_state == "maintenance":
        raise KrakenError("EService:Unavailable")
    return handler(call)


def api_key_info(call: Call) -> dict[str, object]:
    """Answer GetApiKeyInfo, which every key may ask."""
    return call.exchange.keys.info(call.key)


def balance(call: Call) -> dict[str, str]:
    """Answer Balance."""
    account = call.exchange.account(call.account)
    return {asset_id: _money(ASSETS[asset_id], amount) for asset_id, amount in account.balances.items()}


def balance_ex(call: Call) -> dict[str, dict[str, str]]:
    """Answer BalanceEx: with each balance, what open orders hold back of it."""
    account, held = call.exchange.account(call.account), call.exchange.held(call.account)
    return {
        asset_id: {
            "balance": _money(ASSETS[asset_id], amount),
            "hold_trade": _money(ASSETS[asset_id], held.get(asset_id, Decimal(0))),
        }
        for asset_id, amount in account.balances.items()
    }


def trade_balance(call: Call) -> dict[str, str]:
    """Answer TradeBalance: everything the account owns, in dollars at the mid prices."""
    account = call.exchange.account(call.account)
    total = sum(
        (_in_usd(call, asset_id, amount) for asset_id, amount in account.balances.items()), Decimal(0)
    )
    worth = f"{total:.4f}"
    return dict.fromkeys(("eb", "tb", "e", "mf"), worth) | dict.fromkeys(("m", "n", "c", "v"), "0.0000")


def add_order(call: Call) -> dict[str, object]:
    """Answer AddOrder; an order that is only validated gets no txid."""
    call.exchange.rates.order(call.account, find_pair(call.params.get("pair", "")).id, call.now)
    request = read_order(call.params, call.arrived_at)
    description = {"order": request.text}
    if request.validate:
        call.exchange.check_order(call.account, request)
        return {"descr": description}
    order = call.exchange.add_order(call.account, request, call.now)
    return {"descr": description, "txid": [order.txid]}


def cancel_order(call: Call) -> dict[str, int]:
    """Answer CancelOrder, by txid, client order id or userref."""
    return {"count": _cancelled(call, _named_open_orders(call, call.params))}


def cancel_order_batch(call: Call) -> dict[str, int]:
    """Answer CancelOrderBatch; orders that are not open are passed over."""
    names = [value for name, value in call.params.items() if name.startswith(("orders[", "cl_ord_ids["))]
    if not 0 < len(names) <= _ORDERS_MAX:
        raise invalid_argument("orders")
    named = {order.txid: order for name in names for order in _open_orders_called(call, name)}
    return {"count": _cancelled(call, named.values())}


def cancel_all(call: Call) -> dict[str, int]:
    """Answer CancelAll: every open order of the account."""
    return {"count": _cancelled(call, call.exchange.orders.open(call.account))}


def cancel_all_after(call: Call) -> dict[str, str]:
    """Answer CancelAllOrdersAfter; the trigger time is 0 once disarmed."""
    if "timeout" not in call.params:
        raise invalid_argument("timeout")
    fires_at = call.exchange.timer(call.account).wind(whole_param(call.params, "timeout", 0), call.now)
    return {"currentTime": _rfc3339(call.now), "triggerTime": _rfc3339(fires_at) if fires_at else "0"}


def open_orders(call: Call) -> dict[str, object]:
    """Answer OpenOrders."""
    keep = _filter(call.params)
    orders = [order for order in call.exchange.orders.open(call.account) if keep(order)]
    return {"open": _by_txid(orders, call.params)}


def closed_orders(call: Call) -> dict[str, object]:
    """Answer ClosedOrders: newest first, fifty a page, opened or closed between `start` and `end`."""
    keep = _filter(call.params)
    start, end = seconds_param(call.params, "start"), seconds_param(call.params, "end")

    def is_wanted(order: Order) -> bool:
        if order.closed_at is None or not keep(order):
            return False
        return _between(order.opened_at, start, end) or _between(order.closed_at, start, end)

    orders = call.exchange.orders.newest_first(call.account, is_wanted)
    return {"closed": _by_txid(_page(orders, call.params), call.params), "count": len(orders)}


def query_orders(call: Call) -> dict[str, object]:
    """Answer QueryOrders, by comma separated txids or by one client order id."""
    keep = _filter(call.params)
    if call.params.get("txid"):
        found = (call.exchange.orders.get(txid) for txid in _txids(call.params, _ORDERS_MAX))
        orders = [order for order in found if order and order.account == call.account and keep(order)]
        if not orders:
            raise KrakenError("EOrder:Unknown order")
        return _by_txid(orders, call.params)
    if "cl_ord_id" not in call.params:
        raise invalid_argument("txid")
    return _by_txid(call.exchange.orders.newest_first(call.account, keep), call.params)


def trades_history(call: Call) -> dict[str, object]:
    """Answer TradesHistory: newest first, fifty a page, between `start` and `end`."""
    start, end = seconds_param(call.params, "start"), seconds_param(call.params, "end")
    every = call.exchange.orders.fills_newest_first(call.account)
    fills = [fill for fill in every if _between(fill.at, start, end)]
    return {
        "trades": {fill.txid: fill.as_kraken() for fill in _page(fills, call.params)},
        "count": len(fills),
    }


def query_trades(call: Call) -> dict[str, object]:
    """Answer QueryTrades, by comma separated txids."""
    found = (call.exchange.orders.fill(txid) for txid in _txids(call.params, _TRADES_MAX))
    fills = [fill for fill in found if fill and fill.order.account == call.account]
    if not fills:
        raise KrakenError("EQuery:Unknown trade")
    return {fill.txid: fill.as_kraken() for fill in fills}


def ledgers(call: Call) -> dict[str, object]:
    """Answer Ledgers: money that came or went without a trade, newest first, fifty a page."""
    start, end = seconds_param(call.params, "start"), seconds_param(call.params, "end")
    wanted = call.params.get("type", "all")
    entries = [
        payment
        for payment in reversed(call.exchange.payments)
        if payment.account == call.account
        and wanted in ("all", payment.type)
        and _between(payment.at, start, end)
    ]
    return {
        "ledger": {entry.ledger_id: entry.as_kraken() for entry in _page(entries, call.params)},
        "count": len(entries),
    }


def trade_volume(call: Call) -> dict[str, object]:
    """Answer TradeVolume: one fee for everybody, whatever the volume."""
    names = call.params.get("pair", "")
    pairs = [call.exchange.pair(name) for name in names.split(",")] if names else []
    return {
        "currency": USD.id,
        "volume": "0.0000",
        "fees": {pair.id: _fee(TAKER_FEE) for pair in pairs},
        "fees_maker": {pair.id: _fee(MAKER_FEE) for pair in pairs},
    }


_QUERY = frozenset({Right.QUERY})
_TRADE = frozenset({Right.TRADE})
_CANCEL = frozenset({Right.CANCEL, Right.TRADE})

ENDPOINTS: dict[str, tuple[frozenset[Right], Endpoint]] = {
    "GetApiKeyInfo": (frozenset(), api_key_info),
    "Balance": (_QUERY, balance),
    "BalanceEx": (_QUERY, balance_ex),
    "TradeBalance": (_QUERY, trade_balance),
    "OpenOrders": (_QUERY, open_orders),
    "ClosedOrders": (_QUERY, closed_orders),
    "QueryOrders": (_QUERY, query_orders),
    "TradesHistory": (_QUERY, trades_history),
    "QueryTrades": (_QUERY, query_trades),
    "Ledgers": (_QUERY, ledgers),
    "TradeVolume": (_QUERY, trade_volume),
    "AddOrder": (_TRADE, add_order),
    "CancelOrder": (_CANCEL, cancel_order),
    "CancelOrderBatch": (_CANCEL, cancel_order_batch),
    "CancelAll": (_CANCEL, cancel_all),
    "CancelAllOrdersAfter": (_CANCEL, cancel_all_after),
}


def _money(asset: Asset, amount: Decimal) -> str:
    return f"{amount:.{asset.money_decimals}f}"


def _in_usd(call: Call, asset_id: str, amount: Decimal) -> Decimal:
    if asset_id == USD.id:
        return amount
    return amount * call.exchange.markets.path(_usd_pair(asset_id)).price(call.now.timestamp())


def _usd_pair(asset_id: str) -> Pair:
    return next(pair for pair in PAIRS.values() if (pair.base.id, pair.quote) == (asset_id, USD))


def _cancelled(call: Call, orders: Iterable[Order]) -> int:
    """Cancel orders at their owner's request, and tell how many there still were to cancel."""
    cancelled = 0
    for order in list(orders):
        if call.late_fills:
            call.exchange.fill_before_cancel(order, call.late_fills)
        call.exchange.rates.cancelled(order, call.now)
        cancelled += call.exchange.cancel(filter(None, [call.exchange.orders.get(order.txid)]))
    return cancelled


def _named_open_orders(call: Call, params: Params) -> list[Order]:
    if "cl_ord_id" in params:
        name = params["cl_ord_id"]
        orders = [o for o in call.exchange.orders.open(call.account) if o.request.cl_ord_id == name]
    else:
        orders = _open_orders_called(call, params.get("txid", ""))
    if not orders:
        raise KrakenError("EOrder:Unknown order")
    return orders


def _open_orders_called(call: Call, name: str) -> list[Order]:
    """Find open orders by txid, client order id or userref."""
    return [
        order
        for order in call.exchange.orders.open(call.account)
        if name in (order.txid, order.request.cl_ord_id)
        or (order.request.userref is not None and name == str(order.request.userref))
    ]


def _filter(params: Params) -> Callable[[Order], bool]:
    """Make the filter that the parameters userref and cl_ord_id ask for."""
    userref, cl_ord_id = params.get("userref"), params.get("cl_ord_id")

    def keep(order: Order) -> bool:
        return (userref is None or str(order.request.userref) == userref) and (
            cl_ord_id is None or order.request.cl_ord_id == cl_ord_id
        )

    return keep


def _txids(params: Params, count_max: int) -> list[str]:
    """Read the comma separated txids of one call; Kraken takes only so many."""
    txids = params.get("txid", "").split(",")
    if len(txids) > count_max:
        raise invalid_argument("txid")
    return txids


def _by_txid(orders: Iterable[Order], params: Params) -> dict[str, object]:
    with_fills = is_true(params.get("trades"))
    return {order.txid: order.as_kraken(with_fills=with_fills) for order in orders}


def _page(items: list[Item], params: Params) -> list[Item]:
    offset = whole_param(params, "ofs", 0)
    return items[offset : offset + _PAGE]


def _between(at: datetime, start: float | None, end: float | None) -> bool:
    """Whether a time lies after `start` and not after `end` (Unix seconds)."""
    return (start is None or at.timestamp() > start) and (end is None or at.timestamp() <= end)


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fee(rate: Decimal) -> dict[str, object]:
    percent = f"{rate * 100:.4f}"
    same = dict.fromkeys(("fee", "minfee", "maxfee"), percent)
    return {**same, "nextfee": None, "tiervolume": "0.0000", "nextvolume": None}
