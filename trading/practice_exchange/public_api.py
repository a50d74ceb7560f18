"""Kraken's public endpoints: time, state, what is listed, prices."""

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.practice_exchange.assets import ASSETS, MAKER_FEE, TAKER_FEE, Asset, Pair
from trading.practice_exchange.book import Level
from trading.practice_exchange.candles import INTERVALS_MIN, Bar, Print
from trading.practice_exchange.errors import KrakenError, invalid_argument
from trading.practice_exchange.exchange import Exchange
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.params import Params, whole_param

Endpoint = Callable[[Exchange, Params, datetime], Any]

_AFTER_THE_HOLE = 3
_TRADES_MAX = 1000
_DEPTH_MAX = 500
_NS = 1_000_000_000
_DAY_S = 86400


def answer(exchange: Exchange, endpoint: str, params: Params, now: datetime) -> Any:
    """Answer one public call; raises KrakenError."""
    handler = ENDPOINTS.get(endpoint)
    if handler is None:
        raise KrakenError("EGeneral:Unknown method")
    return handler(exchange, params, now)


def server_time(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Time, in whole seconds."""
    return {"unixtime": int(now.timestamp()), "rfc1123": now.strftime("%a, %d %b %y %H:%M:%S +0000")}


def system_status(exchange: Exchange, params: Params, now: datetime) -> dict[str, str]:
    """Answer SystemStatus."""
    return {"status": exchange.faults.system_state, "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")}


def assets(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Assets."""
    return {asset.id: _asset(asset) for asset in ASSETS.values()}


def asset_pairs(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer AssetPairs, for all pairs or those named."""
    return {pair.id: _pair(pair, exchange.pair_status(pair)) for pair in _pairs(exchange, params)}


def ticker(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Ticker, for all pairs or those named; the day's figures are those of the last 24 hours."""
    return {
        pair.id: _ticker(exchange, pair, exchange.quoted_at(pair, now)) for pair in _pairs(exchange, params)
    }


def ohlc(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer OHLC: bars later than `since`, the newest 720 at most, the last one still open."""
    pair = exchange.pair(params.get("pair", ""))
    interval_min = whole_param(params, "interval", 1)
    if interval_min not in INTERVALS_MIN:
        raise invalid_argument("interval")
    since_s = whole_param(params, "since", 0)
    bars = exchange.markets.tape(pair).bars(interval_min, now.timestamp(), since_s or -math.inf)
    if lost := exchange.faults.of_pair(FaultKind.BARS_LOST, pair.symbol):
        del bars[-_AFTER_THE_HOLE - int(Decimal(lost)) : -_AFTER_THE_HOLE]
    newest_closed_s = bars[-1].start_s - interval_min * 60
    return {pair.id: [_bar(bar) for bar in bars], "last": newest_closed_s}


def depth(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Depth, 100 levels a side unless `count` says otherwise."""
    pair = exchange.pair(params.get("pair", ""))
    count = min(whole_param(params, "count", 100), _DEPTH_MAX)
    quoted_at = exchange.quoted_at(pair, now)
    book = exchange.markets.book(pair, quoted_at)
    at_s = int(quoted_at.timestamp())
    return {
        pair.id: {
            "asks": [_level(pair, level, at_s) for level, _ in zip(book.asks(), range(count), strict=False)],
            "bids": [_level(pair, level, at_s) for level, _ in zip(book.bids(), range(count), strict=False)],
        }
    }


def trades(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Trades: the first ones after `since` (Unix nanoseconds, or seconds), without it the newest."""
    pair = exchange.pair(params.get("pair", ""))
    count = min(whole_param(params, "count", _TRADES_MAX), _TRADES_MAX)
    since = whole_param(params, "since", 0)
    tape, now_s = exchange.markets.tape(pair), now.timestamp()
    if "since" in params:  # 0 is the beginning and not the default, which is how a history is fetched
        prints = tape.prints_after(since / _NS if since > _NS * 10 else since, now_s, count)
    else:
        prints = tape.prints_before(now_s, count)
    last_ns = prints[-1].at_s * _NS if prints else since
    return {pair.id: [_print(pair, each) for each in prints], "last": str(last_ns)}


def spread(exchange: Exchange, params: Params, now: datetime) -> dict[str, object]:
    """Answer Spread, with the present spread alone."""
    pair = exchange.pair(params.get("pair", ""))
    quoted_at = exchange.quoted_at(pair, now)
    book, at_s = exchange.markets.book(pair, quoted_at), int(quoted_at.timestamp())
    return {pair.id: [[at_s, pair.price_text(book.bid), pair.price_text(book.ask)]], "last": at_s}


ENDPOINTS: dict[str, Endpoint] = {
    "Time": server_time,
    "SystemStatus": system_status,
    "Assets": assets,
    "AssetPairs": asset_pairs,
    "Ticker": ticker,
    "OHLC": ohlc,
    "Depth": depth,
    "Trades": trades,
    "Spread": spread,
}


def _pairs(exchange: Exchange, params: Params) -> list[Pair]:
    names = params.get("pair", "")
    return [exchange.pair(name) for name in names.split(",")] if names else list(exchange.pairs())


def _asset(asset: Asset) -> dict[str, object]:
    return {
        "aclass": "currency",
        "altname": asset.altname,
        "decimals": asset.decimals,
        "display_decimals": asset.display_decimals,
        "status": "enabled",
    }


def _pair(pair: Pair, status: str) -> dict[str, object]:
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": pair.base.id,
        "aclass_quote": "currency",
        "quote": pair.quote.id,
        "lot": "unit",
        "cost_decimals": pair.cost_decimals,
        "pair_decimals": pair.pair_decimals,
        "lot_decimals": pair.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, float(TAKER_FEE * 100)]],
        "fees_maker": [[0, float(MAKER_FEE * 100)]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": str(pair.ordermin),
        "costmin": str(pair.costmin),
        "tick_size": str(pair.tick),
        "status": status,
    }


def _ticker(exchange: Exchange, pair: Pair, now: datetime) -> dict[str, object]:
    tape, book = exchange.markets.tape(pair), exchange.markets.book(pair, now)
    last = tape.last_print(now.timestamp())
    hours = tape.bars(60, now.timestamp(), now.timestamp() - _DAY_S)
    high, low = max(bar.high for bar in hours), min(bar.low for bar in hours)
    volume = sum((bar.volume for bar in hours), Decimal(0))
    vwap = sum((bar.volume * bar.vwap for bar in hours), Decimal(0)) / volume
    count = sum(bar.count for bar in hours)
    best_ask, best_bid = next(book.asks()), next(book.bids())
    return {
        "a": [pair.price_text(book.ask), "1", f"{best_ask.volume:.3f}"],
        "b": [pair.price_text(book.bid), "1", f"{best_bid.volume:.3f}"],
        "c": [pair.price_text(last.price), pair.volume_text(last.volume)],
        "v": [pair.volume_text(volume)] * 2,
        "p": [pair.price_text(vwap)] * 2,
        "t": [count] * 2,
        "l": [pair.price_text(low)] * 2,
        "h": [pair.price_text(high)] * 2,
        "o": pair.price_text(hours[0].open),
    }


def _bar(bar: Bar) -> list[object]:
    """Write a bar; its numbers already have the decimals of the pair."""
    numbers = (bar.open, bar.high, bar.low, bar.close, bar.vwap, bar.volume)
    return [bar.start_s, *map(str, numbers), bar.count]


def _level(pair: Pair, level: Level, at_s: int) -> list[object]:
    return [pair.price_text(level.price), f"{level.volume:.3f}", at_s]


def _print(pair: Pair, each: Print) -> list[object]:
    side = "b" if each.is_buy else "s"
    number = each.at_s // 10
    return [
        pair.price_text(each.price),
        pair.volume_text(each.volume),
        float(each.at_s),
        side,
        "m",
        "",
        number,
    ]
