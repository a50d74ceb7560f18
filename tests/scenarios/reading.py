"""What a person reads on the screen: words, buttons, fields."""

import html
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

# Where a block or element carries what people read.
_PARTS = ("title", "text", "fields", "elements", "label", "hint", "element", "accessory", "options")
_REFERENCE = re.compile(r"<([^<>]+)>")


def message_text(message: Json) -> str:
    """Give what stands in a message: its blocks if it has any, else its text; then its files."""
    shown = list(_block_texts(message["blocks"])) or [message["text"]]
    files = [f"{file['title']} {file['alt']}" for file in message["files"]]
    return plain("\n".join([*shown, *files]))


def view_text(view: Json) -> str:
    """Give what stands in a form or home, its title first."""
    return plain("\n".join([view["title"] or "", *_block_texts(view["blocks"])]))


def plain(text: str) -> str:
    """Take Slack's markup away, as the screen does; spaces count once."""
    text = _REFERENCE.sub(_shown_reference, text)
    text = re.sub(r"[*`]", "", html.unescape(text))
    return re.sub(r"\s+", " ", text).strip()


def buttons(blocks: list[Json]) -> list[str]:
    """Give the labels of the buttons, in reading order."""
    found = [element for _, element in elements(blocks) if element["type"] == "button"]
    return [plain(button["text"]["text"]) for button in found]


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Give every interactive element with its block."""
    for block in blocks:
        parts = block["elements"] if block["type"] == "actions" else []
        single = block.get("element") or block.get("accessory")
        for element in [*parts, *([single] if single and "action_id" in single else [])]:
            yield block, element


def named(blocks: list[Json], name: str) -> list[tuple[Json, Json]]:
    """Give the elements that a name means: exactly by label, action id or block id, else by their start."""
    wanted = _norm(name)
    exact, close = [], []
    for block, element in elements(blocks):
        label = _norm(((block.get("label") or block.get("text") or {}).get("text")) or "")
        action_id = _norm(element["action_id"])
        if wanted in (label, action_id, _norm(block["block_id"]), _norm(element["action_id"].split(".")[-1])):
            exact.append((block, element))
        elif label.startswith(wanted):
            close.append((block, element))
    return exact or close


def field_names(blocks: list[Json]) -> str:
    """List the fields of a form for a failure message."""
    names = [
        f"{(block.get('label') or {}).get('text', '-')} ({element['action_id']})"
        for block, element in elements(blocks)
        if element["type"] != "button"
    ]
    return ", ".join(names) or "none"


def option_values(element: Json, wanted: object) -> list[str] | None:
    """Give the values of the options meant by their text or value; None where one is not there."""
    options = [*element.get("options", [])]
    for group in element.get("option_groups", []):
        options += group["options"]
    if wanted is True:
        return [option["value"] for option in options]
    asked = wanted if isinstance(wanted, list | tuple) else [wanted]
    values = []
    for one in asked:
        meant = [
            option["value"]
            for option in options
            if str(one) == option["value"] or plain(str(one)) == plain(option["text"]["text"])
        ]
        if not meant:
            return None
        values.append(meant[0])
    return values


def _block_texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _block_texts(part)
    elif isinstance(value, dict):
        if value.get("type") in ("button", "overflow"):
            return
        if isinstance(value.get("alt_text"), str):
            yield value["alt_text"]
        if isinstance(value.get("text"), str):
            yield value["text"]
        for key in (
            "title",
            "text",
            "fields",
            "elements",
            "label",
            "hint",
            "element",
            "accessory",
            "options",
        ):
            if isinstance(value.get(key), dict | list):
                yield from _block_texts(value[key])


def _shown_reference(match: re.Match[str]) -> str:
    inner = match.group(1)
    target, bar, label = inner.partition("|")
    if bar:
        return label
    return target.partition("^")[0] if target.startswith("!date") else target


def _norm(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
