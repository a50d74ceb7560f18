"""Pictures of a change of the roster: proposed, and in force."""

from bot.practice.people import OTTO, TRADING_OPS
from tests.pictures.album import Album
from tests.scenarios.desk import Desk


def change(desk: Desk, album: Album) -> None:
    """Somebody has written Nora into people.toml; Otto proposes it, Olivia agrees."""
    with (desk.home / "config" / "people.toml").open("a", encoding="utf-8") as people:
        people.write('\n[[people]]\nname = "Nora"\nroles = ["operator"]\n')
    album.turns(OTTO, TRADING_OPS)
    desk.otto.says("/peak roster propose Nora joins the desk").sees_form("Ask for a change")
    album.takes_window("form-roster", "dialog[open]")
    desk.otto.submits().is_told("Asked as")
    request = desk.channel("trading-approvals").expects("Otto asks to change the roster")
    album.takes("roster-pending", request)
    desk.olivia.approves(request).is_told("counted")
    desk.otto.clicks(request, "Put it in force").is_told("in force from now on")
    album.takes("roster-executed", request.now_reads("the roster is in force", buttons=[]))
