"""What the app sends to be shown: checked as Slack checks it, and given the ids it left out."""

import copy
import html
import json
import re
import secrets
from typing import Any

from bot.practice.blocks import (
    ID_MAX,
    MESSAGE_BLOCKS_MAX,
    MESSAGE_TEXT_MAX,
    VIEW_BLOCKS_MAX,
    Block,
    BlockCheck,
    elements_of,
    texts_of,
)
from bot.practice.errors import ApiError
from bot.practice.files import Files

TEXT_MAX = 40_000
UPDATE_TEXT_MAX_BYTES = 4_000
VIEW_BYTES_MAX = 250_000
PRIVATE_METADATA_MAX = 3_000
TITLE_MAX = 24

_BARE_AMPERSAND = re.compile(r"&(?!(amp|lt|gt);)")
_VIEW_PARTS = (
    "title",
    "submit",
    "close",
    "callback_id",
    "private_metadata",
    "external_id",
    "notify_on_close",
    "clear_on_close",
)


def message_blocks(raw: object, files: Files) -> list[Block]:
    """Check the blocks of a message; raises invalid_blocks, msg_blocks_too_long, invalid_blocks_format."""
    if not isinstance(raw, list) or not all(isinstance(block, dict) for block in raw):
        raise ApiError("invalid_blocks_format")
    complaints = BlockCheck(raw, MESSAGE_BLOCKS_MAX).complaints or files.check_images(raw)
    if complaints:
        raise ApiError("invalid_blocks", complaints)
    if sum(len(text) for text in texts_of(raw)) > MESSAGE_TEXT_MAX:
        raise ApiError("msg_blocks_too_long")
    return with_ids(raw)


def message_text(text: str) -> str:
    """Check the text of a new message; raises msg_too_long."""
    if len(text) > TEXT_MAX:
        raise ApiError("msg_too_long")
    return text


def view_parts(raw: object, files: Files, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Check a view and give its parts; raises invalid_arguments, view_too_large."""
    if not isinstance(raw, dict) or raw.get("type") not in kinds:
        raise ApiError("invalid_arguments", [f"view must be an object of type {' or '.join(kinds)}"])
    if len(json.dumps(raw).encode()) > VIEW_BYTES_MAX:
        raise ApiError("view_too_large")
    blocks = raw.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        raise ApiError("invalid_arguments", ["missing required field: blocks [json-pointer:/view/blocks]"])
    complaints = [*_frame_complaints(raw), *BlockCheck(blocks, VIEW_BLOCKS_MAX).complaints]
    complaints = complaints or files.check_images(blocks)
    if complaints:
        raise ApiError("invalid_arguments", complaints)
    given = {part: raw[part] for part in _VIEW_PARTS if raw.get(part) is not None}
    return {"type": raw["type"], "blocks": with_ids(blocks), **given}


def _frame_complaints(raw: dict[str, Any]) -> list[str]:
    complaints = []
    if raw["type"] == "modal":
        if not raw.get("title"):
            complaints.append("missing required field: title [json-pointer:/view/title]")
        if not raw.get("submit") and any(_is_input(block) for block in raw["blocks"]):
            complaints.append("missing required field: submit, as there are inputs [json-pointer:/view]")
    for part in ("title", "submit", "close"):
        text = raw.get(part)
        if text is None:
            continue
        if not isinstance(text, dict) or text.get("type") != "plain_text":
            complaints.append(f"must be plain_text [json-pointer:/view/{part}]")
        elif not 0 < len(str(text.get("text") or "")) <= TITLE_MAX:
            complaints.append(f"must have 1 to {TITLE_MAX} characters [json-pointer:/view/{part}/text]")
    for part, most in (
        ("private_metadata", PRIVATE_METADATA_MAX),
        ("callback_id", ID_MAX),
        ("external_id", ID_MAX),
    ):
        if len(str(raw.get(part) or "")) > most:
            complaints.append(f"must be less than {most + 1} characters [json-pointer:/view/{part}]")
    return complaints


def _is_input(block: object) -> bool:
    return isinstance(block, dict) and block.get("type") == "input"


def with_ids(blocks: list[Block]) -> list[Block]:
    """Give a copy of blocks in which every block and interactive element has an id."""
    copied = copy.deepcopy(blocks)
    for block in copied:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return copied


def escaped(text: str) -> str:
    """Escape what a person typed, as Slack does before anybody else sees it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
