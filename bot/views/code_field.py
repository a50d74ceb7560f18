"""The field for a code of the person's second factor, the same in every form that asks for a yes."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement

from bot.summaries import CodeAsked
from bot.views.wording import label

# Whatever is typed under this name is taken out before anything is saved (`bot/payloads.py`).
CODE = "code"
CODE_LENGTH_MAX = 20


def code_input(asked: CodeAsked | None) -> list[InputBlock]:
    """The field, with the two words by which its person knows that the form is ours."""
    if asked is None:
        return []
    return [
        InputBlock(
            block_id=CODE,
            label="Your code",
            hint=f"Your two words are “{label(asked.phrase, 64)}”; if they are not, type no code. "
            "Six digits of your app, or a recovery code; each is good once.",
            element=PlainTextInputElement(
                action_id=CODE, max_length=CODE_LENGTH_MAX, placeholder="for example 123 456"
            ),
        )
    ]


def typed_code(state_values: Mapping[str, Any]) -> str:
    """Read what was typed; what is missing or of another shape reads as empty."""
    block = state_values.get(CODE)
    element = block.get(CODE) if isinstance(block, Mapping) else None
    return str(element.get("value") or "") if isinstance(element, Mapping) else ""
