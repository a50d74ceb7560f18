"""What passes the gate, what does not, and what is known of it afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.given import a_plan, a_session
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.events import EventKind
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.health import Verdict
from trading.order import OrderState
from trading.practice_exchange.control_api import foreign_order
from trading.practice_exchange.faults import FaultKind
from trading.session import SessionState, Stage
from trading.store import SessionStore
from trading.wire import Answer


def test_an_order_is_sent_and_its_fills_are_booked(rig: Rig) -> None:
    """Accepted at once, filled a little later, each fill with an event, and the position follows."""
    with rig.gateway():
        client, ident = rig.attached()
        outcome = client.submit(a_buy(ident))
        assert outcome.state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))

        assert client.position(ident).quantity == Decimal("0.005")
        assert [order.state for order in rig.orders(ident)] == [OrderState.FILLED]
        kinds = [event.kind for event in rig.events()]
        assert kinds[:2] == [EventKind.SESSION_STARTED, EventKind.ORDER_ACCEPTED]
        assert EventKind.FILL in kinds


def test_the_intent_is_saved_before_it_is_sent(rig: Rig) -> None:
    """While the venue has not answered yet, the order stands in the database with its deadline."""
    with rig.gateway():
        client, ident = rig.attached()
        rig.fault(FaultKind.DELAY_S, "2", "AddOrder")
        sender = threading.Thread(target=client.submit, args=(a_buy(ident),))
        sender.start()
        orders = eventually("the intent is saved", lambda: rig.orders(ident))
        sender.join()
        assert orders[0].state is OrderState.INTENDED  # type: ignore[index]
        assert orders[0].deadline is not None  # type: ignore[index]


def test_an_order_over_the_limit_is_denied_and_told(rig: Rig) -> None:
    """Nothing reaches the venue; the event and the answer carry the limit's own sentence."""
    with rig.gateway():
        client, ident = rig.attached(notional_max=Decimal(100_000))
        outcome = client.submit(a_buy(ident, "0.05"))

        assert outcome.state is Answer.DENIED
        assert outcome.reason.startswith("max_order_notional exceeded (")
        assert rig.calls() == []
        assert [event.kind for event in rig.events("order")] == [EventKind.ORDER_DENIED]
        assert rig.state(ident) is SessionState.PAUSED, "a blocked order in the first hours pauses"


