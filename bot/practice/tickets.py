"""Short-lived permissions that come with an interaction: trigger ids and response addresses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.practice.errors import ApiError
from bot.practice.identifiers import Clock, Identifiers

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSE_USES = 5


@dataclass(slots=True)
class _Trigger:
    person: str
    given_at: datetime
    view_id: str | None
    used: bool = False


@dataclass(slots=True)
class ResponseAddress:
    """Where an interaction may be answered: for one person, in one channel, about one message or none."""

    person: str
    channel: str
    given_at: datetime
    message_ts: str | None
    thread_ts: str | None
    uses_left: int = RESPONSE_USES


class Tickets:
    """Gives out and redeems trigger ids and response addresses."""

    def __init__(self, identifiers: Identifiers, clock: Clock) -> None:
        self._identifiers = identifiers
        self._clock = clock
        self._triggers: dict[str, _Trigger] = {}
        self._addresses: dict[str, ResponseAddress] = {}

    def trigger_for(self, person: str, view_id: str | None = None) -> str:
        """Give a trigger id: good once, for three seconds; ``view_id`` when it came from a view."""
        trigger_id = self._identifiers.trigger()
        self._triggers[trigger_id] = _Trigger(person, self._clock(), view_id)
        return trigger_id

    def redeem(self, trigger_id: str) -> tuple[str, str | None]:
        """Give the person and the view a trigger stands for, and use it up."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._clock() - trigger.given_at > TRIGGER_LIFE:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger.person, trigger.view_id

    def address_for(
        self, person: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None
    ) -> str:
        """Give the last part of a response_url."""
        word = self._identifiers.secret()
        self._addresses[word] = ResponseAddress(person, channel, self._clock(), message_ts, thread_ts)
        return word

    def answer_at(self, word: str) -> ResponseAddress:
        """Use a response address once."""
        address = self._addresses.get(word)
        if address is None or self._clock() - address.given_at > RESPONSE_LIFE:
            raise ApiError("expired_url")
        if address.uses_left == 0:
            raise ApiError("used_url")
        address.uses_left -= 1
        return address
