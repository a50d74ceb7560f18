"""Which answers of Kraken's are answers at all, and what a market's row says.

ccxt takes a page of HTML, an empty body or a reply without `result` for "nothing there": no open orders,
no balance, everything cancelled. A desk must never mistake a fault for being flat.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.instrument import Instrument

# What a reply of each endpoint must hold, when Kraken reports no error.
_MUST_HOLD: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "Time": ("unixtime", int),
    "SystemStatus": ("status", str),
    "Trades": ("last", (int, str)),
    "OpenOrders": ("open", dict),
    "ClosedOrders": ("closed", dict),
    "TradesHistory": ("trades", dict),
    "AddOrder": ("descr", dict),
    "CancelOrder": ("count", (int, str)),
    "CancelAll": ("count", (int, str)),
    "CancelAllOrdersAfter": ("triggerTime", str),
}

# Here an empty `result` would mean that the venue trades nothing.
_MUST_NOT_BE_EMPTY = frozenset({"Assets", "AssetPairs", "Depth", "OHLC"})


def flaw(url: str, body: str) -> str | None:
    """Say what is wrong with the body of a reply that came with HTTP 200, or None when it may be believed."""
    endpoint = url.partition("?")[0].rpartition("/")[2]
    try:
        reply: Any = json.loads(body)
    except ValueError:
        return f"{endpoint} answered with {len(body)} characters that are not JSON"
    if not isinstance(reply, dict) or not isinstance(reply.get("error"), list):
        return f"{endpoint} answered with JSON that is no Kraken reply"
    if reply["error"]:
        return None
    result = reply.get("result")
    if not isinstance(result, dict):
        return f"{endpoint} answered without a result"
    if endpoint in _MUST_NOT_BE_EMPTY and not result:
        return f"{endpoint} answered with nothing in it"
    key, kind = _MUST_HOLD.get(endpoint, ("", dict))
    if key and not isinstance(result.get(key), kind):
        return f"{endpoint} answered without {key}"
    return None


def instrument_of(symbol: str, base: str, quote: str, row: Mapping[str, Any]) -> Instrument:
    """A market as a row of AssetPairs describes it; raises what a malformed row makes Python raise."""
    price_step = row.get("tick_size") or Decimal(1).scaleb(-int(row["pair_decimals"]))
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        price_step=Decimal(price_step),
        quantity_step=Decimal(1).scaleb(-int(row["lot_decimals"])),
        quantity_min=Decimal(row.get("ordermin") or 0),
        cost_min=Decimal(row.get("costmin") or 0),
        online=row.get("status", "online") == "online",
    )
