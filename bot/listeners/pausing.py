"""Pausing a session, by word and by button; and asking that it goes on, by a form."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from approvals.factor import Code
from approvals.payload import one_line
from approvals.person import Person
from approvals.request import REASON_LENGTH_MAX, Assurance
from bot.listeners.front import Front, register
from bot.listeners.incoming import Incoming, incoming
from bot.listeners.jobs import Jobs
from bot.operations.desk import RESUME, Refused
from bot.operations.pausing import PauseSession
from bot.operations.resuming import SAY_WHY, RequestResume
from bot.operations.step_up import StepUp
from bot.views import rearm_form, resume_form, sessions
from bot.views.code_field import typed_code
from bot.views.replies import sentence
from bot.words import read
from trading.errors import TradingError

JOB = "resume_request"
PAUSE_USAGE = "Which one? Type /peak pause <session or symbol> [reason]. Nothing was paused."
RESUME_USAGE = "Which one? Type /peak resume <session or symbol> <reason>. Nothing was asked for."


class PauseListeners:
    """`/peak pause` and the Pause button."""

    def __init__(self, front: Front, pause: PauseSession) -> None:
        self._front = front
        self._pause = pause

    def on_command(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Pause one, or all, each with its own answer."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, "session.pause")
        if actor is None:
            return
        typed = read(said.text)
        if len(typed.words) < 2:
            self._front.answer(said, sentence(PAUSE_USAGE))
            return
        wanted = typed.words[1]
        if found := self._pause.matching(wanted):
            self._paused(said, actor, found, typed.rest(2))
        else:
            none = (
                f"No open session is called “{wanted[:60]}”, so nothing was paused. /peak status lists them."
            )
            self._front.answer(said, sentence(none))

    def on_button(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Pause the session of the card."""
        ack()
        said = incoming(body, context)
        if actor := self._front.person(said, "session.pause", said.value):
            self._paused(said, actor, (said.value,), "pressed Pause")

    def register(self, app: App) -> None:
        """Word and button."""
        register(app, "/peak", self.on_command, "pause")
        app.action(sessions.PAUSE)(self.on_button)

    def _paused(self, said: Incoming, actor: Person, found: tuple[str, ...], reason: str) -> None:
        outcomes = self._pause(actor, found, reason, said.cause, said.asker)
        if len(outcomes) == 1 and isinstance(outcomes[0], Refused):
            self._front.refuse(said, actor, outcomes[0], "session.pause", found[0])


class ResumeListeners:
    """`/peak resume` and the button on a paused card: the form, the job, the request."""

    def __init__(self, front: Front, resume: RequestResume, step_up: StepUp, jobs: Jobs) -> None:
        self._front = front
        self._resume = resume
        self._step_up = step_up
        self._jobs = jobs

    def on_command(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Open the form with what the command already said."""
        ack()
        said = incoming(body, context)
        actor = self._front.person(said, RESUME)
        if actor is None:
            return
        typed = read(said.text)
        if len(typed.words) < 2:
            self._front.answer(said, sentence(RESUME_USAGE))
            return
        self._open(said, actor, client, typed.words[1], typed.rest(2))

    def on_button(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """The same from the session's card."""
        ack()
        said = incoming(body, context)
        if actor := self._front.person(said, RESUME, said.value):
            self._open(said, actor, client, said.value)

    def on_form(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Reason and code are looked at now; readiness, which takes a while, follows as a job."""
        said = incoming(body, context)
        session_id, _, channel = said.view_metadata.partition(" ")
        said = replace(said, channel=channel)
        actor = self._front.person(said, RESUME, session_id)
        if actor is None:
            ack()
            return
        values = said.values or {}
        reason = one_line(rearm_form.reason(values), REASON_LENGTH_MAX)
        session = self._resume.paused(actor, session_id)
        if not reason or isinstance(session, Refused):
            wrong = session.sentence if isinstance(session, Refused) else SAY_WHY
            ack(response_action="errors", errors={rearm_form.REASON: wrong})
            return
        proof = self._step_up(actor, RESUME, Code(typed_code(values)), said.cause)
        if isinstance(proof, Refused):
            ack(response_action="errors", errors=proof.fields)
            return
        self._jobs.save(JOB, said, {"session": session_id, "reason": reason, "step_up": proof.value})
        ack()

    def on_job(self, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Readiness, then the request and its card."""
        said, facts = self._jobs.read(body, context)
        actor = self._front.person(said, RESUME)
        if actor is None or said.account is None:
            return
        try:
            session, reason = str(facts["session"]), str(facts["reason"])
            proof = Assurance(facts["step_up"])
            outcome = self._resume(actor, said.account, session, reason, said.cause, proof)
        except TradingError as error:
            outcome = Refused(f"Readiness could not be looked at, so nothing was asked for. {error}")
        if isinstance(outcome, Refused):
            self._front.refuse(said, actor, outcome, RESUME)
            return
        asked = outcome.request
        told = f"Asked as “{asked.name}”. The card stands in the approvals channel until "
        self._front.answer(said, sentence(f"{told}{asked.expires_at:%H:%M} UTC.", asked.expires_at))

    def register(self, app: App) -> None:
        """Command, button, form and job."""
        register(app, "/peak", self.on_command, "resume")
        app.action(sessions.RESUME)(self.on_button)
        app.view(resume_form.CALLBACK)(self.on_form)
        app.event(JOB)(self.on_job)

    def _open(self, said: Incoming, actor: Person, client: WebClient, wanted: str, reason: str = "") -> None:
        session = self._resume.paused(actor, wanted)
        if isinstance(session, Refused):
            self._front.refuse(said, actor, session, RESUME)
            return
        code = self._step_up.asked(actor, RESUME)
        if isinstance(code, Refused):
            self._front.refuse(said, actor, code, RESUME)
            return
        metadata, symbol = f"{session.id} {said.channel or ''}", session.plan.symbol
        form = resume_form.resume_form(metadata, symbol, session.state_reason, reason, code)
        self._front.open_form(said, client, form)
