"""Kraken's counters: how many calls a key may make, and how many orders an account may send and hold open.

A counter rises with each call and falls by itself; what would lift it over its limit is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.practice_exchange.errors import KrakenError
from trading.practice_exchange.orders import Order


@dataclass(frozen=True, slots=True)
class Tier:
    """What Kraken grants an account by its verification; decays are per second."""

    name: str
    calls_max: float
    calls_decay: float
    orders_max: float
    orders_decay: float
    open_orders_max: int


TIERS: dict[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier("starter", 15, 0.33, 60, 1, 60),
        Tier("intermediate", 20, 0.5, 125, 2.34, 80),
        Tier("pro", 20, 1, 180, 3.75, 225),
        # None of Kraken's: for tests and markets that run much faster than a real one.
        Tier("drill", 20_000, 1_000, 180_000, 3_750, 22_500),
    )
}
DEFAULT_TIER = "pro"

_HISTORY = frozenset({"TradesHistory", "QueryTrades", "Ledgers", "QueryLedgers"})
_COUNTED_BY_THE_ENGINE = frozenset({"AddOrder", "CancelOrder", "CancelOrderBatch"})
_ORDER_COST = 1
_CANCEL_COSTS = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
# Calls go on counting while they are refused; so that a mistake is over within a minute or two, up to here.
_REFUSED_UP_TO = 2


class Counter:
    """One counter, as it stood when it was last looked at."""

    def __init__(self, limit: float, decay: float) -> None:
        self._limit = limit
        self._decay = decay
        self._level = 0.0
        self._seen_at: datetime | None = None

    def level(self, now: datetime) -> float:
        """Where it stands."""
        if self._seen_at is not None:
            passed_s = max(0.0, (now - self._seen_at).total_seconds())
            self._level = max(0.0, self._level - passed_s * self._decay)
        self._seen_at = now
        return self._level

    def add(self, cost: float, now: datetime) -> bool:
        """Count something; False when the limit is exceeded by it."""
        self._level = self.level(now) + cost
        is_within = self._level <= self._limit
        if not is_within:
            self._level = min(self._level, max(self._limit * _REFUSED_UP_TO, self._level - cost))
        return is_within

    def weigh(self, cost: float, now: datetime) -> None:
        """Count something that is never refused."""
        self._level = self.level(now) + cost


class RateLimits:
    """The call counter of each key and the order counter of each account and pair; `refused` counts both."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.refused = 0
        self._calls: dict[str, Counter] = {}
        self._orders: dict[tuple[str, str], Counter] = {}

    def call(self, key: str, endpoint: str, now: datetime) -> None:
        """Count a private call; raises KrakenError when the key has made too many."""
        if endpoint in _COUNTED_BY_THE_ENGINE:
            return
        self._refuse_unless(
            self._of_key(key).add(2 if endpoint in _HISTORY else 1, now), "EAPI:Rate limit exceeded"
        )

    def order(self, account: str, pair_id: str, now: datetime) -> None:
        """Count an order on its arrival, whatever becomes of it; raises KrakenError over the limit."""
        self._refuse_unless(
            self._of_pair(account, pair_id).add(_ORDER_COST, now), "EOrder:Rate limit exceeded"
        )

    def open_orders(self, count: int) -> None:
        """Raise KrakenError when so many open orders of one pair leave no room for another."""
        self._refuse_unless(count < self.tier.open_orders_max, "EOrder:Orders limit exceeded")

    def cancelled(self, order: Order, now: datetime) -> None:
        """Count the cancellation of an order: the younger it was the more, and never too much to be done."""
        age = now - order.opened_at
        cost = next((cost for below_s, cost in _CANCEL_COSTS if age < timedelta(seconds=below_s)), 0)
        self._of_pair(order.account, order.request.pair.id).weigh(cost, now)

    def as_json(self, now: datetime) -> dict[str, object]:
        """Where every counter stands, for GET /practice/state."""
        return {
            "tier": self.tier.name,
            "refused": self.refused,
            "calls": {key: round(counter.level(now), 1) for key, counter in self._calls.items()},
            "orders": {
                f"{account} {pair}": round(counter.level(now), 1)
                for (account, pair), counter in self._orders.items()
            },
        }

    def _of_key(self, key: str) -> Counter:
        return self._calls.setdefault(key, Counter(self.tier.calls_max, self.tier.calls_decay))

    def _of_pair(self, account: str, pair_id: str) -> Counter:
        counter = Counter(self.tier.orders_max, self.tier.orders_decay)
        return self._orders.setdefault((account, pair_id), counter)

    def _refuse_unless(self, is_within: bool, error: str) -> None:
        if not is_within:
            self.refused += 1
            raise KrakenError(error)
