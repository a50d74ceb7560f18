"""Every order and fill since the exchange began, and which orders are open."""

import base64
import hashlib
from collections.abc import Callable, Iterator

from trading.practice_exchange.fills import Fill
from trading.practice_exchange.orders import Order


class TxIds:
    """Makes ids that look like Kraken's and never come twice, not even after a restart with the same seed."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._count = 0

    def __call__(self, prefix: str) -> str:
        """Give the next id, such as OQCLML-BW3P3-BUCMWZ."""
        self._count += 1
        digest = hashlib.sha256(f"{self._salt}:{self._count}".encode()).digest()
        text = base64.b32encode(digest).decode()
        return f"{prefix}{text[:5]}-{text[5:10]}-{text[10:16]}"


class OrderLog:
    """Orders by txid; the open ones can be found quickly."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._open: dict[str, Order] = {}
        self._fills: dict[str, Fill] = {}

    def save(self, order: Order) -> None:
        """Keep the present state of an order."""
        self._orders[order.txid] = order
        if order.is_open:
            self._open[order.txid] = order
        else:
            self._open.pop(order.txid, None)

    def save_fill(self, fill: Fill) -> None:
        """Keep a fill."""
        self._fills[fill.txid] = fill

    def get(self, txid: str) -> Order | None:
        """Look an order up by its txid."""
        return self._orders.get(txid)

    def fill(self, txid: str) -> Fill | None:
        """Look a fill up by its txid."""
        return self._fills.get(txid)

    @property
    def fill_count(self) -> int:
        """How many fills there have been."""
        return len(self._fills)

    def has_open(self) -> bool:
        """Whether any order of anybody is open."""
        return bool(self._open)

    def open(self, account: str | None = None) -> list[Order]:
        """The open orders of one account, or of all, oldest first."""
        return [order for order in self._open.values() if account in (None, order.account)]

    def newest_first(self, account: str, keep: Callable[[Order], bool]) -> list[Order]:
        """The orders of an account that pass, newest first."""
        return [order for order in self._backwards() if order.account == account and keep(order)]

    def all(self) -> list[Order]:
        """Every order, oldest first."""
        return list(self._orders.values())

    def fills_newest_first(self, account: str) -> list[Fill]:
        """The fills of an account, newest first."""
        return [fill for fill in reversed(self._fills.values()) if fill.order.account == account]

    def _backwards(self) -> Iterator[Order]:
        return reversed(self._orders.values())
