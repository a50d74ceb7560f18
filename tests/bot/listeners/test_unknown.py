"""What Slack brings that this bot never asked for."""

from pathlib import Path

from tests.approvals.desk import OTTO
from tests.bot.intake import open_database
from tests.bot.listeners.acting import Listening
from tests.bot.operations.rig import Rig


def test_a_button_of_an_older_card_is_told_to_be_one(tmp_path: Path) -> None:
    """Whoever presses it learns that nothing happened, and where the buttons of today are."""
    desk = Listening(Rig(open_database(tmp_path), tmp_path), tmp_path)

    desk.presses("session.flatten", "live-1", OTTO)

    (told,) = desk.rig.outgoing("reply")
    assert "nothing was done" in told.body["text"]
    assert told.target["account"] == str(OTTO.accounts[0])
