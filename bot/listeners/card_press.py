"""Who presses a button of a request's card: it counts only on the very message that holds the card."""

from approvals.person import Person
from bot.listeners.front import Front
from bot.listeners.incoming import Incoming
from bot.operations.desk import Refused
from bot.operations.requests import ReadRequests

FORGED = (
    "This button is not on the card that I posted for the request, so nothing was done. "
    "Use the card in the approvals channel, and tell an owner about this message."
)
GONE = "This request is not known any more, so nothing was done."


def presser(front: Front, reader: ReadRequests, said: Incoming, what: str) -> Person | None:
    """The person who pressed; a stranger, or a button that is not our card's, is refused."""
    actor = front.person(said, what, said.value)
    if actor is None or reader.is_card(said.value, said.channel, said.message_ts):
        return actor
    front.refuse(said, actor, Refused(FORGED), what, said.value)
    return None
