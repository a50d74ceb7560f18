"""After a halt was cleared live sessions open at half of their size, for two hours."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.clock import system_clock
from tests.bot.intake import Clock
from tests.trading.rig import QUICK, Rig, a_buy
from trading.after_halt import AfterHalt
from trading.gateway_client import GatewayClient
from trading.killswitch import Latch
from trading.session import Stage
from trading.wire import Answer

HALF, WHOLE = Decimal("0.5"), Decimal(1)


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


def begun(home: Path, at: datetime) -> Latch:
    """A home that two people have begun."""
    latch = Latch(home)
    latch.begin("olivia", at)
    return latch


def test_only_a_cleared_halt_is_followed_by_care_and_only_for_its_time(tmp_path: Path, clock: Clock) -> None:
    """Not the beginning of a home; half for what is live, all for shadow; all again after two hours."""
    latch = begun(tmp_path, clock())
    care = AfterHalt(latch, clock)
    assert (care.share(Stage.LIVE), care.until()) == (WHOLE, None)

    latch.engage("the feed", "sam", clock())
    assert care.until() is None
    clock.passes(minutes=10)
    latch.clear("olivia", clock())
    cleared_at = clock()
    assert care.until() == cleared_at + timedelta(hours=2)
    assert (care.share(Stage.LIVE), care.share(Stage.SHADOW)) == (HALF, WHOLE)
    assert AfterHalt(Latch(tmp_path), clock).share(Stage.LIVE) == HALF, "another process reads it too"
    clock.passes(hours=2)
    assert (care.share(Stage.LIVE), care.until()) == (WHOLE, None)


def test_a_halt_by_a_bare_file_counts_as_one(tmp_path: Path, clock: Clock) -> None:
    """`touch HALT` was a halt; its clearing is followed by care."""
    latch = begun(tmp_path, clock())
    latch.halt_file.touch()
    latch.clear("olivia", clock())
    assert AfterHalt(latch, clock).share(Stage.LIVE) == HALF


def test_the_gate_lets_half_through_and_tells_the_session_so(rig: Rig) -> None:
    """The session's own sizing hears of it with each heartbeat; what goes beyond is denied in words."""
    rig.latch.engage("the feed", "sam", system_clock())
    rig.latch.clear("olivia", system_clock())
    with rig.gateway():
        client, ident = rig.attached(notional_max=Decimal(600))
        assert _beats(client, ident) == HALF
        assert client.submit(a_buy(ident, "0.004")).state is Answer.ACCEPTED
        other, ident = rig.attached(notional_max=Decimal(600), symbol="ETH/USD")
        outcome = other.submit(a_buy(ident, "0.12", symbol="ETH/USD"))
        assert outcome.state is Answer.DENIED
        assert "> 300; a halt was cleared lately, so it is half)" in outcome.reason
    with rig.gateway(replace(QUICK, watch_s=0)):
        client, ident = rig.attached(notional_max=Decimal(600))
        assert _beats(client, ident) == WHOLE
        assert client.submit(a_buy(ident, "0.008")).state is Answer.ACCEPTED


def _beats(client: GatewayClient, session_id: str) -> Decimal:
    return client.heartbeat(session_id).share
