"""The form that asks for a halt to be cleared."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import InputBlock, MarkdownTextObject, PlainTextInputElement, SectionBlock
from slack_sdk.models.views import View as SlackView

from bot.block_limits import shortened
from bot.summaries import CodeAsked
from bot.views.code_field import code_input

CALLBACK = "rearm.request"
REASON = "reason"


def rearm_form(metadata: str = "", reason: str = "", code: CodeAsked | None = None) -> SlackView:
    """One question: why it can be cleared; with a code where one is asked."""
    return SlackView(
        type="modal",
        callback_id=CALLBACK,
        title="Clear the halt",
        submit="Ask for approval",
        close="Cancel",
        private_metadata=metadata,
        blocks=[
            SectionBlock(
                text=MarkdownTextObject(
                    text="Somebody else approves, then you press *Clear the halt*. Nothing starts by itself."
                )
            ),
            InputBlock(
                block_id=REASON,
                label="Why can it be cleared?",
                element=PlainTextInputElement(
                    action_id=REASON,
                    initial_value=shortened(reason, 300) or None,
                    max_length=300,
                    placeholder="What was found, and what was done",
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
