"""Pictures of halts: one that two people clear, and one that the venue does not prove."""

from bot.practice.people import OTTO, SAM, TRADING_OPS, XENA
from tests.pictures.album import Album
from tests.pictures.trading import go_live
from tests.scenarios.conversation import Card
from tests.scenarios.desk import Desk


def halt(desk: Desk, album: Album) -> None:
    """A stranger may not halt, Sam may; Sam may not clear it, Otto and Olivia do."""
    session = go_live(desk, desk.rita, "ETH/USD", "the last one today")
    album.turns(XENA, TRADING_OPS)
    desk.xena.says("/peak-kill now").is_told("Nothing was halted")
    album.takes("refused-halt", desk.xena.told)
    album.turns(SAM, TRADING_OPS)
    desk.sam.says("/peak-kill price feed looks wrong").is_told("HALTED")
    album.takes("told-halted", desk.sam.told)
    desk.sam.says("/peak rearm all is well").is_told("you hold no role at the desk")
    album.takes("refused-rearm", desk.sam.told)
    desk.olivia.is_told("Sam halted everything")
    album.takes("told-owner-of-halt", desk.olivia.told)
    card = desk.channel("trading-ops").expects("Sam halted everything: price feed looks wrong")
    album.takes("halt-proven", card.now_reads("proven by the venue"))
    album.takes("session-halted", session.now_reads("was halted", buttons=[]))

    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak status").is_told("HALTED")
    album.takes("status-halted", desk.otto.told)
    album.turns(OTTO, "home")
    desk.otto.sees_home("HALTED")
    album.takes_window("home-halted", "#home .block-header")
    clear(desk, album, card)


def clear(desk: Desk, album: Album, card: Card) -> None:
    """Otto, at his Home tab, asks; Olivia agrees."""
    desk.otto.clicks(desk.otto.home, "Ask to clear").sees_form("Clear the halt")
    album.takes_window("form-rearm", "dialog[open]")
    desk.otto.fills(reason="the feed is mended").submits().is_told("Asked as")
    request = desk.channel("trading-approvals").expects("Otto asks to clear the halt")
    album.takes("rearm-pending", request)
    desk.olivia.approves(request).is_told("counted")
    desk.otto.clicks(request, "Clear the halt").is_told("The halt is cleared")
    album.takes("line-cleared", desk.channel("trading-ops").expects("Otto cleared the halt"))
    album.takes("rearm-executed", request.now_reads("the halt is cleared", buttons=[]))
    album.takes("halt-cleared", card.now_reads("Cleared"))


def halt_without_answer(desk: Desk, album: Album) -> None:
    """The venue fails when everything is halted, and is asked until it proves."""
    desk.control("fault", kind="error_5xx", count=0)
    desk.rita.says("/peak-kill the venue fails").is_told("HALTED")
    card = desk.channel("trading-ops").expects("Rita halted everything: the venue fails")
    album.takes("halt-late", card.now_reads("NOT PROVEN yet"))
    album.takes("alert-halt.unproven", desk.channel("trading-alerts").expects("is not proven"))
    desk.control("fault", kind="none")
    album.takes("halt-proven-late", card.now_reads("proven by the venue"))
