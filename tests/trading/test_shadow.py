"""Shadow goes through the same gateway and gate: real prices, paper fills, books of its own."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

from bot.clock import system_clock
from tests.trading.rig import QUICK, Rig, a_buy, eventually
from trading.fill import Fill
from trading.gateway_client import GatewayClient
from trading.gateway_files import socket_path
from trading.order import OrderState, Side
from trading.session import SessionState, Stage, TradingSession
from trading.store import FillStore, SessionStore
from trading.venues.kraken import KrakenVenue
from trading.venues.paper import PaperTerms, PaperVenue
from trading.wire import Answer

TERMS = PaperTerms(latency_s=0.05)


def paper(rig: Rig) -> PaperVenue:
    """An account on paper, at the practice exchange's prices and without any key."""
    market = KrakenVenue(
        api_url=rig.practice.url, key="", secret="", timeout_s=3, rate_limit_ms=1, clock=system_clock
    )
    money = {"USD": Decimal(10_000)}
    return PaperVenue(market, rig.home / "paper" / "kraken_paper.json", money, system_clock, TERMS)


def attached(rig: Rig, stage: Stage = Stage.SHADOW) -> tuple[GatewayClient, str]:
    """A session of the paper account that runs, with this test as its process."""
    ident = f"shadow-{uuid4().hex[:8]}"
    plan = rig.plan(stage=stage, exchange="kraken_paper")
    request = None if stage is Stage.SHADOW else "request-1"
    session = TradingSession(
        ident, plan, SessionState.STARTING, "otto", "", system_clock(), request_id=request
    )
    with rig.database.transaction() as transaction:
        SessionStore(transaction).add(session)
    client = GatewayClient(socket_path(rig.home, "kraken_paper"), timeout_s=30)
    client.attach(ident)
    return client, ident


def fills(rig: Rig, account: str) -> list[Fill]:
    """What was executed on an account."""
    with rig.database.reading() as reading:
        return FillStore(reading).all(account)


def test_a_shadow_session_trades_on_paper_and_nothing_reaches_the_venue(rig: Rig) -> None:
    """Accepted, filled in parts with a fee, booked apart; sold again after a restart, stopped with proof."""
    rig.prices_stand()
    with rig.gateway(replace(QUICK, fills_s=0.05), paper=paper(rig)):
        client, ident = attached(rig)
        assert client.submit(a_buy(ident, "0.004")).state is Answer.ACCEPTED
        eventually("it is filled", lambda: rig.filled(ident) == Decimal("0.004"))
        found = fills(rig, "kraken_paper")
        assert [fill.quantity for fill in found] == [Decimal("0.002")] * 2
        assert all(fill.fee > 0 for fill in found)
        assert client.equity().equity is not None
        assert (client.equity().equity or 0) < 10_000, "spread, slippage and fee are lost at once"
        assert rig.orders(ident)[0].state is OrderState.FILLED

    with rig.gateway(replace(QUICK, fills_s=0.05), paper=paper(rig)):
        client = GatewayClient(socket_path(rig.home, "kraken_paper"), timeout_s=30)
        client.attach(ident)
        assert rig.state(ident) is SessionState.RUNNING, "shadow goes on after its gateway was away"
        assert client.submit(replace(a_buy(ident, "0.004"), side=Side.SELL)).state is Answer.ACCEPTED
        eventually("it is sold", lambda: rig.filled(ident) == 0)
        bot = GatewayClient(socket_path(rig.home, "kraken_paper"), timeout_s=30)
        assert bot.stop_session(ident, "done").proven

    assert fills(rig, "kraken") == []
    assert [call for call in rig.calls() if call.endpoint == "AddOrder"] == []


def test_paper_takes_no_live_order_and_a_venue_no_order_of_shadow(rig: Rig) -> None:
    """A plan of one stage on the account of another sends nothing."""
    with rig.gateway(paper=paper(rig)):
        client, ident = attached(rig, Stage.LIVE)
        outcome = client.submit(a_buy(ident))
        assert (outcome.state, outcome.reason) == (
            Answer.DENIED,
            "a live session may not place orders on kraken_paper",
        )


def test_a_limit_holds_on_paper_too(rig: Rig) -> None:
    """The same gate, the same sentence."""
    with rig.gateway(paper=paper(rig)):
        client, ident = attached(rig)
        outcome = client.submit(a_buy(ident, "0.5"))
        assert outcome.state is Answer.DENIED
        assert "exceeded" in outcome.reason
        assert rig.state(ident) is SessionState.RUNNING, "only what is live is paused by it"
