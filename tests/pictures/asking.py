"""Pictures of requests: asked for, answered, taken back, come too late."""

from bot.practice.people import OLIVIA, OTTO, TRADING_APPROVALS, TRADING_OPS
from tests.pictures.album import Album
from tests.scenarios.conversation import Card, Person
from tests.scenarios.desk import CHECKLIST, Desk


def fill_in(desk: Desk, album: Album) -> Card:
    """Otto fills the form in, wrongly at first; gives the card of his request."""
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak live start ma_crossover BTC/USD").sees_form("Start a live session")
    album.takes_window("form", "dialog[open]")
    desk.otto.fills(notional="5000", reason="first small run", checklist=CHECKLIST[:4]).submits()
    desk.otto.sees_error("notional", "the most allowed").sees_error("checklist", "Still open")
    album.turns(OTTO, TRADING_OPS)
    album.takes_window("form-complaints", ".field-error:not([hidden])")
    desk.otto.fills(notional="100", reason="first small run", checklist=CHECKLIST).submits()
    desk.otto.is_told("Asked as")
    album.takes("told-asked", desk.otto.told)
    return desk.channel("trading-approvals").expects("Otto asks to go live")


def ask(desk: Desk, person: Person, symbol: str, reason: str) -> Card:
    """Somebody asks, with a form that nobody looks at; gives the card of the request."""
    person.says(f"/peak live start ma_crossover {symbol}").sees_form("Start a live session")
    person.fills(notional="60", reason=reason, checklist=CHECKLIST).submits().is_told("Asked as")
    return desk.channel("trading-approvals").expects(f"{person.name} asks to go live")


def answer(desk: Desk, album: Album) -> None:
    """One request is refused, one is taken back; in between Otto tries to approve his own."""
    first = fill_in(desk, album)
    album.takes("request-pending", first)
    desk.olivia.is_told("asks to go live")
    album.takes("notice-waiting", desk.olivia.told)
    album.turns(OLIVIA, TRADING_APPROVALS)
    desk.olivia.clicks(first, "Approve").sees_form("Approve this?")
    album.takes_window("form-approve", "dialog[open]")
    desk.olivia.closes()
    album.turns(OTTO, TRADING_APPROVALS)
    desk.otto.clicks(first, "Approve").is_told("You asked for this yourself")
    album.takes("refused-own-vote", desk.otto.told)
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak approvals").is_told("BTC/USD")
    album.takes("approvals-waiting", desk.otto.told)
    album.turns(OLIVIA, TRADING_APPROVALS)
    desk.olivia.clicks(first, "Reject").sees_form("Reject this?")
    album.takes_window("form-reject", "dialog[open]")
    desk.olivia.fills(reason="wait for the numbers at three").submits().is_told("counted")
    album.takes("request-rejected", first.now_reads("Rejected by Olivia", buttons=[]))

    second = ask(desk, desk.rita, "ETH/USD", "the trend looks good")
    desk.rita.clicks(second, "Withdraw").is_told("Withdrawn")
    album.takes("request-cancelled", second.now_reads("Withdrawn", buttons=[]))


def come_too_late(desk: Desk, album: Album) -> None:
    """On a desk in a hurry one request is not answered in time, and one is not carried out."""
    first = ask(desk, desk.otto, "BTC/USD", "first small run")
    album.takes("request-expired", first.now_reads("Expired", buttons=[]))
    desk.otto.is_told("expired while it waited")
    album.takes("notice-expired", desk.otto.told)
    second = ask(desk, desk.otto, "ETH/USD", "the trend looks good")
    desk.olivia.approves(second)
    album.takes("request-lapsed", second.now_reads("Execution void", buttons=[]))


def drill(desk: Desk, album: Album) -> None:
    """Otto asks for an answer, Olivia gives it from her Home tab, Otto finishes it."""
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak drill approval").sees_form("Drill an approval")
    album.takes_window("form-drill", "dialog[open]")
    desk.otto.submits().is_told("has begun")
    card = desk.channel("trading-approvals").expects("DRILL · Otto asks for an answer")
    album.takes("drill-pending", card)
    desk.olivia.opens_home().sees_home("DRILL · Otto asks for an answer")
    album.turns(OLIVIA, "home")
    album.takes_window("home-waiting", "#home .block-actions")
    desk.olivia.clicks(desk.olivia.home, "Approve").sees_form("Approve this?").submits().is_told("counted")
    album.takes("line-vote", card.thread.expects("Olivia said yes"))
    desk.otto.clicks(card.now_reads("Approved by Olivia"), "Finish the drill").is_told("The drill is over")
    album.takes("drill-finished", card.now_reads("Execution done"))
