"""A halt: the latch first, then nothing goes out any more, and the venue proves that nothing is left."""

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.clock import system_clock
from bot.gateway_launch import GatewayLauncher
from bot.settings import Environment
from tests.trading.rig import EMERGENCY_KEY, QUICK, TRADING_KEY, Rig, a_buy, eventually
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.halt import Steps, halt_exchange
from trading.halting import HaltTiming
from trading.order import OrderState
from trading.practice_exchange.faults import FaultKind
from trading.session import SessionState
from trading.wire import Answer


def names(steps: tuple[tuple[str, int], ...]) -> list[str]:
    """The steps without their figures."""
    return [re.split(r",| \(", name)[0] for name, _ in steps]


def test_a_halt_goes_in_order_and_ends_with_proof(rig: Rig) -> None:
    """Latch, gate, cancel, deadlines, cancel, proof; and what is still held is said."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.005"))
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED

        rig.latch.engage("price feed looks wrong", "sam", system_clock())
        proof = rig.client.halt("price feed looks wrong")

        assert proof.proven
        assert proof.orders_open == 0
        assert proof.held == {"BTC": Decimal("0.005")}, "halted must never read as flat"
        assert names(proof.steps) == [
            "latch",
            "gate shut",
            "first cancel",
            "deadlines passed",
            "second cancel",
            "proof",
        ]
        assert [ms for _, ms in proof.steps] == sorted(ms for _, ms in proof.steps)
        assert rig.open_at_exchange() == 0
        assert rig.state(ident) is SessionState.HALTED
        assert rig.events("session.halted")[0].facts["held"] == {"BTC": "0.005"}


def test_a_halt_says_how_many_orders_of_others_it_cancelled(rig: Rig) -> None:
    """It is the whole account's: whoever else has traded there must hear of it."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        for side in ("buy", "sell"):
            rig.set_fault(FaultKind.FOREIGN_ORDER, side=side)
        proof = rig.client.halt("drill")
        assert (proof.proven, proof.cancelled, proof.foreign) == (True, 3, 2)
        assert rig.events("session.halted")[0].facts["foreign"] == 2

        rig.set_fault(FaultKind.FOREIGN_ORDER)
        rig.set_fault(FaultKind.LOST_CANCEL, count="1")
        proof = rig.client.halt("again")
        assert (proof.proven, proof.cancelled, proof.foreign) == (True, -1, 3), "the two were just cancelled"


def test_the_halt_uses_the_emergency_key(rig: Rig) -> None:
    """Cancelling does not queue behind the trading key's calls."""
    with rig.gateway():
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").proven
    assert {call.key for call in rig.calls("CancelAll")} == {EMERGENCY_KEY}


def test_after_the_latch_no_order_reaches_the_exchange(rig: Rig) -> None:
    """However many sessions submit at once, the last order went out before the latch was engaged."""
    with rig.gateway():
        clients = [rig.attached() for _ in range(4)]
        stop = threading.Event()

        def hammer(client: GatewayClient, ident: str) -> None:
            while not stop.is_set():
                client.submit(a_buy(ident, "0.0001"))

        threads = [threading.Thread(target=hammer, args=pair) for pair in clients]
        for thread in threads:
            thread.start()
        eventually("orders go out", lambda: len(rig.calls()) > 5)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        after_halt = len(rig.calls())
        outcome = clients[0][0].submit(a_buy(clients[0][1], "0.0001"))
        stop.set()
        for thread in threads:
            thread.join()

        assert proof.proven
        assert outcome.state is Answer.DENIED
        assert len(rig.calls()) == after_halt
        assert rig.open_at_exchange() == 0


