"""The gateway on an exchange that misbehaves: lost answers, late fills, bad prices, wrong clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.candles import Candle, Timeframe
from trading.engine import Engine
from trading.errors import ExchangeNetworkError
from trading.gateway_client import GatewayClient
from trading.halting import HaltTiming
from trading.health import Verdict
from trading.order import Intent, OrderState, OrderType, Side
from trading.practice_exchange.faults import Fault, FaultKind
from trading.session import SessionState
from trading.venue_checks import clock_skew_s
from trading.wire import Answer

# Looks often at what it usually reads once an hour, and pauses no session for one order that was refused.
ATTENTIVE = replace(QUICK, instruments_s=0.2, equity_s=0.2, watch_s=0, silent_after_s=60)


def a_sell(session_id: str, quantity: str) -> Intent:
    """An intent to sell at the market."""
    return replace(a_buy(session_id, quantity), side=Side.SELL, type=OrderType.MARKET)


def refused(client: GatewayClient, session_id: str, words: str, symbol: str = "BTC/USD") -> bool:
    """Whether an opening order is denied in these words now."""
    outcome = client.submit(a_buy(session_id, "0.001", symbol=symbol))
    return outcome.state is Answer.DENIED and words in outcome.reason


def test_a_halt_whose_cancels_go_unanswered_is_proven_by_the_list(rig: Rig) -> None:
    """The cancels did their work and nobody heard: only the empty list says that nothing is left."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.LOST_CANCEL, left=2)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert proof.proven
        assert [call.outcome for call in rig.calls("CancelAll")][:2] == ["lost_cancel"] * 2


def test_a_halt_without_answer_to_its_cancels_and_without_list_is_not_proven(rig: Rig) -> None:
    """The orders are gone, but nobody has said so: that is unknown, and proven once the list comes."""
    with rig.gateway(replace(QUICK, halt=HaltTiming(within_s=1, again_s=0.2))):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.LOST_CANCEL, left=None)
        rig.fault(FaultKind.BLANK_200, "no_result", "OpenOrders", None)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert (proof.proven, proof.orders_open, rig.open_at_exchange()) == (False, -1, 0)
        rig.mend()
        assert rig.client.halt("drill").proven


def test_a_stop_whose_cancel_goes_unanswered_is_proven_by_the_list(rig: Rig) -> None:
    """The next round finds the order gone, and the list is what counts."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.LOST_CANCEL)
        assert rig.client.stop_session(ident, "enough for today").proven
        assert rig.state(ident) is SessionState.STOPPED


@pytest.mark.parametrize(("share", "held"), [("half", "0.0025"), ("all", "0.005")])
def test_fills_that_came_before_a_halts_cancel_are_in_its_proof(rig: Rig, share: str, held: str) -> None:
    """What was filled while the cancel was on its way is held, and the proof says so."""
    with rig.gateway(replace(QUICK, fills_s=3600, books_s=3600)):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.LATE_FILLS, share)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert proof.proven
        assert proof.held == {"BTC": Decimal(held)}


@pytest.mark.parametrize(
    ("share", "held", "state"),
    [("half", "0.0025", OrderState.CANCELLED), ("all", "0.005", OrderState.FILLED)],
)
def test_fills_that_came_before_a_stops_cancel_are_counted(
    rig: Rig, share: str, held: str, state: OrderState
) -> None:
    """The order is what the venue says it became, and the session keeps what it holds."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.LATE_FILLS, share)
        proof = rig.client.stop_session(ident, "enough for today")
        assert proof.proven
        assert proof.held == {"BTC": Decimal(held)}
        assert rig.filled(ident) == Decimal(held)
        assert [order.state for order in rig.orders(ident)] == [state]


