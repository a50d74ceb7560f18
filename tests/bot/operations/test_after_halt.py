"""What whoever approves is told of a halt that was cleared lately."""

from datetime import timedelta

from approvals.request import VoteWord
from bot.views.requests import request_card
from tests.bot.operations.rig import Rig
from tests.bot.views.reading import said


def test_after_a_cleared_halt_the_card_says_until_when_half_is_opened(rig: Rig) -> None:
    """Whoever approves knows that the orders of the preview are cut; later it is said no more."""
    rig.halted()
    rig.clock.passes(minutes=6)
    rig.latch.clear("olivia", rig.clock())
    until = rig.clock() + timedelta(hours=2)
    request = rig.asked(cause="a")
    assert request.payload["shown"]["after a halt"] == f"it opens at half of its size until {until:%H:%M} UTC"
    assert "*After a halt* it opens at half of its size until" in said(request_card(rig.card_of(request)))
    rig.answers(request.id, word=VoteWord.NO)
    rig.clock.passes(hours=2)
    assert "after a halt" not in rig.asked(cause="b").payload["shown"]
