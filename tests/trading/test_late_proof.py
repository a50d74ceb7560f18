"""A halt without proof is tried again, and the proof that comes then is told."""

from dataclasses import replace

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.halting import HaltTiming
from trading.practice_exchange.faults import FaultKind
from trading.wire import Answer

AGAIN_SOON = replace(QUICK, halt=HaltTiming(within_s=0.5, again_s=0.2))


def test_a_proof_that_comes_later_is_told_once(rig: Rig) -> None:
    """The venue is away while it is asked and back afterwards: whoever heard "not proven" hears of it."""
    with rig.gateway(AGAIN_SOON):
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
        rig.set_fault(FaultKind.MAINTENANCE)
        rig.latch.engage("price feed looks wrong", "sam", system_clock())
        assert not rig.client.halt("price feed looks wrong").proven
        assert rig.events("halt.proven") == []

        rig.mend()
        eventually("the later proof is told", lambda: rig.events("halt.proven"))
        assert rig.client.halt("and asked again").proven
        (told,) = rig.events("halt.proven")
        assert (told.facts["exchange"], told.facts["proven"], told.facts["orders_open"]) == (
            "kraken",
            True,
            0,
        )
        assert rig.open_at_exchange() == 0


def test_a_gateway_that_was_started_for_a_halt_tells_of_its_proof(rig: Rig) -> None:
    """The one before it was ended, and the emergency process may have had no proof."""
    with rig.gateway():
        client, ident = rig.attached()
        assert client.submit(a_buy(ident, "0.005", rig.below_market())).state is Answer.ACCEPTED
    rig.latch.engage("price feed looks wrong", "sam", system_clock())
    with rig.gateway(AGAIN_SOON, ready=False):
        eventually("its proof is told", lambda: rig.events("halt.proven"))


def test_a_halt_that_is_proven_at_once_is_told_by_its_answer(rig: Rig) -> None:
    """Nobody waits for more than that."""
    with rig.gateway(AGAIN_SOON):
        rig.latch.engage("drill", "sam", system_clock())
        assert rig.client.halt("drill").proven
        assert rig.events("halt.proven") == []


def test_a_gateway_that_is_started_on_a_halted_home_proves_it_once(rig: Rig) -> None:
    """Whoever reads "halted" expects that the venue was asked; what a person puts there afterwards stays."""
    rig.latch.engage("price feed looks wrong", "sam", system_clock())
    rig.set_fault(FaultKind.FOREIGN_ORDER)
    with rig.gateway(ready=False):
        eventually("its proof is told", lambda: rig.events("halt.proven"))
    assert rig.open_at_exchange() == 0

    rig.set_fault(FaultKind.FOREIGN_ORDER)
    with rig.gateway() as gateway:
        gateway._halting.watch()
        assert rig.open_at_exchange() == 1
        rig.latch.halt_file.touch()
    with rig.gateway() as gateway:
        gateway._halting.watch()
        assert rig.open_at_exchange() == 0, "somebody halted again"


def test_a_home_that_nobody_has_begun_leaves_the_account_alone(rig: Rig) -> None:
    """It is halted, but by nobody: the orders there were sent by a person."""
    rig.latch.latch_file.unlink()
    rig.set_fault(FaultKind.FOREIGN_ORDER)
    with rig.gateway() as gateway:
        gateway._halting.watch()
        assert rig.latch.engaged()
        assert (rig.open_at_exchange(), rig.events("halt.proven")) == (1, [])
