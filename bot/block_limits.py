"""Slack's limits on a message's blocks: what breaks one is noted, and cut so that the rest can be sent."""

import re
from collections.abc import Callable, Sequence
from typing import Any

Piece = dict[str, Any]

BLOCKS_MAX = 50
TEXT_CHARACTERS_MAX = 13_000
FALLBACK_BYTES_MAX = 3_900
ID_MAX = 255

_PLAIN_ONLY = frozenset({"header", "button", "confirm_title", "image_title"})
_TEXT_MAX = {
    "section": 3_000,
    "field": 2_000,
    "context": 3_000,
    "header": 150,
    "button": 75,
    "option": 75,
    "confirm_title": 100,
    "confirm_text": 300,
    "confirm_answer": 30,
    "image_title": 2_000,
}
_FIELDS_MAX, _CONTEXT_MAX, _ACTIONS_MAX, _OPTIONS_MAX = 10, 10, 25, 100
_BUTTON_VALUE_MAX, _OPTION_VALUE_MAX, _ALT_MAX = 2_000, 150, 1_000
# What marks a message as practice is added after it was split.
_ADDED_MAX = 100
# A cut must not leave half of `&amp;` or of `<!date^...>` behind.
_HALF_AN_ENTITY = re.compile(r"(&[a-z]{0,4}|<[^<>]*)$")


def shortened(text: str, most: int) -> str:
    """The text, or as much of it as fits with an ellipsis behind it."""
    return text if len(text) <= most else _HALF_AN_ENTITY.sub("", text[: most - 1]) + "…"


def joined(lines: Sequence[str], most: int = 2_900) -> list[str]:
    """The lines in as few texts as hold them all; none is divided between two."""
    texts: list[str] = []
    for line in (shortened(each, most) for each in lines):
        if texts and len(texts[-1]) + 1 + len(line) <= most:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def split(blocks: list[Piece]) -> list[list[Piece]]:
    """The blocks of one message as those of several that Slack takes; each has room for one block more."""
    pages: list[list[Piece]] = [[]]
    for block in blocks:
        page = pages[-1]
        full = len(page) == BLOCKS_MAX - 1 or _characters([*page, block]) > TEXT_CHARACTERS_MAX - _ADDED_MAX
        if page and full:
            pages.append([])
        pages[-1].append(block)
    return pages


