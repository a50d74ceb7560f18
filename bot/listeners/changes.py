"""`/peak roster|policy|config|limits propose`, `/peak factor`: the form with what would change."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.factor import Code
from approvals.in_force import TIGHTEN, Kind
from approvals.person import Person
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.operations.changes import Proposal, ProposeChange
from bot.operations.desk import Refused
from bot.operations.factor_change import ACTION, FactorProposal, RequestFactor
from bot.operations.filing import Asked
from bot.operations.limits import Tightened, TightenLimits
from bot.operations.step_up import StepUp
from bot.views import change_form
from bot.views.code_field import typed_code
from bot.views.replies import sentence
from bot.words import read

FACTOR = "factor"
WHOSE = "Say whose: /peak factor <person> <reason>. Nothing was asked for."
PRESSED = "Somebody else approves, then you press *Put it in force*. Until then the old one counts."
ALONE = "Nobody else has to agree to tighter limits: they count at once, and the desk is told."
ENROLLED = (
    "Somebody else approves, then the person has a day to enrol at the desk's machine, and the factor counts "
    "a day later."
)


class ChangeListeners:
    """From the command to the filed request."""

    def __init__(
        self,
        front: Front,
        propose: ProposeChange,
        tighten: TightenLimits,
        factors: RequestFactor,
        step_up: StepUp,
    ) -> None:
        self._front = front
        self._propose = propose
        self._tighten = tighten
        self._factors = factors
        self._step_up = step_up

    def register(self, app: App) -> None:
        """A command for each kind of change, one for factors, and the form of all."""
        for kind in Kind:
            register(app, "/peak", self.on_propose, kind, "propose")
        register(app, "/peak", self.on_factor, FACTOR)
        app.view(change_form.CALLBACK)(self.on_form)

    def on_propose(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Show what differs, and ask why."""
        ack()
        said = incoming(body, context)
        typed = read(said.text)
        kind = Kind(typed.first)
        if actor := self._front.person(said, kind.action):
            found = self._propose.proposal(actor, kind)
            what = TIGHTEN if isinstance(found, Proposal) and found.alone else kind
            self._open(said, actor, client, kind.action, what, found, typed.rest(2))

    def on_factor(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Show for whom and in place of what, and ask why."""
        ack()
        said = incoming(body, context)
        typed = read(said.text)
        wanted = " ".join(typed.words[1:2])
        if actor := self._front.person(said, ACTION):
            found = self._factors.proposal(actor, wanted) if wanted else Refused(WHOSE)
            self._open(said, actor, client, ACTION, f"{FACTOR} {wanted}", found, typed.rest(2))

    def on_form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """The reason, and with it the request."""
        said = incoming(body, context)
        what, _, wanted = said.view_metadata.partition(" ")
        known = {FACTOR: ACTION, TIGHTEN: TIGHTEN, **{str(kind): kind.action for kind in Kind}}
        actor = self._front.person(said, known.get(what, what[:40]))
        if actor is None or said.account is None or what not in known:
            ack()
            return
        values = said.values or {}
        reason, code = change_form.reason(values), Code(typed_code(values))
        outcome: Asked | Tightened | Refused
        if what == TIGHTEN:
            outcome = self._tighten(actor, reason, said.cause)
        elif what == FACTOR:
            outcome = self._factors(actor, said.account, wanted, reason, said.cause, code)
        else:
            outcome = self._propose(actor, said.account, Kind(what), reason, said.cause, code)
        if isinstance(outcome, Refused):
            ack(response_action="errors", errors=outcome.fields or {change_form.REASON: outcome.sentence})
            return
        ack()
        if isinstance(outcome, Tightened):
            self._front.answer(said, sentence(f"These limits count now: {'; '.join(outcome.lines)}."))
            return
        told = f"Asked as “{outcome.request.name}”. The card stands in the approvals channel."
        self._front.answer(said, sentence(told))

    def _open(
        self,
        said: Incoming,
        actor: Person,
        client: WebClient,
        action: str,
        what: str,
        found: Proposal | FactorProposal | Refused,
        reason: str,
    ) -> None:
        alone = what == TIGHTEN
        code = None if alone or isinstance(found, Refused) else self._step_up.asked(actor, action)
        if isinstance(found, Refused):
            self._front.refuse(said, actor, found, action)
        elif isinstance(code, Refused):
            self._front.refuse(said, actor, code, action)
        else:
            then = ENROLLED if action == ACTION else ALONE if alone else PRESSED
            form = change_form.change_form(what, then, found.lines, reason, code, alone=alone)
            self._front.open_form(said, client, form)