def test_the_latch_is_looked_at_right_before_sending(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A halt that falls between the checks and the sending still stops the order."""
    with rig.gateway() as gateway:
        client, ident = rig.attached()
        intend = gateway._books.intend

        def engaged_meanwhile(*arguments: object) -> None:
            intend(*arguments)  # type: ignore[arg-type]
            rig.latch.engage("just now", "sam", system_clock())

        monkeypatch.setattr(gateway._books, "intend", engaged_meanwhile)
        assert client.submit(a_buy(ident)).state is Answer.DENIED
    assert rig.calls() == []


def test_touching_the_file_halts_without_the_bot(rig: Rig) -> None:
    """`touch HALT` is enough: the gateway sees it by itself."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        (rig.home / "HALT").touch()
        eventually("the session is halted", lambda: rig.state(ident) is SessionState.HALTED)
        assert rig.open_at_exchange() == 0
        assert client.submit(a_buy(ident)).state is Answer.DENIED


def test_a_halt_waits_out_an_order_whose_answer_was_lost(rig: Rig) -> None:
    """An order that may still arrive is waited for, and cancelled too."""
    with rig.gateway():
        client, ident = rig.attached()
        rig.fault(FaultKind.LOST_ANSWER, "", "AddOrder")
        rig.fault(FaultKind.ERROR_5XX, "503", "OpenOrders", 3)
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.UNKNOWN
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").proven
        assert rig.open_at_exchange() == 0


def test_without_a_valid_list_nothing_is_proven(rig: Rig) -> None:
    """A blank answer is no empty list: the halt says that it does not know."""
    with rig.gateway(replace(QUICK, halt=HaltTiming(within_s=1))):
        _, ident = rig.attached()
        rig.fault(FaultKind.BLANK_200, "no_result", "OpenOrders", None)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert not proof.proven
        assert proof.orders_open == -1
        assert "OpenOrders answered without a result" in proof.detail
        assert rig.state(ident) is SessionState.HALTED


def test_a_stop_is_proven_by_the_venue(rig: Rig) -> None:
    """The session's own orders are cancelled, those of others stay."""
    with rig.gateway():
        client, ident = rig.attached()
        other, other_ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        assert other.submit(a_buy(other_ident, "0.005", rig.below_market())).state is Answer.ACCEPTED

        proof = rig.client.stop_session(ident, "enough for today")

        assert proof.proven
        assert proof.open_orders == 0
        assert names(proof.steps) == ["no new orders", "orders cancelled", "proof"]
        assert rig.state(ident) is SessionState.STOPPED
        assert rig.events("session.stopped")[0].facts["proven"] is True
        assert client.heartbeat(ident).run == "stop"
        assert client.submit(a_buy(ident)).state is Answer.DENIED
        assert rig.open_at_exchange() == 1


def test_a_stop_that_is_not_proven_is_unknown(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the venue's word the session is not called stopped; asked again, it can be."""
    monkeypatch.setattr("trading.session_desk._STOP_WITHIN_S", 0.5)
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.BLANK_200, "html", "OpenOrders", None)
        proof = rig.client.stop_session(ident, "enough")
        assert not proof.proven
        assert rig.state(ident) is SessionState.UNKNOWN

        rig.mend()
        assert rig.client.stop_session(ident, "again").proven
        assert rig.state(ident) is SessionState.STOPPED


def test_a_gateway_that_does_not_answer_is_replaced_for_the_halt(rig: Rig) -> None:
    """It is ended by its pid, and another process does the venue's part with the emergency key."""
    launcher = GatewayLauncher(Environment.from_environ(rig.environ()))
    rig.latch.engage("drill", "sam", system_clock())
    proof = halt_exchange(
        "kraken",
        rig.home,
        GatewayClient(socket_path(rig.home, "kraken")),
        launcher.halt,
        reason="drill",
        patience_s=60,
    )
    assert proof.proven
    assert names(proof.steps)[0] == "gateway does not answer"
    assert proof.held == {}


def test_steps_are_counted_from_the_beginning_of_their_process() -> None:
    """What a process needs to come up is part of a halt's time."""
    steps = Steps(age_s=2)
    steps.took("first cancel")
    assert steps.taken[0][1] >= 2000


def test_an_emergency_process_that_fails_proves_nothing(rig: Rig) -> None:
    """What cannot be read is no proof."""
    proof = halt_exchange(
        "kraken",
        rig.home,
        GatewayClient(socket_path(rig.home, "kraken")),
        lambda _: subprocess.Popen([sys.executable, "-c", "print('oops')"], stdout=subprocess.PIPE),
        reason="drill",
        patience_s=10,
    )
    assert not proof.proven
    assert "gave no proof" in proof.detail


def test_a_restarted_gateway_keeps_the_halt(rig: Rig) -> None:
    """The latch outlives the process: nothing passes until people have cleared it."""
    rig.latch.engage("drill", "sam", system_clock())
    with rig.gateway():
        session = rig.live_session()
        with pytest.raises(Exception, match="halted"):
            rig.client.attach(session.id)
    assert TRADING_KEY not in {call.key for call in rig.calls("AddOrder")}


def test_five_sessions_and_fifty_orders_are_halted_at_once(rig: Rig) -> None:
    """Nothing is left of them, and every step's time is said."""
    with rig.gateway(replace(QUICK, silent_after_s=60)):
        clients = [rig.attached() for _ in range(5)]
        price = rig.below_market()
        for client, ident in clients:
            for _ in range(10):
                assert client.submit(a_buy(ident, "0.0005", price)).state is Answer.ACCEPTED
        assert rig.open_at_exchange() == 50
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert proof.proven
        assert rig.open_at_exchange() == 0
        assert {rig.state(ident) for _, ident in clients} == {SessionState.HALTED}


def test_an_unproven_halt_is_tried_again_until_the_venue_answers(rig: Rig) -> None:
    """A venue that cannot cancel is asked again by the gateway itself, without anybody pressing again."""
    with rig.gateway(replace(QUICK, halt=HaltTiming(within_s=0.5, again_s=0.2))):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.ERROR_5XX, "503", "CancelAll", None)
        rig.latch.engage("drill", "sam", system_clock())
        assert not rig.client.halt("drill").proven
        assert rig.open_at_exchange() == 1
        rig.mend()
        eventually("nothing is left open", lambda: rig.open_at_exchange() == 0)


