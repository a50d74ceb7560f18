"""A message as the tests read it: its texts, its buttons, and whether anything in it could do harm."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from bot.escape import INVISIBLE
from bot.view import View, as_dicts, check

OUR_DATES = re.compile(r"<!date\^\d+\^\{[a-z_]+\}(?: \{time\})?\|[0-9: -]+>")
OUR_LINKS = re.compile(r"<https://desk\.example/archives/\w+/p\d+\|([^<>]*)>")
ENTITIES = re.compile(r"&(?:amp|lt|gt);")


def text_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every text of a message, wherever it stands."""
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text") and isinstance(value.get("text"), str):
            yield value
        for part in value.values():
            yield from text_objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from text_objects(part)


def said(view: View) -> str:
    """All that is seen of a message, one text a line."""
    return "\n".join(text["text"] for text in text_objects(as_dicts(view.blocks)))


def _marked(view: View) -> str:
    return "\f".join(text["text"] for text in text_objects(as_dicts(view.blocks)) if text["type"] == "mrkdwn")


def buttons(blocks: Sequence[Block]) -> list[str]:
    """The action ids of a message's buttons, in their order."""
    found: list[str] = []
    for block in as_dicts(blocks):
        elements = [*block.get("elements", []), *([block["accessory"]] if block.get("accessory") else [])]
        found.extend(element["action_id"] for element in elements if element.get("type") == "button")
    return found


def labels(view: View) -> list[str]:
    """What stands on a message's buttons."""
    rows = [block.get("elements", []) for block in as_dicts(view.blocks) if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


def assert_harmless(view: View, tame: View) -> None:
    """Slack takes it; and it can do no more than the same message with an ordinary word in each field."""
    check(view)
    assert_only_shown(view, tame)


def assert_only_shown(view: View, tame: View) -> None:
    """No mention, no link, no line, no bold or code that the message has not got of its own."""
    assert "<" not in view.text
    assert ">" not in view.text
    assert len(view.text.splitlines()) == 1
    for text in text_objects(as_dicts(view.blocks)):
        _assert_text_harmless(text["type"], text["text"])
    for mark in ("\n", "*", "`", "~"):
        assert _marked(view).count(mark) <= _marked(tame).count(mark), mark


def _assert_text_harmless(kind: str, text: str) -> None:
    rest = OUR_LINKS.sub(r"\1", OUR_DATES.sub("", text)) if kind == "mrkdwn" else text
    assert "<" not in rest
    assert ">" not in rest
    assert "&" not in ENTITIES.sub("", rest)
    allowed = {"\n", "\u2060"}
    assert not [mark for mark in rest if unicodedata.category(mark) in INVISIBLE and mark not in allowed]
    if kind == "mrkdwn":
        assert "://" not in rest
        assert not re.search(r"[@#][^\W_]", rest)
        assert not re.search(r"(^|\n)&gt;", rest)
