"""The form that asks for a change of roster, policy or factor: every field that would differ, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import InputBlock, MarkdownTextObject, PlainTextInputElement, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.block_limits import shortened
from bot.summaries import CodeAsked
from bot.views.code_field import code_input
from bot.views.requests import change_lines

CALLBACK = "change.request"
REASON = "reason"


def change_form(
    what: str,
    then: str,
    lines: Sequence[str],
    reason: str = "",
    code: CodeAsked | None = None,
    *,
    alone: bool = False,
) -> SlackView:
    """What would change, what follows, and one question; with a code where one is asked."""
    return SlackView(
        type="modal",
        callback_id=CALLBACK,
        title="Ask for a change",
        submit="Tighten now" if alone else "Ask for approval",
        close="Cancel",
        private_metadata=what,
        blocks=[
            SectionBlock(text=MarkdownTextObject(text=then)),
            *change_lines(lines),
            InputBlock(
                block_id=REASON,
                label="Why?",
                element=PlainTextInputElement(
                    action_id=REASON,
                    initial_value=shortened(reason, 300) or None,
                    max_length=300,
                    placeholder="The approver reads it",
                ),
            ),
            *code_input(code),
        ],
    )


def reason(state_values: Mapping[str, Any]) -> str:
    """Read a submitted form; what is missing or of another shape reads as empty."""
    block = state_values.get(REASON)
    element = block.get(REASON) if isinstance(block, Mapping) else None
    return str(element.get("value") or "") if isinstance(element, Mapping) else ""
