"""Clicks on what we have not shown: a copy of a card, a card that somebody has changed, a false Home tab."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from threading import Event

from approvals.errors import RequestUnknown
from approvals.payload import one_line
from approvals.person import Person
from approvals.request import RequestId
from bot.operations.alerts import raise_alert
from bot.operations.asker import Asker
from bot.operations.desk import Channels, Desk, Refused
from bot.operations.request_card import subject
from bot.operations.requests import SUBJECT_MAX, note_refused
from bot.outbox import Urgency
from bot.storage import Storage, Transaction

PLACE_NOTED_WITHIN_S = 3.0
LOOK_EVERY_S = 0.05
FORGED = (
    "This button is not on the card as I posted it for the request, so nothing was done. "
    "Use the card in the approvals channel, and tell an owner about this message."
)
ADVICE = (
    "Approve nothing until this is cleared up. Look who posted or changed that message; if it was this bot, "
    "somebody holds its token: make new tokens in the app's settings, and start the bot with them."
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """Where a request's button was pressed, and the face of what it stood on; no channel: the Home tab."""

    request_id: str
    account: str
    channel: str
    ts: str
    face: str

    @property
    def at_home(self) -> bool:
        """Whether it was pressed on a view and not on a message."""
        return not self.channel and not self.ts


class CheckPressed:
    """Lets a click pass that came from where we have shown the request, as we have shown it."""

    def __init__(
        self, storage: Storage, desk: Desk, patience: Callable[[float], object] | None = None
    ) -> None:
        """`patience` waits for so many seconds, for a card that Slack shows before we have noted where."""
        self._storage = storage
        self._desk = desk
        self._wait = patience or Event().wait

    def __call__(
        self, pressed: Pressed, actor: Person, what: str, asker: Asker | None = None
    ) -> Refused | None:
        """Refuse anything else, on record and with an alert; a card that was changed is put right."""
        if pressed.at_home:
            with self._storage.reading() as tx:
                ours = tx.outbox.was_shown(f"home:{pressed.account}", pressed.face)
            return None if ours else self._refused(pressed, actor, what, "a false Home tab", asker)
        if not self._is_place(pressed):
            return self._refused(pressed, actor, what, "a message that is not the request's card", asker)
        with self._storage.reading() as tx:
            ours = tx.outbox.was_shown(subject(pressed.request_id), pressed.face)
        return None if ours else self._refused(pressed, actor, what, "a card that was changed", asker)

    def _is_place(self, pressed: Pressed) -> bool:
        for _ in range(round(PLACE_NOTED_WITHIN_S / LOOK_EVERY_S)):
            with self._storage.reading() as tx:
                place = tx.outbox.place(subject(pressed.request_id))
            if place is not None:
                return place == (pressed.channel, pressed.ts)
            self._wait(LOOK_EVERY_S)
        return False

    def _refused(
        self, pressed: Pressed, actor: Person, what: str, where: str, asker: Asker | None
    ) -> Refused:
        refused = Refused(FORGED, on_record=True)
        with self._storage.transaction() as tx:
            note_refused(tx, actor.id, what, pressed.request_id, f"{where}: {self._place(pressed)}")
            self._alert(tx, pressed, actor, what, where, asker.cause if asker else tx.now.isoformat())
            if tx.outbox.place(subject(pressed.request_id)) is not None:
                tx.outbox.card(subject(pressed.request_id), self._desk.channels.approvals, Urgency.FIRST)
            if asker is not None:
                asker.refused(tx, refused.sentence)
        return refused

    def _alert(
        self, tx: Transaction, pressed: Pressed, actor: Person, what: str, where: str, cause: str
    ) -> None:
        detail = f"{actor.name} pressed {what} on {where}, for {_named(tx, pressed)}: {self._place(pressed)}"
        title = "A false card was pressed"
        raise_alert(tx, self._desk, f"forged:{cause}", "card.forged", "high", title, detail, ADVICE)

    def _place(self, pressed: Pressed) -> str:
        if pressed.at_home:
            return f"the Home tab of {pressed.account}"
        named = (f.name for f in fields(Channels) if getattr(self._desk.channels, f.name) == pressed.channel)
        channel = f"{one_line(pressed.channel, 40)} ({next(named, 'no channel of the desk')})"
        return f"message {one_line(pressed.ts, 40)} in {channel}"


def _named(tx: Transaction, pressed: Pressed) -> str:
    """The request by the name on its card; what a button carries may be anything."""
    try:
        return f"“{tx.requests.get(RequestId(pressed.request_id)).name}”"
    except RequestUnknown:
        return one_line(pressed.request_id, SUBJECT_MAX)
