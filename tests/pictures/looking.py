"""Pictures of what changes nothing: looks at the desk, and refusals."""

from bot.practice.people import GIL, OTTO, TRADING_OPS
from tests.pictures.album import Album
from tests.scenarios.desk import Desk

WORDS = (
    ("panel", "/peak", "Nothing is live"),
    ("status-calm", "/peak status", "Nothing is live"),
    ("help", "/peak help", "/peak-kill"),
    ("risk", "/peak risk", "Exposure in total"),
    ("orders-none", "/peak orders", "The venue lists none"),
    ("preview", "/peak preview ma_crossover BTC/USD", "sent nowhere"),
    ("readiness", "/peak readiness live", "Readiness for live"),
    ("approvals-none", "/peak approvals", "No request"),
    ("not-understood", "/peak statsu", "I do not know"),
    ("refused-usage", "/peak stop", "Which one?"),
    ("health-private", "/peak health", "Health check"),
)


def look_around(desk: Desk, album: Album) -> None:
    """Ask for everything once, as Otto, on a desk on which nothing runs; then as a guest."""
    album.turns(OTTO, TRADING_OPS)
    for name, words, told in WORDS:
        desk.otto.says(words).is_told(told)
        album.takes(name, desk.otto.told)
    album.takes("health-report", desk.channel("trading-reports").expects("Health check"))

    album.turns(OTTO, "home")
    desk.otto.sees_home("Nothing is live")
    album.takes_window("home-operator", "#home .block-header")
    album.turns(GIL, "home")
    desk.gil.sees_home("guest")
    album.takes_window("home-guest", "#home .block")
    album.turns(GIL, TRADING_OPS)
    desk.gil.says("/peak status").is_told("guest")
    album.takes("refused-guest", desk.gil.told)


def look_at_trouble(desk: Desk, album: Album) -> None:
    """The same looks while somebody else's order stands at the venue."""
    desk.control("fault", kind="foreign_order", pair="ETH/USD")
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak orders").is_told("foreign")
    album.takes("orders-foreign", desk.otto.told)
    desk.otto.says("/peak readiness live").is_told("FAILED")
    album.takes("readiness-failed", desk.otto.told)
    desk.otto.says("/peak health").is_told("Health check FAILED")
    album.takes("health-failed", desk.channel("trading-reports").expects("Health check FAILED"))