def test_a_refused_signature_pauses_at_once(rig: Rig) -> None:
    """Kraken's plain error is about the key: no live session goes on with it."""
    with rig.gateway():
        _, ident = rig.attached()
        rig.fault(FaultKind.INVALID_SIGNATURE, left=None)
        eventually("it is paused", lambda: rig.state(ident) is SessionState.PAUSED)
        rig.mend()
    assert [event.facts["error"] for event in rig.events("venue.error")] == ["ExchangeAuthenticationError"]


def test_a_foreign_order_is_told_while_a_session_runs(rig: Rig) -> None:
    """Somebody who trades on the account by hand is named, and no live start passes."""
    with rig.gateway():
        rig.attached()
        rig.set_fault(FaultKind.FOREIGN_ORDER)
        told = eventually("it is told", lambda: rig.events("books.differ"))
        assert "foreign order" in told[0].facts["detail"]  # type: ignore[index]
        checks = {check.name: check.verdict for check in rig.client.checks("live")}
        assert checks["foreign orders"] is Verdict.FAILED


@pytest.mark.parametrize("status", ["cancel_only", "post_only", "reduce_only"])
def test_a_pair_that_is_not_online_opens_nothing(rig: Rig, status: str) -> None:
    """The venue rejects the order for certain; once the markets are read again it is not sent at all."""
    with rig.gateway():
        client, ident = rig.attached()
        rig.set_fault(FaultKind.PAIR_STATUS, value=status)
        outcome = client.submit(a_buy(ident, "0.001"))
        assert outcome.state is Answer.REJECTED
        assert status in outcome.reason
    with rig.gateway():
        client, ident = rig.attached()
        assert refused(client, ident, "not online")
    assert len(rig.calls()) == 1


def test_a_delisted_pair_opens_nothing_and_the_others_go_on(rig: Rig) -> None:
    """It has no price any more; what was held of it hinders no other session."""
    with rig.gateway(ATTENTIVE):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        other, other_ident = rig.attached(symbol="ETH/USD")
        rig.set_fault(FaultKind.DELISTED)
        eventually("it is refused", lambda: refused(client, ident, "not a market"))
        assert other.submit(a_buy(other_ident, "0.01", symbol="ETH/USD")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(other_ident) == Decimal("0.01"))
        assert rig.state(other_ident) is SessionState.RUNNING


