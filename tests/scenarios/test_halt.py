"""Stopping everything: for anybody on the roster, at once, by every way in; starting again takes two."""

import json

from tests.scenarios.desk import Desk


def test_sam_without_a_role_may_halt_but_not_rearm(desk: Desk) -> None:
    """Stopping is for everybody on the roster, starting again is not, and strangers have no say at all."""
    session = desk.has_live_session("BTC/USD")
    desk.xena.says("/peak-kill now").is_told("Nothing was halted")
    desk.gil.says("/peak halt now").is_told("Nothing was halted")
    assert not (desk.home / "HALT").exists()
    session.now_reads("is live", buttons=["Pause", "Stop", "Halt everything"])

    desk.sam.says("/peak-kill price feed looks wrong").is_told("HALTED")
    card = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    card.now_reads("0 orders, proven by the venue. STILL HOLDING")
    session.now_reads("BTC/USD was halted", buttons=[])
    desk.olivia.is_told("Sam halted everything")
    assert desk.sessions()[0].state == "halted"

    desk.sam.says("/peak rearm all is well").is_told("you hold no role at the desk")
    desk.otto.says("/peak live start ma_crossover BTC/USD").is_told("Everything is halted")


def test_the_halt_button_halts_and_no_order_arrives_after_the_latch(desk: Desk) -> None:
    """Every live card carries the button; the exchange's own journal is the witness of what it does."""
    session = desk.has_live_session()
    sent = len(desk.orders_sent())
    desk.rita.clicks(session, "Halt everything").is_told("HALTED")
    desk.channel("trading-ops").expects("Rita halted everything").now_reads("proven by the venue")
    session.now_reads("was halted", buttons=[])
    desk.olivia.is_told("Rita halted everything")
    desk.control("market", pair="BTC/USD", trend="down")
    calls = desk.exchange.get("/practice/orders").raise_for_status().json()["calls"]
    assert [call["endpoint"] for call in calls].count("CancelAll") >= 2
    assert len(desk.orders_sent()) == sent


def test_touch_halt_halts_without_any_program(desk: Desk) -> None:
    """Somebody at the machine needs neither Slack nor the bot."""
    session = desk.has_live_session()
    (desk.home / "HALT").touch()
    desk.channel("trading-ops").expects("halted everything: the file HALT").now_reads("proven by the venue")
    session.now_reads("was halted", buttons=[])
    desk.olivia.is_told("halted everything")


def test_the_shell_halts_with_proof_even_without_the_bot(desk: Desk) -> None:
    """`peak-ops kill` asks the gateway itself; the bot tells the desk when it is back."""
    session = desk.has_live_session()
    desk.kill_bot()

    killed = desk.shell("kill", "the bot is gone", "--json")

    assert killed.returncode == 0, killed.stderr
    proof = json.loads(killed.stdout)["proofs"]["kraken"]
    assert proof["proven"] is True
    desk.start_bot()
    desk.channel("trading-ops").expects("halted everything: the bot is gone").now_reads("proven by the venue")
    session.now_reads("was halted", buttons=[])
    desk.olivia.is_told("halted everything")


def test_two_people_clear_a_halt_after_it_has_cooled_down(cool_desk: Desk) -> None:
    """Clearing is a protected act like a start, and starts nothing by itself."""
    desk = cool_desk
    desk.otto.opens_home()
    desk.otto.sees_home(
        "Nothing is live", buttons=["Start a live session", "Health check", "Halt everything"]
    )
    desk.rita.says("/peak-kill only a drill").is_told("HALTED")
    halt = desk.channel("trading-ops").expects("Rita halted everything").now_reads("proven by the venue")
    desk.olivia.is_told("Rita halted everything")

    desk.otto.says("/peak rearm").sees_form("Clear the halt").closes()
    desk.otto.sees_home("HALTED", buttons=["Ask to clear", "Health check", "Halt everything"])
    desk.otto.clicks(desk.otto.home, "Ask to clear").sees_form("Clear the halt")
    desk.otto.fills(reason="the drill is over").submits().is_told("Asked as")
    card = desk.channel("trading-approvals").expects("Otto asks to clear the halt")
    desk.olivia.is_told("Otto asks to clear the halt")
    desk.otto.clicks(card, "Approve").is_refused("You asked for this yourself")
    desk.is_approved(card, "Clear the halt")
    assert (desk.home / "HALT").exists()
    desk.otto.clicks(card, "Clear the halt").is_told("The halt is cleared")
    desk.channel("trading-ops").expects("Otto cleared the halt, with Olivia")
    halt.now_reads("by Otto, with Olivia", buttons=[])
    card.now_reads("the halt is cleared", buttons=[])
    assert not (desk.home / "HALT").exists()
    assert not desk.sessions()
    desk.otto.sees_home("Nothing is live")
