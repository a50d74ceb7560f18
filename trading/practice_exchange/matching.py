"""When an order fills, how much of it and at what price.

A market order fills in two or three slices over about a second. A limit order that crosses the book fills the
same way as a taker; one that rests fills at its own price, as maker, once the price path has come to it.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal

from trading.practice_exchange.book import Book, Level
from trading.practice_exchange.orders import Order, OrderRequest, Side, TimeInForce

FIRST_FILL_AFTER = timedelta(milliseconds=200)
NEXT_FILL_AFTER = timedelta(milliseconds=400)


def slices_of(request: OrderRequest, txid: str) -> tuple[Decimal, ...]:
    """Cut the volume of an order into the two or three parts in which it will fill."""
    if request.time_in_force is TimeInForce.FOK:
        return (request.volume,)
    count = 2 + hashlib.sha256(txid.encode()).digest()[0] % 2
    part = (request.volume / count).quantize(request.pair.lot, ROUND_DOWN)
    if part == 0:
        return (request.volume,)
    return (*[part] * (count - 1), request.volume - part * (count - 1))


def crosses(request: OrderRequest, book: Book) -> bool:
    """Whether the order could fill against the book now; a market order always can."""
    if request.price is None:
        return True
    return request.price >= book.ask if request.side is Side.BUY else request.price <= book.bid


def executions(order: Order, book: Book) -> Iterator[tuple[Decimal, Decimal]]:
    """Give price and volume of each fill of the order's next slice; the order crosses the book."""
    left = order.slices[0]
    limit = order.request.price
    if order.rested and limit is not None:
        yield limit, left
        return
    for level in _opposite(order.request, book):
        if left == 0 or not _within(order.request, level.price):
            return
        volume = min(left, level.volume)
        left -= volume
        yield level.price, volume


def slices_after(slices: tuple[Decimal, ...], filled: Decimal) -> tuple[Decimal, ...]:
    """Take a filled volume off the first slice."""
    rest = slices[0] - filled
    return (rest, *slices[1:]) if rest else slices[1:]


def _opposite(request: OrderRequest, book: Book) -> Iterator[Level]:
    return book.asks() if request.side is Side.BUY else book.bids()


def _within(request: OrderRequest, price: Decimal) -> bool:
    if request.price is None:
        return True
    return price <= request.price if request.side is Side.BUY else price >= request.price
