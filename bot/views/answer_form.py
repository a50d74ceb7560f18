"""The forms in which a request is answered: what exactly is approved, restated, or why it is rejected."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.views import View as SlackView

from bot.summaries import CodeAsked, RequestCard
from bot.views.code_field import code_input
from bot.views.requests import asks, change_lines, parameters, until, warning
from bot.views.wording import literal, sum_in, with_readers_time

APPROVAL = "request.approval"
REJECTION = "request.rejection"
REASON = "reason"
REASON_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Answering:
    """Which request a form answers, in which payload, where its card was pressed and with which face.

    `opened` shows that it was this bot that opened the form, for this person.
    """

    request_id: str
    digest: str
    channel: str
    face: str = ""
    opened: str = ""

    def as_metadata(self) -> str:
        """What the form carries along."""
        return json.dumps(asdict(self))

    @classmethod
    def from_metadata(cls, text: str) -> Self:
        """Read it again; what cannot be read answers nothing."""
        try:
            found = json.loads(text)
            return cls(**{name: str(found.get(name, "")) for name in cls.__slots__})
        except (ValueError, AttributeError):
            return cls("", "", "")


def approve_form(
    card: RequestCard,
    channel: str,
    practice: bool,
    code: CodeAsked | None = None,
    face: str = "",
    opened: str = "",
) -> SlackView:
    """The approval in a few lines, money first, as the database has it now; with a code if one is asked."""
    return _form(
        APPROVAL,
        "Approve this?",
        "Approve",
        Answering(card.id, card.digest, channel, face, opened),
        [
            _restated(card, practice),
            *change_lines(card.evidence.get("changes", ())),
            *code_input(code),
            _small_print(card),
        ],
    )


def reject_form(
    card: RequestCard, channel: str, practice: bool, face: str = "", opened: str = ""
) -> SlackView:
    """One question: why not."""
    closes = ContextBlock(
        elements=[MarkdownTextObject(text="One no closes the request for good. Everybody reads the reason.")]
    )
    why = InputBlock(
        block_id=REASON,
        label="Why not?",
        element=PlainTextInputElement(
            action_id=REASON, max_length=REASON_LENGTH_MAX, placeholder="What should be different"
        ),
    )
    answering = Answering(card.id, card.digest, channel, face, opened)
    return _form(REJECTION, "Reject this?", "Reject", answering, [_restated(card, practice), why, closes])


def reason(state_values: Mapping[str, Any]) -> str:
    """Read why; what is missing or of another shape reads as empty."""
    return _typed(state_values, REASON)


def _typed(state_values: Mapping[str, Any], name: str) -> str:
    block = state_values.get(name)
    element = block.get(name) if isinstance(block, Mapping) else None
    return str(element.get("value") or "") if isinstance(element, Mapping) else ""


def _form(callback: str, title: str, submit: str, answering: Answering, blocks: list[Block]) -> SlackView:
    return SlackView(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Not yet",
        private_metadata=answering.as_metadata(),
        blocks=blocks,
    )


def _restated(card: RequestCard, practice: bool) -> SectionBlock:
    """Five lines at most: what it costs or ends, how, what was found, who asks and why."""
    practised = "PRACTICE · " if practice else ""
    said = f"{literal(asks(card), 120)}: {literal(card.reason or 'no reason given', 400)}"
    lines = [*_what(card), *([warning(card).strip()] if warning(card) else []), said]
    return SectionBlock(text=MarkdownTextObject(text=practised + "\n".join(lines)))


def _what(card: RequestCard) -> list[str]:
    plan = card.payload.get("plan")
    if not plan:
        found = [
            f"{name.capitalize()}: {literal(str(text), 300)}"
            for name, text in card.evidence.items()
            if name != "changes"
        ]
        told = with_readers_time(" · ".join(found), card.created_at)
        return [f"*{literal(card.title, 400)}*", *([told] if found else [])]
    quote = str(plan.get("symbol", "/")).split("/")[-1]
    money = f"{sum_in(plan.get('notional_max'))} {quote}"
    return [
        f"*At most {literal(money, 60)}* on {literal(str(plan.get('exchange')), 60)} "
        f"({literal(str(card.payload.get('venue_url')), 200)})",
        f"{literal(str(plan.get('symbol')), 30)}, {literal(str(plan.get('timeframe')), 10)} bars, "
        f"{literal(str(plan.get('strategy')), 60)} {literal(parameters(plan), 300)}",
        with_readers_time(_found(card), card.created_at),
    ]


def _found(card: RequestCard) -> str:
    """What the start would send; of one that is paused, why it was and what it holds."""
    if pause := card.payload.get("pause"):
        held = literal(str(card.evidence.get("held", "unknown")), 200)
        why = str(pause.get("why")).removeprefix("paused ")
        return f"Paused: {literal(why, 300)}. Holds {held}"
    return f"Preview: {literal(str(card.evidence.get('preview', 'none')), 400)}"


def _small_print(card: RequestCard) -> ContextBlock:
    text = (
        f"The request is called *{literal(card.name, 60)}* · digest `{literal(card.digest[:12])}` · "
        f"until {until(card)}"
    )
    return ContextBlock(elements=[MarkdownTextObject(text=text)])
