"""What a person enters into an element, in the shape Slack reports it."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from bot.practice.blocks import Block, elements_of, options_of
from bot.practice.errors import DeskError

Entry = dict[str, Any]
Values = dict[str, dict[str, Entry]]

# The key under which Slack reports what was entered, by element type.
_PLAIN = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
}
_ONE_OPTION = {"static_select", "radio_buttons", "overflow"}
_ADDRESSES = {
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+"), "Please enter a valid email address."),
    "url_text_input": (re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE), "Please enter a valid URL."),
}
_MANY_OPTIONS = {"multi_static_select", "checkboxes"}
_MANY_IDS = {
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}


def entry(element: Block, value: object) -> Entry:
    """Put an entered value into Slack's shape; an empty one becomes null or an empty list.

    Raises DeskError when the element has no such option or cannot hold such a value.
    """
    kind = element["type"]
    if kind in _PLAIN:
        return {"type": kind, _PLAIN[kind]: _plain(element, value)}
    if kind in _MANY_IDS:
        return {"type": kind, _MANY_IDS[kind]: list(_listed(value))}
    if kind in _ONE_OPTION:
        chosen = _option(element, value) if value not in (None, "") else None
        return {"type": kind, "selected_option": chosen}
    if kind in _MANY_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, one) for one in _listed(value)]}
    raise DeskError(f"Nothing can be entered into a {kind}.")


def initial_entry(element: Block) -> Entry | None:
    """Give the entry an element starts with, or None if it keeps none (a button)."""
    kind = element["type"]
    if kind in _PLAIN:
        key = {"value": "initial_value"}.get(_PLAIN[kind], _PLAIN[kind].replace("selected", "initial"))
        return {"type": kind, _PLAIN[kind]: element.get(key)}
    if kind in _MANY_IDS:
        return {
            "type": kind,
            _MANY_IDS[kind]: element.get(_MANY_IDS[kind].replace("selected", "initial")) or [],
        }
    if kind in _MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options") or []}
    if kind in _ONE_OPTION and kind != "overflow":
        return {"type": kind, "selected_option": element.get("initial_option")}
    return None


def initial_values(blocks: list[Block], kept: Values | None = None) -> Values:
    """Give the state of blocks as first shown; what was entered before under the same ids stays."""
    values: Values = {}
    for block in blocks:
        for element in elements_of(block):
            first = initial_entry(element)
            if first is None:
                continue
            before = (kept or {}).get(block["block_id"], {}).get(element["action_id"])
            same = before is not None and before["type"] == first["type"]
            values.setdefault(block["block_id"], {})[element["action_id"]] = (
                before if same and before else first
            )
    return values


def entered(entry_: Entry) -> object:
    """Give what an entry holds: a text, an option, a list, or None."""
    return next((value for key, value in entry_.items() if key != "type"), None)


def complaint(block: Block, element: Block, entry_: Entry) -> str | None:
    """Say what Slack's own client would object to in a form before sending it."""
    value = entered(entry_)
    if value in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if isinstance(value, list):
        most = element.get("max_selected_items", len(value))
        return f"Please select at most {most}." if len(value) > most else None
    if not isinstance(value, str):
        return None
    kind = element["type"]
    if kind in _ADDRESSES:
        form, said = _ADDRESSES[kind]
        return None if form.fullmatch(value) else said
    if kind == "number_input":
        return _number_complaint(element, value)
    if kind == "plain_text_input":
        if len(value) > int(element.get("max_length", 3_000)):
            return f"Please enter at most {element.get('max_length', 3_000)} characters."
        if len(value) < int(element.get("min_length", 0)):
            return f"Please enter at least {element['min_length']} characters."
    return None


def _number_complaint(element: Block, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "Please enter a valid number."
    if "." in value and not element.get("is_decimal_allowed"):
        return "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number greater than or equal to {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number less than or equal to {element['max_value']}."
    return None


def _plain(element: Block, value: object) -> object:
    if value is None or value == "":
        return None
    kind = element["type"]
    text = str(value)
    if kind not in _READS:
        return text
    try:
        read = _READS[kind](text)
    except (ValueError, OverflowError) as error:
        raise DeskError(f"A {kind} cannot hold {text!r}: {error}.") from error
    return read if kind == "datetimepicker" else text


def _moment(text: str) -> int:
    """Read seconds since 1970, or a date with its time."""
    return int(text) if text.isdigit() else int(datetime.fromisoformat(text).timestamp())


_READS: dict[str, Callable[[str], object]] = {
    "datepicker": date.fromisoformat,
    "timepicker": time.fromisoformat,
    "datetimepicker": _moment,
}


def _listed(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]


def _option(element: Block, value: object) -> Block:
    for option in options_of(element):
        if option.get("value") == value:
            return {key: option[key] for key in ("text", "value", "description") if key in option}
    known = ", ".join(repr(option.get("value")) for option in options_of(element))
    raise DeskError(f"{element.get('action_id')} has no option {value!r}; there are {known}.")
