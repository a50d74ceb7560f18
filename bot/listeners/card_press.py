"""Who presses a button of a request: it counts only where we have shown it, and as we have shown it."""

from approvals.person import Person
from bot.listeners.front import Front
from bot.listeners.incoming import Incoming
from bot.operations.forged import CheckPressed, Pressed

GONE = "This request is not known any more, so nothing was done."


class CardPress:
    """The way from a click on a request to the person who may have meant it."""

    def __init__(self, front: Front, check: CheckPressed) -> None:
        self._front = front
        self._check = check

    def person(self, said: Incoming, what: str) -> Person | None:
        """The person who pressed; a stranger, or a button on what is not ours, is refused."""
        actor = self._front.person(said, what, said.value)
        if actor is None:
            return None
        pressed = Pressed(said.value, str(said.account), said.channel, said.message_ts, said.face)
        return None if self._check(pressed, actor, what, said.asker) else actor
