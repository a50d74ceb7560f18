"""`/peak shadow start`: one line, one person, no form."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.listeners.front import Front, register
from bot.listeners.incoming import incoming
from bot.operations.desk import Refused
from bot.operations.shadow import ShadowAnswers, StartShadow
from bot.views.replies import sentence
from bot.words import Typed, read

DUMMY = "--dummy"
USAGE = "Type /peak shadow start <strategy> <symbol> [bars] [notional] [--dummy]. Nothing was started."


class ShadowListeners:
    """From the command to the saved session."""

    def __init__(self, front: Front, start: StartShadow) -> None:
        self._front = front
        self._start = start

    def on_command(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Start it, or say what was not understood."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "session.start")
        if actor is None:
            return
        answers = shadow_answers(read(said.text))
        if answers is None:
            self._front.answer(said, sentence(USAGE))
            return
        outcome = self._start(actor, answers, said.asker)
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, "session.start")

    def register(self, app: App) -> None:
        """One word."""
        register(app, "/peak", self.on_command, "shadow")


def shadow_answers(typed: Typed) -> ShadowAnswers | None:
    """What the words stand for; None for too few, too many, or another word than `start`."""
    words = [word for word in typed.after(2) if word.lower() != DUMMY]
    if not typed.starts("shadow", "start") or not 2 <= len(words) <= 4:
        return None
    strategy, symbol, timeframe, notional = (*words, "", "")[:4]
    return ShadowAnswers(strategy, symbol, timeframe, notional, dummy=len(words) < len(typed.after(2)))
