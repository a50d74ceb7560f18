"""Looking: status, panel, Home, help, limits, orders, readiness, preview, health; and alerts."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.person import Person
from bot.listeners.front import Front, register
from bot.listeners.incoming import incoming
from bot.operations.alerts import AcknowledgeAlert
from bot.operations.desk import Refused
from bot.operations.health import CheckHealth
from bot.operations.look import Look
from bot.operations.status import ReadStatus
from bot.view import View
from bot.views import help as help_view
from bot.views import home as home_view
from bot.views import status as status_view
from bot.views.alerts import ACKNOWLEDGE
from bot.views.replies import not_understood, sentence
from bot.words import Typed, nearest, read
from trading.errors import TradingError

Body = Mapping[str, Any]
Shown = Callable[[Typed, Person], View | Refused]

UNKNOWN_BUTTON = (
    "I know no such button any more, so nothing was done: its card is of an older version. "
    "/peak shows the desk as it is now, with its buttons; /peak-kill halts everything."
)


class DeskListeners:
    """Everything that changes nothing, and the acknowledgement of an alert."""

    def __init__(
        self, front: Front, status: ReadStatus, health: CheckHealth, look: Look, acknowledge: AcknowledgeAlert
    ) -> None:
        self._front = front
        self._status = status
        self._health = health
        self._look = look
        self._acknowledge = acknowledge

    def register(self, app: App) -> None:
        """Words in the order in which they are tried; what is left over is not understood.

        Other listeners register before these: what no one knows ends here.
        """
        look = self._look
        shows: dict[str, Shown] = {
            "status": lambda typed, actor: status_view.status(self._status(actor)),
            "help": lambda typed, actor: help_view.help_text(typed.rest(1).lower()),
            "risk": lambda typed, actor: look.risk(),
            "orders": lambda typed, actor: look.orders(),
            "readiness": lambda typed, actor: look.readiness(typed.rest(1)),
            "preview": lambda typed, actor: look.preview(typed.after(1)),
        }
        for word, show in shows.items():
            register(app, "/peak", self._showing(show), word)
        register(app, "/peak", self.on_health, "health")
        app.command("/peak")(self._showing(self._anything_else))
        app.action(status_view.HEALTH_NOW)(self.on_health)
        app.action(ACKNOWLEDGE)(self.on_acknowledge)
        app.action(re.compile(".+"))(self.on_unknown_button)
        app.event("app_home_opened")(self.on_home)
        app.event("message")(self.on_message)

    def on_acknowledge(self, ack: Ack, body: Body, context: Mapping[str, Any]) -> None:
        """Somebody looks after it."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "alert.acknowledge", said.value)
        if actor is None:
            return
        outcome = self._acknowledge(actor, said.value)
        if isinstance(outcome, Refused):
            self._front.answer(said, sentence(outcome.sentence))

    def on_health(self, ack: Ack, body: Body, context: Mapping[str, Any]) -> None:
        """The health check now, for the desk and for whoever asks."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said)
        if actor is not None and said.asker is not None:
            self._health.now(actor, said.asker)

    def on_home(self, body: Body, context: Mapping[str, Any], client: WebClient) -> None:
        """Draw the Home tab anew, and let it follow from now on."""
        said = incoming(body, context)
        if said.account is None:
            return
        known = self._front.known(said)
        view = (
            home_view.home_refused(known) if isinstance(known, str) else home_view.home(self._status(known))
        )
        if not isinstance(known, str):
            self._front.home_opened(said.account, view)
        client.views_publish(user_id=said.account.user, view=view)

    def on_unknown_button(self, ack: Ack, body: Body, context: Mapping[str, Any]) -> None:
        """A button of a card that an older version has drawn, or that nobody has."""
        ack()
        said = incoming(body, context)
        if self._front.person(said) is not None:
            self._front.answer(said, sentence(UNKNOWN_BUTTON))

    def on_message(self, body: Body, context: Mapping[str, Any]) -> None:
        """Somebody writes to the bot, perhaps in haste: nothing is done, and what would be is told."""
        said = incoming(body, context)
        if self._front.person(said) is not None:
            self._front.answer(said, sentence(help_view.ONLY_COMMANDS))

    def _showing(self, show: Shown) -> Callable[..., None]:
        def listener(ack: Ack, body: Body, context: Mapping[str, Any]) -> None:
            ack()
            said = incoming(body, context)
            actor = self._front.person(said)
            if actor is None:
                return
            try:
                shown = show(read(said.text), actor)
            except TradingError as error:
                shown = Refused(f"The venue account could not be asked. {error}")
            self._front.answer(said, sentence(shown.sentence) if isinstance(shown, Refused) else shown)

        return listener

    def _anything_else(self, typed: Typed, actor: Person) -> View | Refused:
        if not typed.words:
            return status_view.panel(self._status(actor))
        if typed.too_long:
            return Refused(
                "That is longer than a command can be, so nothing was done. Keep it below 3,000 characters."
            )
        if typed.first in help_view.NOT_YET:
            return Refused(help_view.NOT_YET[typed.first])
        return not_understood(typed.words[0], nearest(typed.first, help_view.KNOWN))
