"""A strategy that the desk has written itself."""

from pathlib import Path

from tests.scenarios.desk import CHECKLIST, Desk, open_desk

ALWAYS_IN = """
from decimal import Decimal

class AlwaysIn:
    name = "always_in"
    lookback = 1

    def target(self, candles):
        return Decimal(1)
"""
CONFIGURED = """
[strategies.always_in]
class = "desk_always_in:AlwaysIn"

[strategies.lost]
class = "desk_lost:Lost"
"""


def with_its_file(home: Path, text: str) -> str:
    """The configuration with two strategies more, and the file of one of them."""
    folder = home / "config" / "strategies"
    folder.mkdir()
    (folder / "desk_always_in.py").write_text(ALWAYS_IN)
    return text + CONFIGURED


def test_a_strategy_of_ones_own_goes_live(tmp_path: Path) -> None:
    """Its class is named in the configuration, its file lies beside it; one without a file is refused."""
    home = tmp_path / "home"
    with open_desk(home, changes=lambda text: with_its_file(home, text)) as desk:
        _refuses_what_has_no_file(desk)
        desk.otto.says("/peak live start always_in BTC/USD").sees_form("Start a live session")
        desk.otto.fills(notional="90", reason="our own", checklist=CHECKLIST).submits()
        card = desk.channel("trading-approvals").expects("Otto asks to go live")
        desk.otto.is_told("Asked as")
        desk.olivia.is_told("Otto asks to go live")
        card.now_reads("Preview buy")
        desk.is_approved(card)
        desk.otto.clicks(card, "Go live").is_told("Starting BTC/USD")
        session = desk.channel("trading-ops").expects("BTC/USD is live")
        session.thread.expects("First order: buy")
        session.thread.expects("Fill: buy")
        session.thread.may_say("Fill: buy")
        card.now_reads("the session is live", buttons=[])
        assert desk.sessions()[0].plan.class_path == "desk_always_in:AlwaysIn"


def _refuses_what_has_no_file(desk: Desk) -> None:
    desk.otto.says("/peak live start lost BTC/USD").sees_form("Start a live session")
    desk.otto.fills(notional="90", reason="our own", checklist=CHECKLIST).submits()
    desk.otto.sees_error("strategy", "There is no file for desk_lost:Lost")
    desk.otto.closes()
