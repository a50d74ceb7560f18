"""What Slack accepts as blocks, and what it says about the rest."""

from collections.abc import Iterator
from typing import Any

Block = dict[str, Any]

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
MESSAGE_TEXT_MAX = 13_000
ID_MAX = 255

_PICKERS = {"datepicker", "timepicker", "datetimepicker"}
_SELECTS = {"static_select", "users_select", "conversations_select", "channels_select"}
_MULTI_SELECTS = {f"multi_{name}" for name in _SELECTS}
_CHOICES = {"checkboxes", "radio_buttons"}
_TEXTS = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
_CLICKABLE = {"button", "overflow"} | _PICKERS | _SELECTS | _CHOICES
ACTIONS_ELEMENTS = frozenset(_CLICKABLE)
SECTION_ELEMENTS = frozenset(_CLICKABLE | _MULTI_SELECTS | {"image"})
INPUT_ELEMENTS = frozenset(_TEXTS | _PICKERS | _SELECTS | _MULTI_SELECTS | _CHOICES)
BLOCK_TYPES = frozenset({"section", "header", "context", "actions", "divider", "image", "input"})

_OPTIONS_MAX = {"checkboxes": 10, "radio_buttons": 10, "overflow": 5}


class BlockCheck:
    """Collects what is wrong with a list of blocks, each complaint with its JSON pointer."""

    def __init__(self, blocks: list[Block], blocks_max: int) -> None:
        self.complaints: list[str] = []
        self._block_ids: set[str] = set()
        if len(blocks) > blocks_max:
            self._complain(f"no more than {blocks_max} items allowed", "/blocks")
        for index, block in enumerate(blocks):
            self._block(block, f"/blocks/{index}")

    def _complain(self, what: str, pointer: str) -> None:
        self.complaints.append(f"{what} [json-pointer:{pointer}]")

    def _block(self, block: Block, at: str) -> None:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in BLOCK_TYPES:
            self._complain(f"unsupported type: {kind}", f"{at}/type")
            return
        block_id = block.get("block_id")
        if block_id is not None:
            if not isinstance(block_id, str) or not 0 < len(block_id) <= ID_MAX:
                self._complain(f"block_id must be 1 to {ID_MAX} characters", f"{at}/block_id")
            elif block_id in self._block_ids:
                self._complain(f"`block_id` {block_id} already exists", f"{at}/block_id")
            self._block_ids.add(str(block_id))
        getattr(self, f"_{kind}")(block, at)
        self._unique_actions(block, at)

    def _unique_actions(self, block: Block, at: str) -> None:
        seen: set[str] = set()
        for element in elements_of(block):
            action_id = element.get("action_id")
            if action_id is not None and action_id in seen:
                self._complain(f"`action_id` {action_id} already exists", at)
            seen.add(str(action_id))

    def _text(self, text: object, at: str, most: int, *, plain: bool = False) -> None:
        if not isinstance(text, dict) or not isinstance(text.get("text"), str):
            self._complain("missing required field: text", at)
            return
        allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if text.get("type") not in allowed:
            self._complain(f"must be of type {' or '.join(allowed)}", f"{at}/type")
        if not text["text"]:
            self._complain("must be more than 0 characters", f"{at}/text")
        if len(text["text"]) > most:
            self._complain(f"must be less than {most + 1} characters", f"{at}/text")

    def _section(self, block: Block, at: str) -> None:
        fields = block.get("fields")
        if block.get("text") is None and not fields:
            self._complain("missing required field: text", at)
        if block.get("text") is not None:
            self._text(block["text"], f"{at}/text", 3_000)
        if fields is not None:
            if not isinstance(fields, list) or not 1 <= len(fields) <= 10:
                self._complain("must have 1 to 10 items", f"{at}/fields")
            else:
                for index, field in enumerate(fields):
                    self._text(field, f"{at}/fields/{index}", 2_000)
        if block.get("accessory") is not None:
            self._element(block["accessory"], f"{at}/accessory", SECTION_ELEMENTS)

    def _header(self, block: Block, at: str) -> None:
        self._text(block.get("text"), f"{at}/text", 150, plain=True)

    def _divider(self, block: Block, at: str) -> None:
        """Accept any divider: it has nothing to get wrong."""

    def _context(self, block: Block, at: str) -> None:
        for element, pointer in self._listed(block, at, 10):
            if element.get("type") == "image":
                self._picture(element, pointer)
            else:
                self._text(element, pointer, 3_000)

    def _actions(self, block: Block, at: str) -> None:
        for element, pointer in self._listed(block, at, 25):
            self._element(element, pointer, ACTIONS_ELEMENTS)

    def _listed(self, block: Block, at: str, most: int) -> Iterator[tuple[Block, str]]:
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= most:
            self._complain(f"must have 1 to {most} items", f"{at}/elements")
            return
        for index, element in enumerate(elements):
            if isinstance(element, dict):
                yield element, f"{at}/elements/{index}"
            else:
                self._complain("must be an object", f"{at}/elements/{index}")

    def _image(self, block: Block, at: str) -> None:
        self._picture(block, at)
        if block.get("title") is not None:
            self._text(block["title"], f"{at}/title", 2_000, plain=True)

    def _picture(self, picture: Block, at: str) -> None:
        if not picture.get("image_url") and not isinstance(picture.get("slack_file"), dict):
            self._complain("missing required field: image_url or slack_file", at)
        alt = picture.get("alt_text")
        if not isinstance(alt, str) or len(alt) > 2_000:
            self._complain("alt_text must be given, with at most 2000 characters", f"{at}/alt_text")

    def _input(self, block: Block, at: str) -> None:
        self._text(block.get("label"), f"{at}/label", 2_000, plain=True)
        if block.get("hint") is not None:
            self._text(block["hint"], f"{at}/hint", 2_000, plain=True)
        self._element(block.get("element"), f"{at}/element", INPUT_ELEMENTS)

    def _element(self, element: object, at: str, allowed: frozenset[str]) -> None:
        kind = element.get("type") if isinstance(element, dict) else None
        if not isinstance(element, dict) or kind not in allowed:
            self._complain(f"unsupported type: {kind}", f"{at}/type")
            return
        if kind == "image":
            self._picture(element, at)
            return
        if len(str(element.get("action_id") or "")) > ID_MAX:
            self._complain(f"must be less than {ID_MAX + 1} characters", f"{at}/action_id")
        if element.get("placeholder") is not None:
            self._text(element["placeholder"], f"{at}/placeholder", 150, plain=True)
        if element.get("confirm") is not None:
            self._confirm(element["confirm"], f"{at}/confirm")
        if kind == "button":
            self._button(element, at)
        elif "options" in element or kind in _CHOICES | {"overflow", "static_select", "multi_static_select"}:
            self._options(element, at)

    def _button(self, button: Block, at: str) -> None:
        self._text(button.get("text"), f"{at}/text", 75, plain=True)
        if len(str(button.get("value") or "")) > 2_000:
            self._complain("must be less than 2001 characters", f"{at}/value")
        if len(str(button.get("url") or "")) > 3_000:
            self._complain("must be less than 3001 characters", f"{at}/url")
        if button.get("style") not in (None, "primary", "danger"):
            self._complain("must be primary or danger", f"{at}/style")

    def _confirm(self, confirm: Block, at: str) -> None:
        for part, most, plain in (("title", 100, True), ("text", 300, False)):
            self._text(confirm.get(part), f"{at}/{part}", most, plain=plain)
        for part in ("confirm", "deny"):
            if confirm.get(part) is not None:
                self._text(confirm[part], f"{at}/{part}", 30, plain=True)

    def _options(self, element: Block, at: str) -> None:
        options = options_of(element)
        most = _OPTIONS_MAX.get(element["type"], 100)
        if not 1 <= len(options) <= most:
            self._complain(f"must have 1 to {most} items", f"{at}/options")
        for index, option in enumerate(options):
            pointer = f"{at}/options/{index}"
            self._text(option.get("text"), f"{pointer}/text", 75)
            value = option.get("value")
            if not isinstance(value, str) or len(value) > 150:
                self._complain("value must be given, with at most 150 characters", f"{pointer}/value")
        chosen = element.get("initial_options") or [element.get("initial_option")]
        for option in chosen:
            if option is not None and option.get("value") not in [known.get("value") for known in options]:
                self._complain("initial option must be one of the options", at)


def elements_of(block: Block) -> list[Block]:
    """Give the interactive elements of one block, in order."""
    kind = block.get("type")
    if kind == "actions":
        found = block.get("elements")
    elif kind == "input":
        found = [block.get("element")]
    else:
        found = [block.get("accessory")]
    elements = found if isinstance(found, list) else []
    return [element for element in elements if isinstance(element, dict) and element.get("type") != "image"]


def options_of(element: Block) -> list[Block]:
    """Give the options of a select or a choice, those in groups included."""
    groups = element.get("option_groups") or []
    grouped = [option for group in groups for option in group.get("options", [])]
    return [*(element.get("options") or []), *grouped]


def texts_of(value: object) -> Iterator[str]:
    """Give every text in blocks, in reading order."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            if isinstance(part, dict | list):
                yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)
