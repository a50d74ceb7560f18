"""What the app sends to be shown: checked as Slack checks it, and given the ids it left out."""

import html
import json
import re
import secrets
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from bot.practice.blocks import (
    MESSAGE_BLOCKS_MAX,
    MESSAGE_TEXT_MAX,
    VIEW_BLOCKS_MAX,
    Block,
    complaints,
    elements_of,
    shape_complaints,
    texts_of,
    without_nulls,
)
from bot.practice.composition import PlainText, Shape, at_most
from bot.practice.errors import ApiError
from bot.practice.files import Files

TEXT_MAX = 40_000
UPDATE_TEXT_MAX_BYTES = 4_000
VIEW_BYTES_MAX = 250_000

Title = Annotated[PlainText, at_most(24)]
Name = Annotated[str, StringConstraints(max_length=255)]

_BARE_AMPERSAND = re.compile(r"&(?!(amp|lt|gt);)")


class _View(Shape):
    blocks: list[Any]
    private_metadata: Annotated[str, StringConstraints(max_length=3_000)] | None = None
    callback_id: Name | None = None
    external_id: Name | None = None


class Home(_View):
    """The App Home as the app sends it."""

    type: Literal["home"]


class Modal(_View):
    """A form as the app sends it."""

    type: Literal["modal"]
    title: Title
    submit: Title | None = None
    close: Title | None = None
    notify_on_close: bool | None = None
    clear_on_close: bool | None = None
    submit_disabled: bool | None = None


VIEWS: dict[str, type[_View]] = {"modal": Modal, "home": Home}


def message_blocks(raw: object, files: Files) -> list[Block]:
    """Check the blocks of a message; raises invalid_blocks, msg_blocks_too_long, invalid_blocks_format."""
    if not isinstance(raw, list) or not all(isinstance(block, dict) for block in raw):
        raise ApiError("invalid_blocks_format")
    blocks: list[Block] = without_nulls(raw)
    if wrong := complaints(blocks, MESSAGE_BLOCKS_MAX) or files.check_images(blocks, "/blocks"):
        raise ApiError("invalid_blocks", wrong)
    if sum(len(text) for text in texts_of(blocks)) > MESSAGE_TEXT_MAX:
        raise ApiError("msg_blocks_too_long")
    return _with_ids(blocks)


def update_text(text: str) -> str:
    """Check the text of a rewritten message, its bytes counted as Slack keeps it; raises msg_too_long."""
    if len(_BARE_AMPERSAND.sub("&amp;", text).encode()) > UPDATE_TEXT_MAX_BYTES:
        raise ApiError("msg_too_long")
    return text


def message_text(text: str) -> str:
    """Check the text of a new message; raises msg_too_long."""
    if len(text) > TEXT_MAX:
        raise ApiError("msg_too_long")
    return text


def view_parts(raw: object, files: Files, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Check a view and give its parts; raises invalid_arguments, view_too_large."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    if kind not in kinds:
        raise ApiError("invalid_arguments", [f"view must be an object of type {' or '.join(kinds)}"])
    if len(json.dumps(raw).encode()) > VIEW_BYTES_MAX:
        raise ApiError("view_too_large")
    view: dict[str, Any] = without_nulls(raw)
    if wrong := shape_complaints(VIEWS[kind], view, "/view") or _block_complaints(view, files):
        raise ApiError("invalid_arguments", wrong)
    return {**view, "blocks": _with_ids(view["blocks"])}


def _block_complaints(view: dict[str, Any], files: Files) -> list[str]:
    blocks = view["blocks"]
    if not blocks:
        return ["missing required field: blocks [json-pointer:/view/blocks]"]
    if wrong := complaints(blocks, VIEW_BLOCKS_MAX, "/view/blocks"):
        return wrong
    if view["type"] == "modal" and "submit" not in view and any(each["type"] == "input" for each in blocks):
        return ["missing required field: submit, as there are inputs [json-pointer:/view]"]
    return files.check_images(blocks, "/view/blocks")


def _with_ids(blocks: list[Block]) -> list[Block]:
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks


def escaped(text: str) -> str:
    """Escape what a person typed, as Slack does before anybody else sees it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def with_mentions(text: str, names: dict[str, str]) -> str:
    """Turn each @Name that a person typed into a mention; ``names`` gives the id of each."""
    for name, user in names.items():
        text = re.sub(rf"(?<!\w)@{re.escape(name)}\b", f"<@{user}>", text)
    return text


def as_kept(value: Any) -> Any:
    """Give a copy of blocks as Slack hands them back: texts with their defaults, plain ones escaped."""
    if isinstance(value, list):
        return [as_kept(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {key: as_kept(part) for key, part in value.items()}
    if value.get("type") == "plain_text":
        return {"emoji": True, **kept, "text": escaped(html.unescape(value["text"]))}
    if value.get("type") == "mrkdwn":
        return {"verbatim": False, **kept, "text": _BARE_AMPERSAND.sub("&amp;", value["text"])}
    return kept
