"""What goes wrong reaches somebody and waits to be acknowledged."""

import os
import signal

from tests.scenarios.desk import Desk, until


def test_trouble_raises_alerts_that_somebody_takes(desk: Desk) -> None:
    """The venue fails several times in a row, then a process dies: told once each, and who looks after it."""
    session = desk.has_live_session()
    desk.control("fault", kind="error_5xx", count=0)
    alert = desk.channel("trading-alerts").expects("Venue error", buttons=["Acknowledge", "Halt everything"])
    desk.channel("trading-alerts").may_say("Venue error")
    desk.control("fault", kind="none")
    assert "ExchangeNetworkError" in alert.text
    session.now_reads("is live")

    pid = until(lambda: desk.sessions()[0].pid, "The session has no process")
    os.kill(pid, signal.SIGKILL)

    alert = desk.channel("trading-alerts").expects("BTC/USD", buttons=["Acknowledge", "Halt everything"])
    alert.now_reads("A session failed: BTC/USD")
    session.now_reads("BTC/USD has failed", buttons=[])
    desk.sam.clicks(alert, "Acknowledge")
    alert.now_reads("acknowledged by Sam", buttons=["Halt everything"])
    desk.rita.clicks(alert, "Halt everything").is_told("HALTED")
    desk.channel("trading-ops").expects("Rita halted everything").now_reads("proven by the venue")
    desk.olivia.is_told("Rita halted everything")


def test_a_blocked_order_raises_an_alert(tight_desk: Desk) -> None:
    """The limit blocks the session's first order: denied by us, never sent, and told."""
    desk = tight_desk
    desk.control("market", pair="BTC/USD", trend="up")
    first = desk.asks_to_go_live("BTC/USD", notional="60")
    _approve_and_start(desk, first, "BTC/USD")
    desk.channel("trading-ops").expects("BTC/USD is live").thread.expects("Fill: buy")
    desk.may_say("Fill: buy")
    desk.may_say("First order: buy")

    desk.control("market", pair="ETH/USD", trend="up")
    second = desk.asks_to_go_live("ETH/USD", notional="60")
    _approve_and_start(desk, second, "ETH/USD")
    session = desk.channel("trading-ops").expects("ETH/USD")
    session.thread.expects("Paused: an order was denied while it was new")
    alert = desk.channel("trading-alerts").expects("Order blocked: ETH/USD")
    alert.now_reads("“exposure in total” exceeded")
    desk.channel("trading-alerts").expects("A session is paused")
    assert len(desk.orders_sent()) == 1
    assert (
        "[RISK] Order blocked: max_total_exposure exceeded"
        in (desk.home / "logs" / "peak-ops.log").read_text()
    )


def _approve_and_start(desk: Desk, card: object, symbol: str) -> None:
    desk.is_approved(card)
    desk.otto.clicks(card, "Go live").is_told(f"Starting {symbol}")
