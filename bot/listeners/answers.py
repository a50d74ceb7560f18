"""Approve and Reject: each opens a form drawn afresh, and what the form sends back is the answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.models.views import View as SlackView

from approvals.errors import RequestUnknown
from approvals.factor import Code
from approvals.payload import one_line
from approvals.person import Person
from approvals.request import RequestId, VoteWord
from bot.listeners.card_press import GONE, CardPress
from bot.listeners.front import Front
from bot.listeners.incoming import Incoming, incoming
from bot.operations.desk import Refused
from bot.operations.requests import Answerable, AnswerRequest
from bot.views import answer_form
from bot.views.answer_form import Answering
from bot.views.code_field import typed_code
from bot.views.requests import APPROVE, REJECT

NO_REASON = "Say why, in a few words; everybody reads it."


class AnswerListeners:
    """A yes or a no to somebody else's request."""

    def __init__(self, front: Front, press: CardPress, answer: AnswerRequest, *, practice: bool) -> None:
        self._front = front
        self._press = press
        self._answer = answer
        self._practice = practice

    def on_approve(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Restate what would be approved, to whoever may approve it."""
        ack()
        self._open(incoming(body, context), client, "approve", VoteWord.YES)

    def on_reject(
        self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any], client: WebClient
    ) -> None:
        """Ask why not."""
        ack()
        self._open(incoming(body, context), client, "reject", VoteWord.NO)

    def on_approval(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """One person's yes."""
        self._submitted(ack, incoming(body, context), "approve", VoteWord.YES)

    def on_rejection(self, ack: Ack, body: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """One person's no, with its reason."""
        said = incoming(body, context)
        reason = answer_form.reason(said.values or {})
        if not one_line(reason, answer_form.REASON_LENGTH_MAX):
            ack(response_action="errors", errors={answer_form.REASON: NO_REASON})
            return
        self._submitted(ack, said, "reject", VoteWord.NO, reason)

    def register(self, app: App) -> None:
        """Two buttons and their forms."""
        app.action(APPROVE)(self.on_approve)
        app.action(REJECT)(self.on_reject)
        app.view(answer_form.APPROVAL)(self.on_approval)
        app.view(answer_form.REJECTION)(self.on_rejection)

    def _open(self, said: Incoming, client: WebClient, what: str, word: VoteWord) -> None:
        actor = self._press.person(said, what)
        if actor is None:
            return
        try:
            found = self._answer.before(actor, RequestId(said.value), word, said.asker)
        except RequestUnknown:
            found = Refused(GONE)
        if isinstance(found, Refused):
            self._front.refuse(said, actor, found, what, said.value, lasting=True)
        else:
            self._front.open_form(said, client, self._form(found, said, word))

    def _form(self, found: Answerable, said: Incoming, word: VoteWord) -> SlackView:
        if word is VoteWord.NO:
            return answer_form.reject_form(found.card, said.channel, self._practice, said.face, found.opened)
        return answer_form.approve_form(
            found.card, said.channel, self._practice, found.code, said.face, found.opened
        )

    def _submitted(self, ack: Ack, said: Incoming, what: str, word: VoteWord, reason: str = "") -> None:
        asked = Answering.from_metadata(said.view_metadata)
        said = replace(said, channel=asked.channel)
        actor = self._front.person(said, what, asked.request_id)
        outcome = self._voted(said, actor, asked, word, reason)
        if isinstance(outcome, Refused) and outcome.fields:
            ack(response_action="errors", errors=outcome.fields)
            return
        ack()
        if isinstance(outcome, Refused) and actor is not None:
            self._front.refuse(said, actor, outcome, what, asked.request_id, lasting=True)

    def _voted(
        self, said: Incoming, actor: Person | None, asked: Answering, word: VoteWord, reason: str
    ) -> Refused | None:
        if actor is None or said.account is None:
            return None
        outcome = self._answer(
            actor,
            said.account,
            RequestId(asked.request_id),
            word,
            reason,
            said.asker,
            shown=asked.digest,
            opened=asked.opened,
            seen={"card": asked.face, "form": said.face},
            code=Code(typed_code(said.values or {})),
        )
        return outcome if isinstance(outcome, Refused) else None
