"""Many orders at random: our books and the venue's say the same to the last unit, none is lost or doubled."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from bot.clock import system_clock
from tests.trading.rig import EMERGENCY_KEY, QUICK, Rig, a_buy, eventually
from trading.amount import plain
from trading.books import Books
from trading.gateway import Gateway, Timing
from trading.limits import RiskLimits
from trading.order import OrderState, Side
from trading.practice_exchange.assets import ASSETS
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.orders import Order as PracticeOrder
from trading.practice_exchange.orders import OrderStatus
from trading.wire import Answer

# The largest order on each market.
MOST = {"BTC/USD": Decimal("0.005"), "ETH/USD": Decimal("0.1")}
PLENTY = RiskLimits("USD", *[Decimal(10**9)] * 4, Decimal(100))
UNWATCHED = replace(QUICK, watch_s=0, books_s=0.1, bot_gone_after_s=3600)
CALM = replace(UNWATCHED, fills_s=1, books_s=2)
CANCEL_EVERY = 25
# So many are without an answer at a time: each is looked for with a few calls, one after the other.
TOGETHER = 50
NEVER_CAME = (FaultKind.DROPPED,)
BECAME = {OrderStatus.CLOSED: OrderState.FILLED, OrderStatus.CANCELED: OrderState.CANCELLED}
ALREADY_THERE = (FaultKind.LOST_ANSWER, FaultKind.SERVICE_TIMEOUT)


class Traders:
    """A session on each market that sends what the dice say; `sent` is what became of each at first."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self.dice = Random(seed)
        self._step = rig.venue().instruments()
        self._sessions = {s: rig.attached(symbol=s, notional_max=Decimal(10**6)) for s in MOST}
        self._emergency = rig.venue(EMERGENCY_KEY, throttled=False)
        self.sent: dict[str, Answer] = {}

    def send(self, count: int, before_each: Callable[[], None] = lambda: None) -> None:
        """Let so many reach the venue, and now and then cancel all that rests behind the gateway's back."""
        begun = len(self.sent)
        while len(self.sent) - begun < count:
            symbol = self.dice.choice(list(MOST))
            client, session_id = self._sessions[symbol]
            share = Decimal(self.dice.randint(10_000, 100_000)).scaleb(-5)
            quantity = self._step[symbol].round_quantity(MOST[symbol] * share)
            price = best_ask(self._rig, symbol) * (1 + Decimal(self.dice.randint(-20, 20)).scaleb(-4))
            limit = plain(self._step[symbol].round_price(price)) if self.dice.random() < 0.5 else None
            intent = replace(
                a_buy(session_id, plain(quantity), limit, symbol), side=self.dice.choice(list(Side))
            )
            before_each()
            outcome = client.submit(intent)
            if outcome.state is Answer.DENIED:
                assert "more than the session's own" in outcome.reason, outcome.reason
                continue
            self.sent[intent.client_order_id] = outcome.state
            if len(self.sent) % CANCEL_EVERY == 0:
                self._emergency.cancel_all()

    def settle(self, gateway: Gateway) -> None:
        """Wait until nothing is open at the venue, and our books know what became of everything."""
        self._emergency.cancel_all()

        def is_over() -> bool:
            if self._rig.open_at_exchange():
                self._emergency.cancel_all()  # an order of unknown fate may have come after the last one
            return not gateway._books.live()

        eventually("every order is over in our books", is_over, within_s=300)


def best_ask(rig: Rig, symbol: str) -> Decimal:
    """What the market asks now."""
    exchange = rig.practice.exchange
    with exchange.lock:
        return exchange.markets.book(exchange.pair(symbol), exchange.clock()).ask


def money(rig: Rig) -> Counter[str]:
    """What the exchange keeps for the account, by the names that symbols use."""
    with rig.practice.exchange.lock:
        balances = rig.practice.exchange.account("main").balances.items()
        names = {ident: asset.altname.replace("XBT", "BTC") for ident, asset in ASSETS.items()}
        return Counter({names[ident]: amount for ident, amount in balances})  # type: ignore[misc]


def by_our_books(books: Books) -> dict[str, Decimal]:
    """How our fills have changed the account, by asset: coins as held, cash as earned less what is put in."""
    positions = books.account().positions
    paid = sum((p.realised_pnl - p.fees - p.cost for p in positions), Decimal(0))
    return {**{p.symbol.partition("/")[0]: p.quantity for p in positions}, "USD": paid}


def at_the_venue(rig: Rig, before: Counter[str]) -> dict[str, Decimal]:
    """How the account at the exchange has changed."""
    after = money(rig)
    return {asset: Decimal(after[asset] - before[asset]) for asset in ("BTC", "ETH", "USD")}


def there(rig: Rig) -> list[PracticeOrder]:
    """Every order that the exchange has ever taken."""
    with rig.practice.exchange.lock:
        return rig.practice.exchange.orders.all()


def loaded_anew(rig: Rig) -> Books:
    """Our books as the next gateway will read them."""
    books = Books(rig.database, "kraken", "USD", system_clock)
    books.load_without_prices()
    return books


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("orders", "timing"), [(12, UNWATCHED), pytest.param(10_000, CALM, marks=pytest.mark.prove)]
)
def test_our_books_equal_the_venues_to_the_last_unit(rig: Rig, orders: int, timing: Timing) -> None:
    """Coins, cash, profit and fees, kept while it ran and read again from the database."""
    rig.limits, before = PLENTY, money(rig)
    with rig.gateway(timing) as gateway:
        traders = Traders(rig, orders)
        traders.send(orders)
        traders.settle(gateway)
        found = at_the_venue(rig, before)
        assert Counter(traders.sent.values()) == {Answer.ACCEPTED: orders}
        assert all(found.values())
        assert by_our_books(gateway._books) == found
    assert by_our_books(loaded_anew(rig)) == found


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("lost", "faults"),
    [
        (6, ALREADY_THERE),
        pytest.param(1_000, (*ALREADY_THERE, *NEVER_CAME), marks=pytest.mark.prove),
    ],
)
def test_of_orders_without_an_answer_none_is_doubled_and_none_forgotten(
    rig: Rig, lost: int, faults: tuple[FaultKind, ...]
) -> None:
    """Half of all answers are lost: each order is at the venue once or never, and our books say which."""
    rig.limits, before = PLENTY, money(rig)
    with rig.gateway(UNWATCHED) as gateway:
        traders = Traders(rig, lost)

        def spoil() -> None:
            rig.mend()  # what was meant for an order that was denied
            if traders.dice.random() < 0.5:
                rig.fault(traders.dice.choice(faults), endpoint="AddOrder")

        for unknown in range(min(lost, TOGETHER), lost + 1, TOGETHER):
            while Counter(traders.sent.values())[Answer.UNKNOWN] < unknown:
                traders.send(1, spoil)
            rig.mend()
            traders.settle(gateway)
        found = at_the_venue(rig, before)
        assert by_our_books(gateway._books) == found

    taken = {str(order.request.cl_ord_id): order for order in there(rig)}
    assert len(taken) == len(there(rig)), "doubled"
    assert max(Counter(call.params["cl_ord_id"] for call in rig.calls()).values()) == 1, "sent again"
    ours = {ident: rig.order(ident) for ident in traders.sent}
    assert {i for i, order in ours.items() if order.state is not OrderState.REJECTED} == {*taken}
    for ident, order in taken.items():
        assert (ours[ident].state, ours[ident].filled_quantity) == (BECAME[order.status], order.filled)
    assert by_our_books(loaded_anew(rig)) == found