def test_a_halt_that_is_asked_for_twice_is_one_halt(rig: Rig) -> None:
    """Whoever asks while one is under way waits for its proof, and not for a second one after it."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.fault(FaultKind.DELAY_S, "1", "CancelAll")
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.shut("drill", "sam", system_clock())
        eventually("it is under way", lambda: rig.calls("CancelAll"))
        with ThreadPoolExecutor() as people:
            theirs, others = people.map(rig.client.halt, ["drill", "price feed looks wrong"])
        assert theirs.proven
        assert others.proven
        assert len(rig.calls("CancelAll")) == 2
        assert rig.open_at_exchange() == 0
        assert names(theirs.steps)[:3] == ["latch", "gate shut", "first cancel"]
        assert names(others.steps)[:2] == ["joined a halt under way", "first cancel"]
        assert others.steps[-1][1] < theirs.steps[-1][1], "each is told the time of their own halt"


def test_a_halt_makes_one_more_call_when_its_time_is_over(rig: Rig) -> None:
    """Who waits for it must not take it for dead: after the last list nothing is begun."""
    with rig.gateway(replace(QUICK, halt=HaltTiming(within_s=0, again_s=60))):
        rig.fault(FaultKind.MAINTENANCE, "maintenance", None, None)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert not proof.proven
        assert rig.calls("CancelAll") == []


def test_the_books_follow_a_halt_with_a_few_questions(rig: Rig) -> None:
    """The proof does not wait for what became of each order, and nobody asks for them one by one."""
    with rig.gateway():
        client, ident = rig.attached()
        price = rig.below_market()
        for _ in range(20):
            assert client.submit(a_buy(ident, "0.0005", price)).state is Answer.ACCEPTED
        asked_before = len(rig.calls("ClosedOrders"))
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").proven
        eventually("the books are in line", lambda: rig.client.status().open_orders == 0)
        assert {order.state for order in rig.orders(ident)} == {OrderState.CANCELLED}
        assert len(rig.calls("ClosedOrders")) == asked_before


def test_a_halt_counts_what_was_filled_last(rig: Rig) -> None:
    """A fill that nobody has polled yet is in the proof: halted must never read as flat."""
    with rig.gateway(replace(QUICK, fills_s=3600, books_s=3600)):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005")).state is Answer.ACCEPTED
        eventually("it is filled there", lambda: rig.open_at_exchange() == 0)
        assert rig.filled(ident) == 0
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").held == {"BTC": Decimal("0.005")}


def test_a_halt_says_when_the_last_fills_are_not_known(rig: Rig) -> None:
    """The orders are proven gone, and what is held is not called nothing."""
    with rig.gateway():
        _, ident = rig.attached()
        rig.fault(FaultKind.ERROR_5XX, "503", "TradesHistory", None)
        rig.latch.engage("drill", "sam", system_clock())
        proof = rig.client.halt("drill")
        assert proof.proven
        assert "what was filled last is not known" in proof.detail
        assert rig.events("session.halted")[0].facts["detail"] == proof.detail
        assert rig.state(ident) is SessionState.HALTED