def test_two_sessions_race_for_the_last_headroom_and_one_gets_it(rig: Rig) -> None:
    """Check and reservation are one step."""
    rig.limits = type(rig.limits)(
        "USD", Decimal(1000), Decimal(5000), Decimal(600), Decimal(50000), Decimal(50)
    )
    with rig.gateway():
        sessions = [rig.attached() for _ in range(4)]
        outcomes: list[Answer] = []
        threads = [
            threading.Thread(target=lambda c=c, i=i: outcomes.append(c.submit(a_buy(i, "0.006")).state))
            for c, i in sessions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [Answer.ACCEPTED, Answer.DENIED, Answer.DENIED, Answer.DENIED]


def test_a_lost_answer_is_looked_up_and_never_sent_again(rig: Rig) -> None:
    """The order landed although nobody said so: it is found by our id and its fills are booked."""
    with rig.gateway():
        client, ident = rig.attached()
        rig.fault(FaultKind.LOST_ANSWER, "", "AddOrder")
        assert client.submit(a_buy(ident)).state is Answer.UNKNOWN
        eventually("it is found and filled", lambda: rig.filled(ident) == Decimal("0.005"))
        assert len(rig.calls()) == 1


def test_an_order_that_never_arrived_is_given_up_after_its_deadline(rig: Rig) -> None:
    """Absent twice after the deadline means the venue never had it."""
    with rig.gateway(replace(QUICK, order_life_s=3)):
        client, ident = rig.attached()
        rig.fault(FaultKind.DROPPED, "", "AddOrder")
        assert client.submit(a_buy(ident)).state is Answer.UNKNOWN
        eventually("it is given up", lambda: rig.orders(ident)[0].state is OrderState.REJECTED)
        order = rig.orders(ident)[0]
        assert order.updated_at is not None
        assert order.deadline is not None
        assert order.updated_at > order.deadline
        assert len(rig.calls()) == 1


def test_the_same_intent_twice_is_one_order(rig: Rig) -> None:
    """A session that asks again gets the first outcome."""
    with rig.gateway():
        client, ident = rig.attached()
        intent = a_buy(ident)
        assert client.submit(intent).state is Answer.ACCEPTED
        assert client.submit(intent).state is Answer.ACCEPTED
        assert len(rig.calls()) == 1


def test_a_rejection_by_the_venue_fails_the_order_alone(rig: Rig) -> None:
    """Rejected is said at once, with the venue's words, and is not unknown."""
    with rig.gateway():
        client, ident = rig.attached()
        rig.fault(FaultKind.REJECT, "EOrder:Insufficient funds", "AddOrder")
        outcome = client.submit(a_buy(ident))
        assert outcome.state is Answer.REJECTED
        assert "Insufficient funds" in outcome.reason


def test_a_session_cannot_speak_for_another(rig: Rig) -> None:
    """A connection belongs to the session that attached over it."""
    with rig.gateway():
        client, _ = rig.attached()
        _, other = rig.attached()
        with pytest.raises(Exception, match="not that of session"):
            client.submit(a_buy(other))
        assert rig.calls() == []


def test_a_session_cannot_sell_what_is_not_its_own(rig: Rig) -> None:
    """The account holds coins of others; a session sells its own fills and no more."""
    with rig.gateway():
        client, ident = rig.attached()
        intent = a_buy(ident)
        sell = type(intent)(**{f: getattr(intent, f) for f in intent.__slots__} | {"side": "sell"})
        outcome = client.submit(sell)
        assert outcome.state is Answer.DENIED
        assert "more than the session's own" in outcome.reason


def test_nothing_passes_before_the_books_are_reconciled(rig: Rig) -> None:
    """A venue that does not answer keeps the gate shut: unknown is not flat."""
    rig.fault(FaultKind.BLANK_200, "no_result", "OpenOrders", None)
    with rig.gateway(ready=False) as gateway:
        session = rig.live_session()
        eventually("it has tried", lambda: "reconciled" in rig.client.status().detail)
        with pytest.raises(Exception, match="reconciled"):
            rig.client.attach(session.id)
        assert rig.state(session.id) is SessionState.STARTING
        rig.mend()
        eventually("it reconciles once the venue answers", gateway.ready)


def test_without_the_bot_only_reducing_orders_pass(rig: Rig) -> None:
    """A gateway that has not heard its bot lets nothing open."""
    with rig.gateway(replace(QUICK, bot_gone_after_s=0)):
        client, ident = rig.attached()
        outcome = client.submit(a_buy(ident))
        assert outcome.state is Answer.DENIED
        assert "only reducing orders pass" in outcome.reason
        assert rig.state(ident) is SessionState.RUNNING


def test_a_session_that_hangs_up_loses_its_open_orders(rig: Rig) -> None:
    """A connection that breaks without goodbye is a session that is gone."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.01", limit_price=rig.below_market())).state is Answer.ACCEPTED
        client.close()
        eventually("its order is cancelled", lambda: rig.orders(ident)[0].state is OrderState.CANCELLED)
        assert [event.session_id for event in rig.events("session.silent")] == [ident]
        assert rig.open_at_exchange() == 0


def test_the_timer_is_armed_for_live_sessions_and_taken_back_after_them(rig: Rig) -> None:
    """Armed while a live session beats; disarmed when none is left and nothing is open."""
    with rig.gateway():
        client, ident = rig.attached()
        eventually(
            "armed", lambda: [c.params["timeout"] for c in rig.calls("CancelAllOrdersAfter")] == ["60"]
        )
        client.goodbye(ident)
        eventually(
            "disarmed",
            lambda: [c.params["timeout"] for c in rig.calls("CancelAllOrdersAfter")] == ["60", "0"],
        )


def test_foreign_orders_are_told_and_fail_a_live_check(rig: Rig) -> None:
    """The account is the bot's own: what somebody else placed there is no business of a live session."""
    price = rig.below_market()
    for _ in range(2):
        with rig.practice.exchange.lock:
            foreign_order(
                rig.practice.exchange,
                {"pair": "XBTUSD", "type": "buy", "volume": "0.01", "price": price},
                rig.practice.exchange.clock(),
            )
    with rig.gateway():
        checks = {check.name: check for check in rig.client.checks("live")}
        assert checks["foreign orders"].verdict is Verdict.FAILED
        assert checks["foreign orders"].detail.startswith("2, foreign order ")
        assert checks["venue"].verdict is Verdict.PASSED
        assert [order.ours for order in rig.client.orders()] == [False, False]
        assert rig.events("books.differ")


def test_a_key_that_may_not_read_the_ledger_fails_a_live_check(rig: Rig) -> None:
    """Money that is paid in or out could not be told from profit and loss."""
    with rig.gateway():
        rig.fault(FaultKind.REJECT, endpoint="Ledgers", value="EGeneral:Permission denied", left=None)
        found = {check.name: check for check in rig.client.checks("live")}["credentials"]
        assert found.verdict is Verdict.FAILED
        assert "may not query ledger entries" in found.detail
        rig.mend()
        checks = {check.name: check.verdict for check in rig.client.checks("live")}
        assert checks["credentials"] is Verdict.PASSED


def test_money_is_marked_and_the_day_begins_with_its_first_mark(rig: Rig) -> None:
    """Equity, the day's profit, exposure and each limit in use are known as soon as the gateway is ready."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        equity = rig.client.equity()
        assert equity.equity is not None
        assert equity.equity > 0
        assert equity.daily_pnl is not None
        assert equity.fees > 0
        assert equity.exposure is not None
        assert equity.exposure > 0
        assert equity.points
        uses = {use.name: use.used for use in rig.client.limits_in_use()}
        assert uses["max_symbol_exposure"] == equity.exposure


def test_a_gateway_knows_its_orders_and_positions_again(rig: Rig) -> None:
    """After a restart the books are what they were, and an open order still counts."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        assert client.submit(a_buy(ident, "0.004", rig.below_market())).state is Answer.ACCEPTED
    with rig.gateway():
        again = rig.client
        again.attach(ident)
        holding = again.position(ident)
        assert holding.quantity == Decimal("0.005")
        assert holding.pending == Decimal("0.004")
        assert rig.state(ident) is SessionState.PAUSED, "a live session waits after its gateway was away"


def test_what_a_lost_session_left_is_cancelled_by_the_next_gateway(rig: Rig) -> None:
    """Gateway and session died together: the order is not left standing for ever."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.004", rig.below_market())).state is Answer.ACCEPTED
    with rig.gateway(replace(QUICK, silent_after_s=0.5)):
        eventually("it is cancelled", lambda: rig.orders(ident)[0].state is OrderState.CANCELLED)


def test_errors_of_the_venue_are_told_once_in_a_while(rig: Rig) -> None:
    """Many failures of one kind are one event; a key that is refused pauses at once."""
    with rig.gateway():
        _, ident = rig.attached()
        rig.fault(FaultKind.INVALID_NONCE, "", None, None)
        eventually("it is paused", lambda: rig.state(ident) is SessionState.PAUSED)
        rig.mend()
    told = [event.facts["error"] for event in rig.events("venue.error")]
    assert told == ["ExchangeAuthenticationError"]


def test_a_stale_session_state_sends_nothing(rig: Rig) -> None:
    """A session that was stopped while its order waited for its turn gets nothing through."""
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        with gateway._venue.turn():
            sender = threading.Thread(target=client.submit, args=(a_buy(ident),))
            sender.start()
            eventually("it waits", lambda: gateway._attendance._present[ident].calls)
            gateway._states.move(ident, SessionState.STOPPING, "enough")
        sender.join()
    assert rig.calls() == []


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.TESTNET])
def test_only_a_live_session_places_real_orders(rig: Rig, stage: Stage) -> None:
    """Whatever exchange a plan names, a session that is not live spends nothing."""
    session = a_session(plan=a_plan(stage=stage), created_at=rig.practice.exchange.clock())
    with rig.database.transaction() as transaction:
        SessionStore(transaction).add(session)
    with rig.gateway():
        client = rig.client
        client.attach(session.id)
        outcome = client.submit(a_buy(session.id, "0.001"))
        assert outcome.state is Answer.DENIED
        assert "may not place orders" in outcome.reason
    assert rig.calls() == []


def test_a_stop_that_was_begun_is_finished_by_the_gateway(rig: Rig) -> None:
    """Whoever began it may have died: the session does not stay between two states."""
    session = rig.live_session()
    before = rig.session(session.id)
    with rig.database.transaction() as transaction:
        stopping = before.moved(SessionState.STOPPING, before.created_at, "enough")
        assert SessionStore(transaction).move(before, stopping)
    with rig.gateway():
        eventually("it is stopped", lambda: rig.state(session.id) is SessionState.STOPPED)
    assert rig.events("session.stopped")[0].facts["proven"] is True


def test_two_calls_with_one_intent_in_one_moment_are_one_order_and_one_answer(rig: Rig) -> None:
    """The second waits for what becomes of the first and hears the same."""
    with rig.gateway():
        client, ident = rig.attached()
        intent = a_buy(ident)
        rig.fault(FaultKind.DELAY_S, "0.5", "AddOrder")
        with ThreadPoolExecutor(2) as pool:
            second = GatewayClient(socket_path(rig.home, "kraken"), timeout_s=30)
            second.attach(ident)
            outcomes = list(pool.map(lambda each: each.submit(intent), (client, second)))
        assert [outcome.state for outcome in outcomes] == [Answer.ACCEPTED, Answer.ACCEPTED]
        assert len(rig.calls()) == 1


def test_two_refused_calls_with_one_intent_get_one_answer(rig: Rig) -> None:
    """An intent that is denied twice in one moment is in the books once, and both hear why."""
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        second = GatewayClient(socket_path(rig.home, "kraken"), timeout_s=30)
        second.attach(ident)
        intent = a_buy(ident, "0.000000001")
        with ThreadPoolExecutor(2) as pool, gateway._venue.turn():
            answers = [pool.submit(each.submit, intent) for each in (client, second)]
            eventually("both are in", lambda: gateway._attendance._present[ident].calls == 2)
        assert [answer.result().state for answer in answers] == [Answer.DENIED, Answer.DENIED]


def test_the_cap_is_on_the_money_put_in(rig: Rig) -> None:
    """After a fall the same money may not be put in once more."""
    with rig.gateway() as gateway:
        client, ident = rig.attached(notional_max=Decimal(500))
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        session = rig.session(ident)
        held = gateway._books.position(ident, "BTC/USD")
        fallen = held.cost / held.quantity / 2
        again = a_buy(
            ident, str(((Decimal(500) - held.cost * Decimal("0.6")) / fallen).quantize(Decimal("1e-8")))
        )
        denial = gateway._gate._against_session(session, again, fallen)
        assert denial is not None
        assert denial.limit == "notional_max"


def test_a_report_right_after_a_fill_knows_of_it(rig: Rig) -> None:
    """The day's profit and its loss for the limits are of now, not of the last mark."""
    with rig.gateway(replace(QUICK, equity_s=3600)) as gateway:
        client, ident = rig.attached()
        before = rig.client.equity()
        assert client.submit(a_buy(ident)).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        eventually("the limits know", lambda: gateway._valuation.daily().equity != before.equity)
        assert rig.client.equity().daily_pnl != 0


def test_a_report_without_the_venue_is_of_the_last_mark(rig: Rig) -> None:
    """Old money is better than none, as long as it is not too old."""
    with rig.gateway(replace(QUICK, equity_s=3600)):
        rig.fault(FaultKind.BLANK_200, "no_result", "BalanceEx", None)
        assert rig.client.equity().equity is not None
