"""What a request's asker does with its card, and asking for a halt to be cleared."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.errors import RequestUnknown
from approvals.factor import Code
from approvals.person import Person
from approvals.request import RequestId
from bot.listeners.card_press import GONE, CardPress
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.operations.asker import Asker
from bot.operations.desk import Refused
from bot.operations.filing import Asked
from bot.operations.halt import RequestRearm
from bot.operations.requests import ReadRequests, WithdrawRequest
from bot.operations.step_up import StepUp
from bot.views import rearm_form
from bot.views import requests as view
from bot.views.code_field import typed_code
from bot.views.replies import sentence
from bot.views.status import ASK_TO_CLEAR
from bot.words import read

Handler = Callable[[Incoming, Person], Refused | None]
# Carries out an approved request of one act, for the person who asked; gives what it did, or a Refused.
CarryOut = Callable[[Person, RequestId, Asker | None], object]


class RequestListeners:
    """Withdraw, carry out; ask for a halt to be cleared; list what waits."""

    def __init__(
        self,
        front: Front,
        press: CardPress,
        reader: ReadRequests,
        withdraw: WithdrawRequest,
        carry_out: Mapping[str, CarryOut],
        rearm: RequestRearm,
        step_up: StepUp,
    ) -> None:
        self._front = front
        self._press = press
        self._reader = reader
        self._withdraw = withdraw
        self._carry_out = carry_out
        self._rearm = rearm
        self._step_up = step_up

    def on_withdraw(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The asker takes it back."""
        ack()

        def act(said: Incoming, actor: Person) -> Refused | None:
            outcome = self._withdraw(actor, RequestId(said.value), said.asker)
            return outcome if isinstance(outcome, Refused) else None

        self._clicked(body, context, "withdraw", act)

    def on_execute(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The asker carries out what was approved."""
        ack()
        self._clicked(body, context, "execute", self._execute)

    def on_rearm(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """`/peak rearm <reason>`; where the policy asks for a code, the form with that reason."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "rearm")
        if actor is None or said.account is None:
            return
        reason = read(said.text).rest(1)
        if self._step_up.asked(actor, "rearm") is not None:
            self._open_rearm(said, actor, client, reason)
            return
        outcome = self._rearm(actor, said.account, reason, said.cause)
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, "rearm")
        else:
            self._told_of(said, outcome)

    def on_rearm_button(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """The same from the panel: the form asks for the reason, unless it would be asked in vain."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "rearm")
        if actor is None:
            return
        self._open_rearm(said, actor, client)

    def _open_rearm(self, said: Incoming, actor: Person, client: WebClient, reason: str = "") -> None:
        if refused := self._rearm.refused_early(actor):
            self._front.refuse(said, actor, refused, "rearm")
            return
        code = self._step_up.asked(actor, "rearm")
        if isinstance(code, Refused):
            self._front.refuse(said, actor, code, "rearm")
            return
        self._front.open_form(said, client, rearm_form.rearm_form(said.channel, reason, code))

    def on_rearm_form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The reason, and with it the request."""
        said = incoming(body, context)
        actor = self._front.person(said, "rearm")
        if actor is None or said.account is None:
            ack()
            return
        values = said.values or {}
        code = Code(typed_code(values))
        outcome = self._rearm(actor, said.account, rearm_form.reason(values), said.cause, code)
        if isinstance(outcome, Refused):
            ack(response_action="errors", errors=outcome.fields or {rearm_form.REASON: outcome.sentence})
            return
        ack()
        self._told_of(said, outcome)

    def _told_of(self, said: Incoming, asked: Asked) -> None:
        name = asked.request.name
        self._front.answer(said, sentence(f"Asked as “{name}”. The card stands in the approvals channel."))

    def on_list(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """`/peak approvals`."""
        ack()
        said = incoming(body, context)
        if self._front.person(said) is not None:
            self._front.answer(said, view.waiting_list(self._reader.pending()))

    def register(self, app: App) -> None:
        """Two buttons of a card, two commands, and a button with its form."""
        app.action(view.CANCEL)(self.on_withdraw)
        app.action(view.EXECUTE)(self.on_execute)
        register(app, "/peak", self.on_rearm, "rearm")
        register(app, "/peak", self.on_list, "approvals")
        app.action(ASK_TO_CLEAR)(self.on_rearm_button)
        app.view(rearm_form.CALLBACK)(self.on_rearm_form)

    def _clicked(self, body: Mapping[str, Any], context: Mapping[str, Any], what: str, act: Handler) -> None:
        said = incoming(body, context)
        actor = self._press.person(said, what)
        if actor is None:
            return
        outcome: Refused | None
        try:
            outcome = act(said, actor)
        except RequestUnknown:
            outcome = Refused(GONE)
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, what, said.value, lasting=True)

    def _execute(self, said: Incoming, actor: Person) -> Refused | None:
        request_id = RequestId(said.value)
        carry_out = self._carry_out.get(self._reader.action(request_id))
        if carry_out is None:
            return Refused("Nothing is carried out by this button, so nothing was done.")
        outcome = carry_out(actor, request_id, said.asker)
        return outcome if isinstance(outcome, Refused) else None
