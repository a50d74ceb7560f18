"""`/peak roster propose` and `/peak policy propose`: the form with the difference, and the request."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.factor import Code
from approvals.in_force import Kind
from bot.listeners.front import Front, register
from bot.listeners.incoming import incoming
from bot.operations.changes import ProposeChange
from bot.operations.desk import Refused
from bot.operations.step_up import StepUp
from bot.views import change_form
from bot.views.code_field import typed_code
from bot.views.replies import sentence
from bot.words import read


class ChangeListeners:
    """From the command to the filed request."""

    def __init__(self, front: Front, propose: ProposeChange, step_up: StepUp) -> None:
        self._front = front
        self._propose = propose
        self._step_up = step_up

    def register(self, app: App) -> None:
        """A command for each of the two files, and their form."""
        for kind in Kind:
            register(app, "/peak", self.on_command, kind, "propose")
        app.view(change_form.CALLBACK)(self.on_form)

    def on_command(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Show what differs, and ask why."""
        ack()
        said = incoming(body, context)
        typed = read(said.text)
        kind = Kind(typed.first)
        actor = self._front.person(said, kind.action)
        if actor is None:
            return
        found = self._propose.proposal(actor, kind)
        code = None if isinstance(found, Refused) else self._step_up.asked(actor, kind.action)
        if isinstance(found, Refused):
            self._front.refuse(said, actor, found, kind.action)
        elif isinstance(code, Refused):
            self._front.refuse(said, actor, code, kind.action)
        else:
            form = change_form.change_form(kind, found.lines, typed.rest(2), code)
            self._front.open_form(said, client, form)

    def on_form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The reason, and with it the request."""
        said = incoming(body, context)
        kind = Kind(said.view_metadata) if said.view_metadata in set(Kind) else None
        actor = self._front.person(said, kind.action if kind else "roster.change")
        if kind is None or actor is None or said.account is None:
            ack()
            return
        values = said.values or {}
        reason, code = change_form.reason(values), Code(typed_code(values))
        outcome = self._propose(actor, said.account, kind, reason, said.cause, code)
        if isinstance(outcome, Refused):
            ack(response_action="errors", errors=outcome.fields or {change_form.REASON: outcome.sentence})
            return
        ack()
        told = f"Asked as “{outcome.request.name}”. The card stands in the approvals channel."
        self._front.answer(said, sentence(told))