def test_prices_that_stand_still_open_nothing(rig: Rig) -> None:
    """A quote that the venue has not touched for more than ten seconds is no price, however freshly read."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        stalled_at = (system_clock() - timedelta(seconds=11)).timestamp()
        with rig.practice.exchange.lock:
            rig.practice.exchange.faults.add(
                Fault(FaultKind.STALLED_TICKER, str(stalled_at), left=None, pair="BTC/USD")
            )
        eventually("it is seen", lambda: rig.client.ticker("BTC/USD").at.timestamp() <= stalled_at)
        assert refused(client, ident, "the quote is")
        assert client.submit(a_sell(ident, "0.001")).state is Answer.ACCEPTED
        other, other_ident = rig.attached(symbol="ETH/USD")
        assert other.submit(a_buy(other_ident, "0.01", symbol="ETH/USD")).state is Answer.ACCEPTED


def test_a_price_that_jumps_is_the_next_orders_price(rig: Rig) -> None:
    """An order that was small enough before is too large after the jump."""
    with rig.gateway():
        client, ident = rig.attached(notional_max=Decimal(5000))
        assert client.submit(a_buy(ident, "0.014")).state is Answer.ACCEPTED
        before = rig.client.ticker("BTC/USD").ask
        rig.set_fault(FaultKind.PRICE_JUMP, value="20")
        eventually("it is seen", lambda: rig.client.ticker("BTC/USD").ask > before * Decimal("1.1"))
        outcome = client.submit(a_buy(ident, "0.014"))
        assert outcome.state is Answer.DENIED
        assert "max_order_notional" in outcome.reason


class _Always:
    """A strategy that wants all of its notional at work."""

    name, lookback = "always", 1

    def target(self, candles: Sequence[Candle]) -> Decimal:
        """All of it."""
        return Decimal(len(candles) > 0)


def test_a_session_as_large_as_an_order_may_be_buys_on_a_rising_price(rig: Rig) -> None:
    """Sized just before the price rose by half a percent, its order is within the limit all the same."""
    with rig.gateway():
        client, ident = rig.attached(notional_max=rig.limits.max_order_notional)
        quote = rig.client.ticker("BTC/USD")
        instrument, cap = rig.client.instrument("BTC/USD"), rig.limits.max_order_notional
        engine = Engine(_Always(), instrument, cap, timeframe=Timeframe.H1)
        decision = engine.tick(rig.client.candles("BTC/USD", "1h", 2), Decimal(0), quote.bid, quote.ask)
        rig.set_fault(FaultKind.PRICE_JUMP, value="0.5")
        eventually("it is seen", lambda: rig.client.ticker("BTC/USD").ask > quote.ask)
        assert client.submit(a_buy(ident, str(decision.quantity))).state is Answer.ACCEPTED


@pytest.mark.parametrize("off_s", ["-5", "30"])
def test_a_clock_that_is_off_opens_nothing(rig: Rig, off_s: str) -> None:
    """No live start passes, and a gateway that runs lets only reducing orders through."""
    with rig.gateway(ATTENTIVE):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        rig.set_fault(FaultKind.CLOCK_OFF_S, value=off_s)
        checks = {check.name: check.verdict for check in rig.client.checks("live")}
        assert checks["venue clock"] is Verdict.FAILED
        eventually("it is measured", lambda: abs(rig.client.status().clock_skew_s or 0) > 2)
        assert refused(client, ident, "our clock is")
        if off_s == "-5":  # far enough ahead, and the venue finds every deadline past
            assert client.submit(a_sell(ident, "0.001")).state is Answer.ACCEPTED
        rig.mend()
        eventually("it opens again", lambda: client.submit(a_buy(ident, "0.001")).state is Answer.ACCEPTED)


def test_an_order_past_its_deadline_is_rejected_and_not_unknown(rig: Rig) -> None:
    """The venue says for certain that it did not take it in."""
    with rig.gateway(replace(QUICK, equity_s=3600)):  # it has looked at the clocks once, when it began
        client, ident = rig.attached()
        rig.set_fault(FaultKind.CLOCK_OFF_S, value="8")
        outcome = client.submit(a_buy(ident, "0.001"))
        assert outcome.state is Answer.REJECTED
        assert "Deadline elapsed" in outcome.reason


class _Slow:
    """A venue that reads its clock somewhere in a call of ten seconds."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def clock(self) -> datetime:
        return self.now

    def time(self) -> datetime:
        self.now += timedelta(seconds=4)
        told = self.now.replace(microsecond=0)
        self.now += timedelta(seconds=6)
        return told


def test_a_slow_answer_is_no_wrong_clock() -> None:
    """What the line may have taken is left out of the difference."""
    slow = _Slow(datetime(2026, 11, 20, 12, 0, 0, 700_000, tzinfo=UTC))
    assert clock_skew_s(slow, slow.clock) == 0  # type: ignore[arg-type]


def test_blank_answers_to_a_lookup_leave_an_order_unknown(rig: Rig) -> None:
    """An order whose answer was lost is not called absent by an answer with nothing in it."""
    with rig.gateway(replace(QUICK, silent_after_s=60)):
        client, ident = rig.attached()
        rig.fault(FaultKind.BLANK_200, "braces", "OpenOrders", None)
        rig.fault(FaultKind.LOST_ANSWER)
        intent = a_buy(ident, "0.005", rig.below_market())
        assert client.submit(intent).state is Answer.UNKNOWN
        with pytest.raises(ExchangeNetworkError):
            rig.venue().find_order(intent.client_order_id)
        assert rig.order(intent.client_order_id).state is OrderState.UNKNOWN
        rig.mend()
        eventually("it is found", lambda: rig.order(intent.client_order_id).state is OrderState.OPEN)