class Fitting:
    """Goes through one message, cuts and notes."""

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self._block_ids: set[str] = set()
        self._action_ids: set[str] = set()

    def message(self, blocks: list[Piece]) -> list[Piece]:
        """The blocks that Slack takes."""
        kept = [block for block in blocks if self._block(block)]
        return self._short_enough(self._few_enough(kept))

    def fallback(self, text: str) -> str:
        """The text beside the blocks; Slack counts bytes, and refuses an empty one."""
        if not text.strip():
            self._note("the fallback text is empty")
            return "…"
        if len(text.encode()) <= FALLBACK_BYTES_MAX:
            return text
        self._note(f"the fallback text has more than {FALLBACK_BYTES_MAX} bytes")
        cut = text.encode()[: FALLBACK_BYTES_MAX - 3].decode(errors="ignore")
        return _HALF_AN_ENTITY.sub("", cut) + "…"

    def _note(self, breach: str) -> None:
        self.breaches.append(breach)

    def _few_enough(self, blocks: list[Piece]) -> list[Piece]:
        if len(blocks) <= BLOCKS_MAX:
            return blocks
        self._note(f"{len(blocks)} blocks; a message has at most {BLOCKS_MAX}")
        return _without_last(blocks, lambda left: len(left) < BLOCKS_MAX)

    def _short_enough(self, blocks: list[Piece]) -> list[Piece]:
        if _characters(blocks) <= TEXT_CHARACTERS_MAX:
            return blocks
        self._note(f"more than {TEXT_CHARACTERS_MAX} characters in all blocks")
        return _without_last(blocks, lambda left: _characters(left) < TEXT_CHARACTERS_MAX)

    def _block(self, block: Piece) -> bool:
        fits: Callable[[Piece], bool] | None = getattr(self, f"_{block.get('type')}", None)
        if fits is None:
            self._note(f"unknown block type {block.get('type')}")
            return False
        self._unique(block, "block_id", self._block_ids)
        self._action_ids.clear()  # an action's id is unique within its block
        return fits(block)

    def _section(self, block: Piece) -> bool:
        if "text" in block:
            self._text(block["text"], "section")
        if "fields" in block:
            block["fields"] = self._at_most(block["fields"], _FIELDS_MAX, "fields in a section")
            for field in block["fields"]:
                self._text(field, "field")
        if "accessory" in block and not self._element(block["accessory"]):
            del block["accessory"]
        if not block.get("text") and not block.get("fields"):
            self._note("a section without text")
            return False
        return True

    def _header(self, block: Piece) -> bool:
        self._text(block.get("text") or {}, "header")
        return bool(block.get("text"))

    def _divider(self, _: Piece) -> bool:
        return True

    def _context(self, block: Piece) -> bool:
        block["elements"] = self._at_most(block.get("elements", []), _CONTEXT_MAX, "elements in a context")
        for element in block["elements"]:
            if element.get("type") == "image":
                self._image(element)
            else:
                self._text(element, "context")
        return self._something(block)

    def _actions(self, block: Piece) -> bool:
        elements = self._at_most(block.get("elements", []), _ACTIONS_MAX, "elements in an actions block")
        block["elements"] = [element for element in elements if self._element(element)]
        return self._something(block)

    def _image(self, block: Piece) -> bool:
        if block.get("alt_text"):
            block["alt_text"] = self._cut(block["alt_text"], _ALT_MAX, "alt text")
        else:
            self._note("an image without alt text")
            block["alt_text"] = "image"
        if "title" in block:
            self._text(block["title"], "image_title")
        if not block.get("image_url") and not block.get("slack_file"):
            self._note("an image without a source")
            return False
        return True

    def _element(self, element: Piece) -> bool:
        if element.get("type") == "image":
            return self._image(element)
        if not self._unique(element, "action_id", self._action_ids):
            return False
        if element.get("type") == "button":
            self._text(element.get("text") or {}, "button")
            if "value" in element:
                element["value"] = self._cut(element["value"], _BUTTON_VALUE_MAX, "button value")
        if "options" in element:
            element["options"] = self._at_most(element["options"], _OPTIONS_MAX, "options")
            for option in element["options"]:
                self._text(option.get("text") or {}, "option")
                if len(option.get("value") or "") > _OPTION_VALUE_MAX:
                    self._note(f"an option's value over {_OPTION_VALUE_MAX} characters")
        if "confirm" in element:
            self._confirm(element["confirm"])
        return True

    def _confirm(self, confirm: Piece) -> None:
        self._text(confirm.get("title") or {}, "confirm_title")
        self._text(confirm.get("text") or {}, "confirm_text")
        for answer in ("confirm", "deny"):
            if answer in confirm:
                self._text(confirm[answer], "confirm_answer")

    def _something(self, block: Piece) -> bool:
        if not block["elements"]:
            self._note(f"an empty {block['type']} block")
        return bool(block["elements"])

    def _text(self, text: Piece, where: str) -> None:
        if where in _PLAIN_ONLY and text.get("type") != "plain_text":
            self._note(f"a {where} that is not plain text")
            text.pop("verbatim", None)
            text["type"] = "plain_text"
        if not text.get("text"):
            self._note(f"a {where} without text")
            text["text"] = "…"
        text["text"] = self._cut(text["text"], _TEXT_MAX[where], where)

    def _cut(self, text: str, most: int, where: str) -> str:
        if len(text) > most:
            self._note(f"a {where} of {len(text)} characters; {most} at most")
        return shortened(text, most)

    def _at_most(self, pieces: list[Piece], most: int, what: str) -> list[Piece]:
        if len(pieces) > most:
            self._note(f"{len(pieces)} {what}; {most} at most")
        return pieces[:most]

    def _unique(self, piece: Piece, name: str, seen: set[str]) -> bool:
        """Note an id that is too long or was there before; a block goes on without it, an element goes."""
        given = piece.get(name)
        if given is None:
            return True
        if len(given) <= ID_MAX and given not in seen:
            seen.add(given)
            return True
        self._note(f"{name} {given[:40]} is too long or stands twice")
        del piece[name]
        return False


def _without_last(blocks: list[Piece], enough: Callable[[list[Piece]], bool]) -> list[Piece]:
    """Drop blocks from the end, but never a row of buttons, and say so where they stood."""
    left = list(blocks)
    while not enough(left):
        position = max(
            (at for at, block in enumerate(left) if block["type"] != "actions"), default=len(left) - 1
        )
        left.pop(position)
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": "… (shortened)"}]}
    behind = next((at for at, block in enumerate(left) if block["type"] == "actions"), len(left))
    return [*left[:behind], note, *left[behind:]]


def _characters(value: Any) -> int:
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_characters(part) for part in value.values() if isinstance(part, dict | list))
    if isinstance(value, list):
        return sum(_characters(part) for part in value)
    return 0
