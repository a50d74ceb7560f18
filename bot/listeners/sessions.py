"""Stopping sessions, by word and by button."""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App

from approvals.person import Person
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.operations.desk import Refused
from bot.operations.sessions import StopSession
from bot.summaries import SessionSummary
from bot.views.replies import sentence
from bot.views.sessions import STOP, stop_reply
from bot.words import read

USAGE = "Which one? Type /peak stop <session or symbol> [reason], or /peak stop all. Nothing was stopped."


class SessionListeners:
    """`/peak stop` and the Stop button."""

    def __init__(self, front: Front, stop: StopSession) -> None:
        self._front = front
        self._stop = stop

    def on_command(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Stop one, or all, each with its own answer."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "session.stop")
        if actor is None or self._told_again(said):
            return
        typed = read(said.text)
        if len(typed.words) < 2:
            self._front.answer(said, sentence(USAGE))
            return
        wanted = typed.words[1]
        sessions = self._stop.matching(wanted)
        if not sessions:
            none = "No session is open, so nothing had to be stopped."
            if wanted.lower() != "all":
                called = f"No open session is called “{wanted[:60]}”"
                none = f"{called}, so nothing was stopped. /peak status lists them."
            self._front.answer(said, sentence(none))
            return
        self._stop_all(said, actor, sessions, typed.rest(2))

    def on_button(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Stop the session of the card."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "session.stop", said.value)
        if actor is not None and not self._told_again(said):
            self._stop_all(said, actor, (said.value,), "pressed Stop")

    def register(self, app: App) -> None:
        """Word and button."""
        register(app, "/peak", self.on_command, "stop")
        app.action(STOP)(self.on_button)

    def _stop_all(self, said: Incoming, actor: Person, sessions: tuple[str, ...], reason: str) -> None:
        self._tell(said, self._stop(actor, sessions, reason, said.cause, said.asker))

    def _told_again(self, said: Incoming) -> bool:
        """Answer a stop that a crash interrupted with what it stopped, whatever is open by now."""
        stopped = self._stop.again(said.cause) if said.redelivered else []
        if stopped:
            self._tell(said, stopped)
        return bool(stopped)

    def _tell(self, said: Incoming, outcomes: Sequence[SessionSummary | Refused]) -> None:
        told = [each.sentence if isinstance(each, Refused) else stop_reply(each).text for each in outcomes]
        self._front.answer(said, sentence(" ".join(told)))
