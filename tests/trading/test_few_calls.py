"""The venue allows few calls: fills are asked for ever more rarely, and a stop waits for none of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.trading.rig import EMERGENCY_KEY, QUICK, Rig, a_buy, eventually
from trading.gateway import Gateway
from trading.periodic import Growing
from trading.practice_exchange.faults import FaultKind
from trading.practice_exchange.rates import TIERS, RateLimits
from trading.session import SessionState
from trading.wire import Answer


def at_the_shipped_pace(rig: Rig) -> None:
    """Let the exchange count as it does for Kraken's smallest accounts, and the gateway keep to that."""
    rig.rate_limit_ms = 1000
    rig.practice.exchange.rates = RateLimits(TIERS["starter"])


@contextmanager
def drained(rig: Rig) -> Iterator[Gateway]:
    """A gateway whose trading key has not one call left, and with nobody in it who waits for one."""
    with rig.gateway() as gateway:
        for name in ("fills", "books", "equity"):
            gateway._works[name].stop()
        gateway._venue._private.pace.spend(1000)  # type: ignore[attr-defined]
        yield gateway


def test_a_stop_does_not_wait_for_the_pace(rig: Rig) -> None:
    """It goes over the emergency connection, is proven there, and leaves a halt its calls."""
    at_the_shipped_pace(rig)
    with drained(rig):
        sessions = [rig.attached() for _ in range(3)]
        price = rig.below_market()
        for client, ident in sessions:
            assert client.submit(a_buy(ident, "0.005", price)).state is Answer.ACCEPTED
        for _, ident in sessions:
            assert rig.client.stop_session(ident, "enough").proven
            assert rig.state(ident) is SessionState.STOPPED
        assert {call.key for call in rig.calls("CancelOrder")} == {EMERGENCY_KEY}
        assert rig.open_at_exchange() == 0
        assert rig.client.halt("and a halt has calls left").proven
        assert rig.practice.exchange.rates.refused == 0


def test_a_stop_of_an_unknown_order_asks_over_the_emergency_connection(rig: Rig) -> None:
    """An answer that was lost is looked for there too, and its order is cancelled."""
    at_the_shipped_pace(rig)
    with drained(rig):
        client, ident = rig.attached()
        rig.fault(FaultKind.LOST_ANSWER)
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.UNKNOWN
        assert rig.client.stop_session(ident, "enough").proven
        assert rig.open_at_exchange() == 0


def test_a_stop_looks_for_its_own_unknown_orders_alone(rig: Rig) -> None:
    """Those of other sessions have time, and their lookups would take the calls that a halt may need."""
    with drained(rig) as gateway:
        (client, ident), (other, other_ident) = rig.attached(), rig.attached(symbol="ETH/USD")
        rig.set_fault(FaultKind.LOST_ANSWER, count="2")
        lost = a_buy(other_ident, "0.1", symbol="ETH/USD")
        assert other.submit(lost).state is Answer.UNKNOWN
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.UNKNOWN
        assert rig.client.stop_session(ident, "enough").proven
        assert [order.intent for order in gateway._books.unresolved()] == [lost]


def test_what_was_filled_late_is_found_with_the_open_orders(rig: Rig) -> None:
    """However seldom fills are asked for, the list of open orders says that there are some."""
    with rig.gateway(replace(QUICK, fills_s=3600, silent_after_s=60)) as gateway:
        client, ident = rig.attached()
        intent = a_buy(ident)
        gateway._works["fills"].stop()
        assert client.submit(intent).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == intent.quantity)


def test_looking_grows_rare_while_nothing_happens() -> None:
    """At once, then after one second, two, four and never later than the longest."""
    now = [0.0]
    looking = Growing(1, 5, lambda: now[0])
    looked = []
    while now[0] < 20:
        if looking.is_due():
            looked.append(now[0])
        now[0] += 0.5
    assert looked == [0, 1, 3, 7, 12, 17]
    looking.happened()
    assert looking.is_due()
