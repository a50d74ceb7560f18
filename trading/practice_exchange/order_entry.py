"""Reading an AddOrder call: every parameter checked, every refusal in Kraken's words."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from trading.practice_exchange.assets import Pair, find_pair
from trading.practice_exchange.errors import KrakenError, invalid_argument
from trading.practice_exchange.orders import OrderRequest, OrderType, Side, TimeInForce
from trading.practice_exchange.params import Params, decimal_param, is_true, time_param

Word = TypeVar("Word", bound=StrEnum)

_FLAGS = frozenset({"post", "fcib", "fciq", "nompp"})
_USERREF_MAX = 2**31 - 1
_DEADLINE_MIN, _DEADLINE_MAX = timedelta(seconds=2), timedelta(seconds=60)
_CLIENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[!-~]{1,18}")


def read_order(params: Params, arrived_at: datetime) -> OrderRequest:
    """Turn the parameters of AddOrder into a request; raises KrakenError at the first that will not do."""
    _refuse_what_is_not_offered(params)
    pair = find_pair(params.get("pair", ""))
    order_type = _word(OrderType, params, "ordertype")
    time_in_force = _word(TimeInForce, params, "timeinforce", default=TimeInForce.GTC)
    return OrderRequest(
        pair=pair,
        side=_word(Side, params, "type"),
        type=order_type,
        volume=_volume(params, pair),
        price=_price(params, pair) if order_type is OrderType.LIMIT else None,
        oflags=_flags(params, order_type),
        userref=_userref(params),
        cl_ord_id=_client_order_id(params),
        time_in_force=time_in_force,
        expire_at=_expiry(params, time_in_force, arrived_at),
        deadline=_deadline(params, arrived_at),
        validate=is_true(params.get("validate")),
    )


def _refuse_what_is_not_offered(params: Params) -> None:
    """Refuse what would change the order's meaning if it were ignored."""
    if params.get("leverage", "none") not in {"none", "1"}:
        raise invalid_argument("leverage")
    if is_true(params.get("reduce_only")):
        # Coins in a spot account are no position: without margin there is none that could be reduced.
        raise KrakenError("EOrder:Reduce only:No position exists")
    if params.get("starttm", "0") != "0":
        raise invalid_argument("starttm")
    if any(name.startswith("close[") for name in params):
        raise invalid_argument("close")


def _word(words: type[Word], params: Params, name: str, default: Word | None = None) -> Word:
    text = params.get(name)
    if text is None and default is not None:
        return default
    try:
        return words(text or "")
    except ValueError:
        raise invalid_argument(name) from None


def _volume(params: Params, pair: Pair) -> Decimal:
    volume = decimal_param(params, "volume")
    if volume != volume.quantize(pair.lot):
        raise invalid_argument("volume")
    if volume < pair.ordermin:
        raise invalid_argument("volume minimum not met")
    return volume


def _price(params: Params, pair: Pair) -> Decimal:
    price = decimal_param(params, "price")
    if price != price.quantize(pair.tick):
        raise KrakenError(
            f"EOrder:Invalid price:{pair.id} price can only be specified up to {pair.pair_decimals} decimals."
        )
    return price


def _flags(params: Params, order_type: OrderType) -> tuple[str, ...]:
    flags = tuple(filter(None, params.get("oflags", "").split(",")))
    if "viqc" in flags:
        raise KrakenError("EAPI:Feature disabled:viqc")
    if not set(flags) <= _FLAGS or {"fcib", "fciq"} <= set(flags):
        raise invalid_argument("oflags")
    if "post" in flags and order_type is not OrderType.LIMIT:
        raise invalid_argument("oflags")
    return flags if "fcib" in flags or "fciq" in flags else ("fciq", *flags)


def _userref(params: Params) -> int | None:
    text = params.get("userref")
    if text is None:
        return None
    try:
        userref = int(text)
    except ValueError:
        raise invalid_argument("userref") from None
    if abs(userref) > _USERREF_MAX:
        raise invalid_argument("userref")
    return userref


def _client_order_id(params: Params) -> str | None:
    """Accept a UUID with or without dashes, or up to 18 printable characters; never beside a userref."""
    cl_ord_id = params.get("cl_ord_id")
    if cl_ord_id is None:
        return None
    if not _CLIENT_ID.fullmatch(cl_ord_id) or "userref" in params:
        raise invalid_argument("cl_ord_id")
    return cl_ord_id


def _expiry(params: Params, time_in_force: TimeInForce, now: datetime) -> datetime | None:
    expire_at = time_param(params, "expiretm", now)
    if expire_at is None and time_in_force is TimeInForce.GTD:
        raise invalid_argument("expiretm")
    if expire_at is not None and expire_at <= now:
        raise invalid_argument("expiretm")
    return expire_at


def _deadline(params: Params, now: datetime) -> datetime | None:
    """Read the RFC 3339 time after which the order must not be taken in: 2 to 60 s ahead."""
    text = params.get("deadline")
    if text is None:
        return None
    try:
        deadline = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_argument("deadline") from None
    if deadline.tzinfo is None:
        raise invalid_argument("deadline")
    if deadline <= now:
        raise KrakenError("EService:Deadline elapsed")
    if not _DEADLINE_MIN <= deadline - now <= _DEADLINE_MAX:
        raise invalid_argument("deadline")
    return deadline
