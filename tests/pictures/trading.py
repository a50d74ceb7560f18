"""Pictures of sessions: live, paused, stopped, dead; and the alerts of that."""

import os
import signal

from bot.practice.people import OTTO, RITA, TRADING_OPS
from tests.pictures.album import Album
from tests.pictures.asking import ask
from tests.scenarios.conversation import Card, Person
from tests.scenarios.desk import Desk, until
from trading.gateway_files import gateway_process


def go_live(desk: Desk, asker: Person, symbol: str, reason: str) -> Card:
    """Somebody asks, Olivia approves, the session buys; gives its card."""
    desk.control("market", pair=symbol, trend="up")
    request = ask(desk, asker, symbol, reason)
    desk.olivia.approves(request).is_told("counted")
    asker.clicks(request, "Go live").is_told(f"Starting {symbol}")
    session = desk.channel("trading-ops").expects(f"{symbol} is live")
    session.thread.expects("Fill: buy")
    return session.now_reads("Open orders 0")


def trade(desk: Desk, album: Album) -> None:
    """The main road, and every way in which a session may end."""
    stop_when_paused(desk, album, run(desk, album))
    die(desk, album)
    stop_after_trouble(desk, album)


def run(desk: Desk, album: Album) -> Card:
    """From the request to a session that holds something; gives its card."""
    desk.control("market", pair="BTC/USD", trend="up")
    request = ask(desk, desk.otto, "BTC/USD", "second try, smaller")
    desk.olivia.approves(request).is_told("counted")
    album.takes("request-approved", request.now_reads("Approved by Olivia", buttons=["Go live"]))
    desk.otto.is_told("was approved by Olivia")
    album.takes("notice-approved", desk.otto.told)
    desk.otto.clicks(request, "Go live").is_told("Starting BTC/USD")
    session = desk.channel("trading-ops").expects("BTC/USD is live")
    album.takes("line-order", session.thread.expects("First order: buy"))
    album.takes("line-fill", session.thread.expects("Fill: buy"))
    album.takes("session-running", session.now_reads("Open orders 0"))
    album.takes_question("confirm-halt", session, "Halt everything")
    album.takes("request-executed", request.now_reads("the session is live", buttons=[]))
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak status").is_told("BTC/USD")
    album.takes("status-live", desk.otto.told)
    album.turns(OTTO, "home")
    desk.otto.sees_home("BTC/USD")
    album.takes_window("home-live", "#home .block-header")
    return session


def stop_when_paused(desk: Desk, album: Album, session: Card) -> None:
    """The gateway dies, the session is paused, Rita takes the alert, Otto stops it."""
    gateway = gateway_process(desk.home, "kraken")
    assert gateway is not None
    os.kill(gateway.pid, signal.SIGKILL)
    alerts = desk.channel("trading-alerts")
    lost, paused = alerts.expects("The gateway was lost"), alerts.expects("A session is paused")
    album.takes("session-paused", session.now_reads("is paused"))
    album.takes("alert-gateway.lost", lost)
    album.takes("alert-session.paused", paused)
    desk.rita.clicks(paused, "Acknowledge")
    album.takes("alert-acknowledged", paused.now_reads("acknowledged by Rita"))

    desk.wait_ready()
    go_on(desk, album, session)
    desk.control("fault", kind="delay_s", value=6, count=0)
    desk.otto.says("/peak stop BTC/USD the gateway died")
    album.takes("session-stopping", session.now_reads("is stopping"))
    desk.control("fault", kind="none")
    album.takes("session-stopped", session.now_reads("has stopped", buttons=[]))


def go_on(desk: Desk, album: Album, session: Card) -> None:
    """Otto asks that it goes on, Olivia agrees."""
    album.takes("line-state", session.thread.expects("Paused: its gateway was"))
    album.turns(OTTO, TRADING_OPS)
    desk.otto.clicks(session, "Ask to resume").sees_form("Resume a session")
    album.takes_window("form-resume", "dialog[open]")
    desk.otto.fills(reason="the gateway is back, and its books are reconciled").submits().is_told("Asked as")
    request = desk.channel("trading-approvals").expects("Otto asks to resume")
    album.takes("resume-pending", request)
    desk.olivia.approves(request).is_told("counted")
    desk.otto.clicks(request, "Resume").is_told("goes on")
    album.takes("resume-executed", request.now_reads("the session goes on", buttons=[]))


def die(desk: Desk, album: Album) -> None:
    """A session's process is killed."""
    session = go_live(desk, desk.otto, "ETH/USD", "the other market")
    pid = until(lambda: desk.sessions()[0].pid, "The session has no process")
    os.kill(pid, signal.SIGKILL)
    alert = desk.channel("trading-alerts").expects("ETH/USD").now_reads("A session failed")
    album.takes("alert-session.failed", alert)
    album.takes("session-failed", session.now_reads("has failed", buttons=[]))


def stop_after_trouble(desk: Desk, album: Album) -> None:
    """The venue fails for a while; then Rita stops the session and is told the proof."""
    session = go_live(desk, desk.rita, "BTC/USD", "a short one")
    desk.control("fault", kind="error_5xx", count=0)
    album.takes("alert-venue.error", desk.channel("trading-alerts").expects("Venue error"))
    desk.control("fault", kind="none")
    album.turns(RITA, TRADING_OPS)
    desk.rita.says("/peak stop BTC/USD the venue fails too often").is_told("proven by the venue")
    album.takes("told-stopped", desk.rita.told)
    session.now_reads("has stopped")
