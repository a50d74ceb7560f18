"""`/peak drill approval`: the form with the code, and with it the drill."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.factor import Code
from approvals.person import Person
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.operations.desk import DRILL, Refused
from bot.operations.drill import RequestDrill
from bot.operations.step_up import StepUp
from bot.views.code_field import CODE, typed_code
from bot.views.drill_form import CALLBACK, drill_form
from bot.views.replies import sentence
from bot.words import read, unknown

KINDS = ("approval",)
WHICH = "Which drill? /peak drill approval asks for an answer and starts nothing. Nothing was done."


class DrillListeners:
    """Begins drills; they are answered like any other request."""

    def __init__(self, front: Front, drill: RequestDrill, step_up: StepUp) -> None:
        self._front = front
        self._drill = drill
        self._step_up = step_up

    def on_drill(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """`/peak drill approval`; where the policy asks for a code, the form for it."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, DRILL)
        if actor is None or said.account is None:
            return
        kind = read(said.text).rest(1).lower()
        if kind not in KINDS:
            self._front.answer(said, sentence(unknown(kind, KINDS, "drill") or WHICH))
            return
        code = self._drill.refused_early(actor) or self._step_up.asked(actor, DRILL)
        if isinstance(code, Refused):
            self._front.refuse(said, actor, code, DRILL)
        elif code is not None:
            self._front.open_form(said, client, drill_form(said.channel, code))
        else:
            self._told(said, actor, self._drill(actor, said.account, said.cause))

    def on_form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The code, and with it the drill."""
        said = incoming(body, context)
        actor = self._front.person(said, DRILL)
        if actor is None or said.account is None:
            ack()
            return
        outcome = self._drill(actor, said.account, said.cause, Code(typed_code(said.values or {})))
        if isinstance(outcome, Refused):
            ack(response_action="errors", errors=outcome.fields or {CODE: outcome.sentence})
            return
        ack()
        self._told(said, actor, outcome)

    def _told(self, said: Incoming, actor: Person, outcome: Any) -> None:
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, DRILL)
            return
        told = f"The drill “{outcome.request.name}” has begun. Its card stands in the approvals channel."
        self._front.answer(said, sentence(told))

    def register(self, app: App) -> None:
        """One command and its form."""
        register(app, "/peak", self.on_drill, "drill")
        app.view(CALLBACK)(self.on_form)
