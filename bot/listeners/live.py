"""`/peak live start`: the form, its answers, and the request that follows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.factor import Code
from approvals.person import Person
from approvals.request import Assurance
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.listeners.jobs import Jobs
from bot.operations.desk import Desk, Refused, plan_of, plan_value
from bot.operations.live import RequestLive
from bot.operations.status import configured_limits
from bot.operations.step_up import StepUp
from bot.views import live_form
from bot.views.code_field import typed_code
from bot.views.replies import sentence
from bot.views.status import START_LIVE
from bot.words import Typed, read, unknown
from trading.errors import TradingError

JOB = "live_request"


class LiveListeners:
    """From the command to the filed request."""

    def __init__(self, front: Front, desk: Desk, request: RequestLive, step_up: StepUp, jobs: Jobs) -> None:
        self._front = front
        self._desk = desk
        self._request = request
        self._step_up = step_up
        self._jobs = jobs

    def on_command(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Open the form with what the command already said."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "live.activate")
        if actor is None:
            return
        form = self._form(read(said.text))
        if isinstance(form, Refused):
            self._front.refuse(said, actor, form, "live.activate")
            return
        self._open(said, actor, form, client)

    def on_button(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """The same from the panel."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "live.activate")
        if actor is not None:
            form = self._form(Typed(()))
            if not isinstance(form, Refused):
                self._open(said, actor, form, client)

    def on_submit(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Wrong answers go back into the form; good ones are saved, then rehearsed and asked for."""
        said = incoming(body, context)
        actor = self._front.person(said, "live.activate")
        if actor is None:
            ack()
            return
        answers = live_form.answers(said.values or {})
        plan = self._request.plan(answers)
        if isinstance(plan, Refused):
            ack(response_action="errors", errors=plan.fields)
            return
        if refused := self._request.refused_early(actor, plan.symbol):
            ack(response_action="errors", errors={"symbol": refused.sentence})
            return
        code = Code(typed_code(said.values or {}))
        proof = self._step_up(actor, "live.activate", code, said.cause)
        if isinstance(proof, Refused):
            ack(response_action="errors", errors=proof.fields)
            return
        facts = {
            "plan": {**plan_value(plan), "notional_max": str(plan.notional_max)},
            "strategy_source": plan.source_digest,
            "reason": answers.reason.strip(),
            "step_up": proof.value,
        }
        self._jobs.save(JOB, said, facts)
        ack()

    def on_job(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Readiness, preview, then the request and its card."""
        said, facts = self._jobs.read(body, context)
        actor = self._front.person(said, "live.activate")
        if actor is None or said.account is None:
            return
        try:
            proof = Assurance(facts.get("step_up", Assurance.NONE))
            reason = str(facts["reason"])
            outcome = self._request(actor, said.account, plan_of(facts), reason, said.cause, proof)
        except TradingError as error:
            outcome = Refused(f"The start could not be rehearsed, so nothing was asked for. {error}")
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, "live.activate")
            return
        asked = outcome.request
        self._front.answer(
            said,
            sentence(
                f"Asked as “{asked.name}”. The card stands in the approvals channel until "
                f"{asked.expires_at:%H:%M} UTC.",
                asked.expires_at,
            ),
        )

    def register(self, app: App) -> None:
        """Command, button, form and job."""
        register(app, "/peak", self.on_command, "live")
        app.action(START_LIVE)(self.on_button)
        app.view(live_form.CALLBACK)(self.on_submit)
        app.event(JOB)(self.on_job)

    def _open(self, said: Incoming, actor: Person, form: live_form.LiveForm, client: WebClient) -> None:
        if refused := self._request.may_ask(actor) or self._request.refused_early(actor, form.symbol):
            self._front.refuse(said, actor, refused, "live.activate")
            return
        code = self._step_up.asked(actor, "live.activate")
        if isinstance(code, Refused):
            self._front.refuse(said, actor, code, "live.activate")
            return
        self._front.open_form(said, client, live_form.live_form(replace(form, code=code), said.channel))

    def _form(self, typed: Typed) -> live_form.LiveForm | Refused:
        desk = self._desk
        strategies = tuple(choice.name for choice in desk.strategies)
        if typed.words and not typed.starts("live", "start"):
            return Refused(
                "After “live” only “start” is known, so nothing was done. Type /peak live start "
                "<strategy> <symbol>."
            )
        strategy, symbol, timeframe, notional = (*typed.after(2), "", "", "", "")[:4]
        problem = (
            unknown(strategy, strategies, "strategy")
            or unknown(symbol.upper(), desk.symbols, "symbol")
            or unknown(timeframe, live_form.TIMEFRAMES, "bar length")
        )
        if problem:
            return Refused(problem)
        return live_form.LiveForm(
            strategies=strategies,
            symbols=desk.symbols,
            limits=configured_limits(desk.limits),
            exchange=desk.live_exchange,
            strategy=strategy,
            symbol=symbol.upper(),
            timeframe=timeframe or live_form.TIMEFRAMES[0],
            notional=notional[:40],
            practice=desk.practice,
        )
