"""The exchange itself: orders come in, time passes, fills and cancellations happen.

Time is only looked at when somebody asks or ticks: `advance` then plays, in order, everything that had to
happen since the last look. All methods expect the caller to hold `lock`.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trading.practice_exchange.accounts import Account, add_up, hold
from trading.practice_exchange.assets import PAIRS, STARTING_BALANCES, Asset, Pair, find_pair
from trading.practice_exchange.book import Book
from trading.practice_exchange.errors import KrakenError
from trading.practice_exchange.faults import FaultKind, Faults
from trading.practice_exchange.fills import make_fill
from trading.practice_exchange.journal import Journal
from trading.practice_exchange.keys import MAIN_ACCOUNT, ApiKey, KeyRing
from trading.practice_exchange.markets import Markets
from trading.practice_exchange.matching import (
    FIRST_FILL_AFTER,
    NEXT_FILL_AFTER,
    crosses,
    executions,
    slices_after,
    slices_of,
)
from trading.practice_exchange.order_log import OrderLog, TxIds
from trading.practice_exchange.orders import Order, OrderRequest, OrderStatus, OrderType, TimeInForce
from trading.practice_exchange.payments import Payment
from trading.practice_exchange.rates import DEFAULT_TIER, TIERS, RateLimits, Tier
from trading.practice_exchange.timer import DeadMansTimer

Clock = Callable[[], datetime]

_LOOKS_MAX = 3600
_NO_MATCHING = frozenset({"maintenance", "cancel_only", "post_only"})


class Exchange:
    """Accounts, orders and markets of one practice exchange."""

    def __init__(
        self,
        clock: Clock,
        seed: int = 1,
        keys: Iterable[ApiKey] = (),
        speed: float = 1.0,
        balances: Mapping[str, Decimal] = STARTING_BALANCES,
        tier: Tier = TIERS[DEFAULT_TIER],
    ) -> None:
        began_at = clock()
        self.lock = threading.RLock()
        self._clock = clock
        self._clock_off = timedelta(0)
        self.markets = Markets(seed, began_at, speed)
        self.keys = KeyRing()
        self.faults = Faults()
        self.journal = Journal()
        self.orders = OrderLog()
        self.rates = RateLimits(tier)
        self.payments: list[Payment] = []
        self._balances = balances
        self._accounts: dict[str, Account] = {MAIN_ACCOUNT: Account(MAIN_ACCOUNT, balances)}
        self._timers: dict[str, DeadMansTimer] = {}
        self._new_txid = TxIds(f"{seed}:{began_at.isoformat()}")
        self._seen_at = began_at
        for key in keys:
            self.keys.add(key, began_at)

    def clock(self) -> datetime:
        """What time this exchange thinks it is."""
        return self._clock() + self._clock_off

    def set_clock_off(self, off: timedelta) -> None:
        """Let the exchange's clock differ from the true one; whatever it waits for stays as far away."""
        change, self._clock_off = off - self._clock_off, off
        self._seen_at += change
        for order in self.orders.open():
            self.orders.save(replace(order, next_fill_at=order.next_fill_at + change))
        for timer in self._timers.values():
            timer.shift(change)

    def account(self, name: str) -> Account:
        """Give an account; one that was never heard of is opened with the usual balances."""
        return self._accounts.setdefault(name, Account(name, self._balances))

    def accounts(self) -> tuple[Account, ...]:
        """Every account."""
        return tuple(self._accounts.values())

    def timer(self, account: str) -> DeadMansTimer:
        """Give the dead man's timer of an account."""
        return self._timers.setdefault(account, DeadMansTimer())

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair that is listed now."""
        return tuple(pair for pair in PAIRS.values() if not self._is_delisted(pair))

    def pair(self, name: str) -> Pair:
        """Find a listed pair by any of its names; raises KrakenError."""
        pair = find_pair(name)
        self._check_listed(pair)
        return pair

    def pair_status(self, pair: Pair) -> str:
        """What AssetPairs says of a pair."""
        return self.faults.of_pair(FaultKind.PAIR_STATUS, pair.symbol) or "online"

    def quoted_at(self, pair: Pair, now: datetime) -> datetime:
        """The moment that ticker and book show: now, unless they have stalled."""
        stalled_at = self.faults.of_pair(FaultKind.STALLED_TICKER, pair.symbol)
        return now if stalled_at is None else datetime.fromtimestamp(float(stalled_at), UTC)

    def delist(self, pair: Pair) -> None:
        """Cancel every order of a pair that leaves the exchange."""
        gone = (order for order in self.orders.open() if order.request.pair is pair)
        self.cancel(gone, "Market delisted")

    def pay(self, account: str, asset: Asset, amount: Decimal, now: datetime) -> None:
        """Book money that comes, or goes when it is below zero, without a trade."""
        owner = self.account(account)
        owner.balances[asset.id] = balance = owner.balance(asset) + amount
        ids = self._new_txid("L"), self._new_txid("D")
        self.payments.append(Payment(*ids, account, asset, amount, balance, now))

    def advance(self, now: datetime) -> None:
        """Play everything that had to happen up to now: timers, expiries and fills, in order of time."""
        look_every = max(timedelta(seconds=1), (now - self._seen_at) / _LOOKS_MAX)
        while self._seen_at < now:
            self._seen_at = self._next_moment(now, look_every) if self.orders.has_open() else now
            self._fire_timers()
            self._look_at_orders()

    def look(self, now: datetime) -> None:
        """Look at the open orders at once, because the market was moved by hand."""
        self.advance(now)
        self._look_at_orders()

    def held(self, account: str) -> dict[str, Decimal]:
        """Tell what the open orders of an account hold back, by asset id."""
        return add_up(
            hold(order.request, order.remaining, self._reference_price(order.request))
            for order in self.orders.open(account)
        )

    def add_order(self, account: str, request: OrderRequest, now: datetime) -> Order:
        """Take an order in; raises KrakenError when it cannot be."""
        if request.deadline is not None and request.deadline <= now:
            raise KrakenError("EService:Deadline elapsed")
        self.check_order(account, request)
        self._check_funds(account, request)
        pair = request.pair
        self.rates.open_orders(sum(order.request.pair is pair for order in self.orders.open(account)))
        is_taker = crosses(request, self.markets.book(request.pair, now))
        if is_taker and "post" in request.oflags:
            raise KrakenError("EOrder:Post only order")
        txid = self._new_txid("O")
        order = Order(
            txid, account, request, now, now + FIRST_FILL_AFTER, slices_of(request, txid), rested=not is_taker
        )
        self.orders.save(order)
        if not is_taker and request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            self._end(order, OrderStatus.CANCELED, "Order could not be filled at once")
        return order

    def check_order(self, account: str, request: OrderRequest) -> None:
        """Refuse what AddOrder would refuse about an order's form, as `validate` does, but for the funds."""
        self._check_listed(request.pair)
        self._check_state(request)
        self._check_client_order_id(account, request)
        self._check_cost(request)

    def fill_before_cancel(self, order: Order, share: Decimal) -> None:
        """Fill a share of what is left of an order: the market was faster than its cancellation."""
        volume = (order.remaining * share).quantize(order.request.pair.lot)
        if order.is_open and volume:
            price = self._reference_price(order.request)
            self._fill_slice(replace(order, slices=(volume, order.remaining - volume)), [(price, volume)])

    def cancel(self, orders: Iterable[Order], reason: str = "User requested") -> int:
        """Cancel open orders and tell how many."""
        return sum(1 for order in list(orders) if self._end(order, OrderStatus.CANCELED, reason))

    def _next_moment(self, now: datetime, look_every: timedelta) -> datetime:
        """Find the next time at which something is due, at the latest the next regular look at the prices."""
        seen_at, soonest = self._seen_at, min(now, self._seen_at + look_every)
        for order in self.orders.open():
            for due in (order.next_fill_at, order.request.expire_at):
                if due is not None and seen_at < due < soonest:
                    soonest = due
        fires = (
            timer.fires_at for timer in self._timers.values() if timer.fires_at and timer.fires_at > seen_at
        )
        return min((soonest, *fires))

    def _fire_timers(self) -> None:
        for account, timer in self._timers.items():
            if timer.fire_if_due(self._seen_at):
                self.cancel(self.orders.open(account), "CancelAllOrdersAfter")

    def _look_at_orders(self) -> None:
        books: dict[str, Book] = {}
        for order in self.orders.open():
            pair = order.request.pair
            if pair.id not in books:
                books[pair.id] = self.markets.book(pair, self._seen_at)
            self._look_at(order, books[pair.id])

    def _look_at(self, order: Order, book: Book) -> None:
        """Let an open order expire, fill its next slice, or rest."""
        request = order.request
        if request.expire_at is not None and request.expire_at <= self._seen_at:
            self._end(order, OrderStatus.EXPIRED, "Order expired")
            return
        if self._state(request.pair) in _NO_MATCHING:
            return
        if crosses(request, book):
            if order.next_fill_at <= self._seen_at:
                self._fill_slice(order, list(executions(order, book)))
        elif request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            self._end(order, OrderStatus.CANCELED, "Order could not be filled at once")
        elif not order.rested:
            self.orders.save(replace(order, rested=True))

    def _fill_slice(self, order: Order, parts: list[tuple[Decimal, Decimal]]) -> None:
        account = self.account(order.account)
        for price, volume in parts:
            number = self.orders.fill_count + 1
            fill = make_fill(
                self._new_txid("T"), number, order, self._seen_at, price, volume, is_maker=order.rested
            )
            if not account.covers(fill):
                self._end(order, OrderStatus.CANCELED, "Insufficient funds")
                return
            account.book(fill)
            self.orders.save_fill(fill)
            order = replace(
                order,
                filled=order.filled + volume,
                cost=order.cost + fill.cost,
                fee=order.fee + fill.fee,
                fills=(*order.fills, fill.txid),
                slices=slices_after(order.slices, volume),
                next_fill_at=self._seen_at + NEXT_FILL_AFTER,
            )
        self.orders.save(order)
        if order.remaining == 0:
            self._end(order, OrderStatus.CLOSED, None)

    def _end(self, order: Order, status: OrderStatus, reason: str | None) -> bool:
        if not order.is_open:
            return False
        self.orders.save(replace(order, status=status, reason=reason, closed_at=self._seen_at))
        return True

    def _state(self, pair: Pair) -> str:
        """What the whole exchange is in, or else this pair."""
        system = self.faults.system_state
        return self.pair_status(pair) if system == "online" else system

    def _is_delisted(self, pair: Pair) -> bool:
        return self.faults.of_pair(FaultKind.DELISTED, pair.symbol) is not None

    def _check_listed(self, pair: Pair) -> None:
        if self._is_delisted(pair):
            raise KrakenError("EQuery:Unknown asset pair")

    def _check_state(self, request: OrderRequest) -> None:
        state = self._state(request.pair)
        passes = {
            "online": True,
            "post_only": "post" in request.oflags,
            "limit_only": request.type is OrderType.LIMIT,
        }
        if not passes.get(state, False):
            raise KrakenError(f"EService:Market in {state} mode")

    def _check_client_order_id(self, account: str, request: OrderRequest) -> None:
        taken = (order.request.cl_ord_id for order in self.orders.open(account))
        if request.cl_ord_id is not None and request.cl_ord_id in taken:
            raise KrakenError("EGeneral:Invalid arguments:cl_ord_id not unique")

    def _check_cost(self, request: OrderRequest) -> None:
        if request.volume * self._reference_price(request) < request.pair.costmin:
            raise KrakenError("EOrder:Cost minimum not met")

    def _check_funds(self, account: str, request: OrderRequest) -> None:
        asset, amount = hold(request, request.volume, self._reference_price(request))
        free = self.account(account).balance(asset) - self.held(account).get(asset.id, Decimal(0))
        if amount > free:
            raise KrakenError("EOrder:Insufficient funds")

    def _reference_price(self, request: OrderRequest) -> Decimal:
        """The limit price, or for a market order the best ask."""
        return (
            request.price if request.price is not None else self.markets.book(request.pair, self._seen_at).ask
        )
