"""Everything from Slack comes in here, whatever carried it: halts first, the rest saved before its reply."""

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from bot.dispatch import Dispatcher
from bot.halt_route import HaltCall, HaltRoute, halt_call
from bot.inbox import Acceptance, Inbox, Saved
from bot.metrics import Metrics
from bot.payloads import (
    BadPayload,
    Delivery,
    Kind,
    is_chatter,
    read_command,
    read_event,
    read_interaction,
)
from bot.slack_app import Outcome

log = logging.getLogger(__name__)

# Answers after which the form is still open: the next press of its button is another submission.
_STILL_OPEN = ("errors", "push")
_TROUBLE = "That did not work, and nothing was started. Try again; if it stays so, look at the bot's log."


class Source(StrEnum):
    """The three things that Slack sends, as Socket Mode calls them."""

    COMMAND = "slash_commands"
    INTERACTION = "interactive"
    EVENT = "events_api"


@dataclass(frozen=True, slots=True)
class Reply:
    """What Slack gets: 200 and perhaps a body, 400 for the unreadable, 500 or 503 for our own trouble."""

    status: int = 200
    body: Mapping[str, Any] | None = None


Answer = Callable[[Reply], None]


class Ingress:
    """Takes what Slack sends; the answer is given when it is safe to acknowledge, from whatever thread."""

    def __init__(self, inbox: Inbox, dispatcher: Dispatcher, halt: HaltRoute, metrics: Metrics) -> None:
        self._inbox = inbox
        self._dispatcher = dispatcher
        self._halt = halt
        self._metrics = metrics
        self._received = {kind: metrics.received.labels(kind.value) for kind in Kind}
        self._forms: dict[str, list[Answer]] = {}
        self._lock = Lock()

    def receive(self, source: Source | str, payload: object, answer: Answer) -> None:
        """Take one payload; never raises, never waits, and answers once."""
        began = perf_counter()

        def timed(reply: Reply) -> None:
            self._metrics.ack_s.observe(perf_counter() - began)
            answer(reply)

        try:
            self._take(source, payload, timed)
        except BadPayload as error:
            log.warning("ingress: %s", error)
            self._metrics.refused.labels("unreadable").inc()
            timed(Reply(400))
        except Exception:  # Slack gets its 500 and sends again; the link must not die of one payload
            log.exception("ingress: a payload could not be taken")
            timed(Reply(500))

    def _take(self, source: Source | str, payload: object, answer: Answer) -> None:
        """Arrange for an answer as the last thing that is done, so that what raises has given none."""
        if not isinstance(payload, Mapping):
            raise BadPayload(reason="it is no object")
        if source != Source.EVENT and (call := halt_call(payload)):
            self._halt_now(call, answer)
            return
        if source == Source.EVENT and is_chatter(payload):
            answer(Reply())
            return
        delivery = _read(source, payload)
        if delivery is None:
            log.info("ingress: a payload of an unknown type was set aside")
            self._metrics.refused.labels("unknown").inc()
            answer(Reply())
            return
        self._received[delivery.kind].inc()
        if delivery.kind is Kind.VIEW:
            self._take_form(delivery, answer)
            return
        self._inbox.save(delivery, lambda saved: self._acknowledge(saved, answer))

    def _acknowledge(self, saved: Acceptance | Exception, answer: Answer) -> None:
        if isinstance(saved, Exception):
            answer(Reply(503))
            return
        if not saved.new:
            self._metrics.repeated.inc()
        answer(Reply())

    def _halt_now(self, call: HaltCall, answer: Answer) -> None:
        """Halt on a thread of its own: neither a pool nor the disk's queue may hold it up."""

        def run() -> None:
            began = perf_counter()
            answered = False

            def told(body: Mapping[str, Any] | None) -> None:
                nonlocal answered
                answered = True
                answer(Reply(200, body))

            try:
                self._halt.answer(call, told)
                self._metrics.halts.labels("done").inc()
            except Exception:  # told as a failed halt: the person must not wait for nothing
                log.exception("halt: the route itself failed")
                self._metrics.halts.labels("failed").inc()
                if not answered:
                    answer(Reply(500))
            self._metrics.halt_s.observe(perf_counter() - began)

        Thread(target=run, name="halt", daemon=True).start()

    def _take_form(self, delivery: Delivery, answer: Answer) -> None:
        """Answer a form from its listener; a repeated submission gets the same answer and does not run."""
        with self._lock:
            if (waiting := self._forms.get(delivery.key)) is not None:
                self._metrics.repeated.inc()
                waiting.append(answer)
                return
            self._forms[delivery.key] = [answer]

        def all_told(reply: Reply) -> None:
            with self._lock:
                waiting = self._forms.pop(delivery.key)
            for each in waiting:
                each(reply)

        self._inbox.save(delivery, lambda saved: self._run_form(delivery, saved, all_told))

    def _run_form(self, delivery: Delivery, saved: Acceptance | Exception, answer: Answer) -> None:
        if isinstance(saved, Exception):
            answer(Reply(503))
            return
        if saved.reply is not None and not _is_another_try(saved, delivery):
            self._metrics.repeated.inc()
            answer(_restored(saved.reply))
            return
        row = Saved(
            key=delivery.key,
            kind=delivery.kind,
            account=delivery.account,
            payload=delivery.payload,
            redelivered=not saved.new and saved.reply is None,
        )
        self._dispatcher.submit(row, lambda outcome: self._answer_form(delivery, outcome, answer))

    def _answer_form(self, delivery: Delivery, outcome: Outcome, answer: Answer) -> None:
        try:
            reply = _form_reply(delivery, outcome)
        except (ValueError, TypeError, AttributeError):
            log.exception("ingress: %s has no readable answer", delivery.key)
            reply = Reply(500)

        def kept(saved: "Future[None]") -> None:
            if saved.exception() is not None:
                log.error("ingress: the answer to %s was not kept", delivery.key)
            answer(reply)

        text = json.dumps({"status": reply.status, "body": reply.body})
        self._inbox.answered(delivery.key, text, delivery.trigger).add_done_callback(kept)


def _read(source: Source | str, payload: Mapping[str, Any]) -> Delivery | None:
    readers: Mapping[str, Callable[[Mapping[str, Any]], Delivery | None]] = {
        Source.COMMAND: read_command,
        Source.INTERACTION: read_interaction,
        Source.EVENT: read_event,
    }
    reader = readers.get(source)
    return reader(payload) if reader else None


def _is_another_try(accepted: Acceptance, delivery: Delivery) -> bool:
    """Whether the person pressed again on a form that the first answer had left open."""
    body = _restored(accepted.reply or "{}").body or {}
    return body.get("response_action") in _STILL_OPEN and accepted.trigger != delivery.trigger


def _restored(text: str) -> Reply:
    stored = json.loads(text)
    return Reply(stored.get("status", 200), stored.get("body"))


def _form_reply(delivery: Delivery, outcome: Outcome) -> Reply:
    if outcome.failure is None and not outcome.unhandled:
        body = json.loads(outcome.body) if outcome.body else None
        return Reply(200, body)
    blocks = delivery.payload.get("view", {}).get("blocks", [])
    field = next((block.get("block_id") for block in blocks if block.get("type") == "input"), None)
    if field is None:
        return Reply(500)
    return Reply(200, {"response_action": "errors", "errors": {field: _TROUBLE}})
