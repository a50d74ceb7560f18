"""What a message shows, and whether Slack would take it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models import JsonObject
from slack_sdk.models.blocks import Block

from bot.block_limits import Fitting
from bot.errors import BotError


class ViewRefused(BotError):
    """Slack would refuse this message: {breaches}."""

    breaches: str


@dataclass(frozen=True, slots=True)
class View:
    """A message: `text` is what a lock screen and a screen reader give, `blocks` what is seen."""

    text: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A message as Slack takes it, and what had to be cut for that."""

    text: str
    blocks: list[dict[str, Any]]
    breaches: tuple[str, ...]


def as_dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The blocks as plain values, unchecked: what breaks a limit is mended or told by `fitted`."""
    return [_unchecked(copy.deepcopy(block)).to_dict() for block in blocks]


def fitted(text: str, blocks: Sequence[dict[str, Any]]) -> Fitted:
    """The message with everything cut that Slack would refuse; a cut text ends with "…"."""
    fitting = Fitting()
    fit_blocks = fitting.message(copy.deepcopy(list(blocks)))
    fit_text = fitting.fallback(text)
    return Fitted(fit_text, fit_blocks, tuple(fitting.breaches))


def permalink(workspace_url: str | None, channel: str, ts: str | None) -> str:
    """Where Slack shows a message; empty while the workspace or the message is not known."""
    return f"{workspace_url}archives/{channel}/p{ts.replace('.', '')}" if workspace_url and ts else ""


def as_practice(text: str, blocks: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Begin with the word, in the text and in the first thing that is read."""
    first = blocks[0] if blocks else {}
    if first.get("type") == "header":
        title = {**first["text"], "text": f"PRACTICE · {first['text']['text']}"}
        return f"PRACTICE · {text}", [{**first, "text": title}, *blocks[1:]]
    mark = {"type": "context", "elements": [{"type": "mrkdwn", "text": "*PRACTICE*"}]}
    return f"PRACTICE · {text}", [mark, *blocks]


def check(view: View) -> None:
    """Raise ViewRefused when anything of the message would have to be cut."""
    if breaches := fitted(view.text, as_dicts(view.blocks)).breaches:
        raise ViewRefused(breaches="; ".join(breaches))


def _unchecked(value: Any) -> Any:
    """Switch off the SDK's own validation, which knows half of the limits and mends none."""
    if isinstance(value, JsonObject):
        for part in vars(value).values():
            _unchecked(part)
        vars(value)["validate_json"] = lambda: None
    elif isinstance(value, list | tuple):
        for part in value:
            _unchecked(part)
    return value
