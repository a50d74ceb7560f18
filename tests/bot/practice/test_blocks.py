"""What Slack takes as blocks, and what it says about everything else."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.clock import system_clock
from bot.practice.blocks import complaints
from bot.practice.content import message_blocks, view_parts
from bot.practice.errors import ApiError
from bot.practice.faults import Faults
from bot.practice.files import Files
from bot.practice.identifiers import Identifiers
from bot.practice.people import TRADING_OPS
from tests.bot.practice.small_app import EVERYTHING, ORDER, actions, field, options, section, text_of

Json = dict[str, Any]

BUTTON: Json = {"type": "button", "text": text_of("Go"), "action_id": "go"}
CONFIRM: Json = {name: text_of("Yes") for name in ("title", "text", "confirm", "deny")}
SELECT: Json = {"type": "static_select", "action_id": "s", "options": options("Buy", "Sell")}
NUMBER: Json = {"type": "number_input", "action_id": "n", "is_decimal_allowed": True}
PICTURE: Json = {"type": "image", "alt_text": "a", "image_url": "https://example.org/a.png"}


def row(**changes: Any) -> list[Json]:
    """A row with one button that is changed."""
    return [{"type": "actions", "elements": [{**BUTTON, **changes}]}]


def beside(element: Any) -> list[Json]:
    """A section with an accessory."""
    return [section("x") | {"accessory": element}]


def asked(element: Json) -> list[Json]:
    """An input."""
    return [field("Label", {"action_id": "a", **element})]


def without(piece: Json, *names: str) -> Json:
    """A piece that lacks something."""
    return {name: part for name, part in piece.items() if name not in names}


GOOD: dict[str, list[Json]] = {
    "a row": [actions("Go", "Stop")],
    "every input": EVERYTHING["blocks"],
    "a question": row(confirm=CONFIRM, style="danger", value="v", url="https://example.org"),
    "a select": beside({**SELECT, "initial_option": options("Buy")[0], "placeholder": text_of("Choose")}),
    "groups": beside(
        {
            **without(SELECT, "options"),
            "option_groups": [{"label": text_of("Side"), "options": options("Buy")}],
        }
    ),
    "pictures": [PICTURE, {"type": "context", "elements": [PICTURE, {"type": "mrkdwn", "text": "x"}]}],
    "fields": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 10}],
    "a marked choice": asked(
        {"type": "checkboxes", "options": [{"text": {"type": "mrkdwn", "text": "*a*"}, "value": "a"}]}
    ),
}

BAD: dict[str, tuple[Any, str]] = {
    "a type that is a list": ([{"type": ["section"]}], "unsupported type"),
    "a type that is an object": ([{"type": {"a": 1}}], "unsupported type"),
    "no type": ([{"text": text_of("x")}], "missing required field: type"),
    "an unknown type": ([{"type": "fireworks"}], "unsupported type: fireworks [json-pointer:/blocks/0/type]"),
    "a confirm that is a text": (row(confirm="sure?"), "must provide an object"),
    "a confirm without deny": (row(confirm=without(CONFIRM, "deny")), "missing required field: deny"),
    "an option that is no object": (beside({**SELECT, "options": ["Buy"]}), "must provide an object"),
    "options that are a number": (beside({**SELECT, "options": 7}), "must provide an array"),
    "groups that are a number": (
        beside({**without(SELECT, "options"), "option_groups": 7}),
        "must provide an array",
    ),
    "no options": (beside(without(SELECT, "options")), "must have one of options and option_groups"),
    "an initial option of another list": (
        beside({**SELECT, "initial_option": options("Hold")[0]}),
        "initial option must match",
    ),
    "an unknown key of a block": (
        [section("x") | {"colour": "red"}],
        "invalid additional property: colour [json-pointer:/blocks/0]",
    ),
    "an unknown key of an element": (
        row(icon="x"),
        "invalid additional property: icon [json-pointer:/blocks/0/elements/0]",
    ),
    "an unknown key of a text": (
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        "invalid additional property: emoji",
    ),
    "a number input that does not say": (
        asked(without(NUMBER, "is_decimal_allowed")),
        "missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]",
    ),
    "a bound that is no number": (asked({**NUMBER, "min_value": "much"}), "must be a number"),
    "a date that is none": (asked({"type": "datepicker", "initial_date": "2026-02-30"}), "day"),
    "a date with slashes": (asked({"type": "datepicker", "initial_date": "20/11/2026"}), "must be a date"),
    "a time that is none": (asked({"type": "timepicker", "initial_time": "25:00"}), "hour"),
    "a moment in milliseconds": (
        asked({"type": "datetimepicker", "initial_date_time": 1795360684000}),
        "less than",
    ),
    "a picture of no address": ([{**PICTURE, "image_url": "chart.png"}], "must be a valid http or https URL"),
    "a picture of a long address": (
        [{**PICTURE, "image_url": "https://example.org/" + "x" * 3_000}],
        "must be less than 3001 characters [json-pointer:/blocks/0/image_url]",
    ),
    "a picture without a source": ([without(PICTURE, "image_url")], "must have one of"),
    "a picture without words": ([without(PICTURE, "alt_text")], "missing required field: alt_text"),
    "a button text that is a string": (row(text="Go"), "must provide an object"),
    "a text of nothing": ([section("")], "must be more than 0 characters"),
    "a section of nothing": ([{"type": "section"}], "missing required field: text or fields"),
    "eleven fields": (
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "a picker of moments beside a section": (beside({"type": "datetimepicker"}), "unsupported type"),
    "a text input in a row": (
        [{"type": "actions", "elements": [{"type": "plain_text_input"}]}],
        "unsupported type",
    ),
    "an action twice in a row": ([actions("Go", "Go")], "`action_id` go already exists"),
    "a block id twice": (
        [section("x") | {"block_id": "b"}] * 2,
        "`block_id` b already exists [json-pointer:/blocks/1/block_id]",
    ),
    "a number as an id": (row(action_id=7), "must provide a string"),
}


@pytest.fixture
def files() -> Files:
    """No files at all."""
    return Files(Identifiers(system_clock), Faults())


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD.keys())
def test_what_slack_takes_is_taken(blocks: list[Json]) -> None:
    """Nothing is held against what the documents allow."""
    assert complaints(blocks, 50) == []


@pytest.mark.parametrize(("blocks", "said"), BAD.values(), ids=BAD.keys())
def test_what_slack_refuses_is_refused_in_words(blocks: Any, said: str) -> None:
    """Each complaint says what is wrong, and where."""
    found = complaints(blocks, 50)

    assert any(said in each for each in found), found
    assert all("[json-pointer:/blocks" in each for each in found)


@pytest.mark.parametrize("place", ["block", "accessory", "context"])
def test_a_file_nobody_uploaded_is_no_picture(files: Files, place: str) -> None:
    """Wherever a picture may stand."""
    picture = {"type": "image", "alt_text": "a", "slack_file": {"id": "F0NOTTHERE"}}
    blocks = {
        "block": [picture],
        "accessory": beside(picture),
        "context": [{"type": "context", "elements": [picture]}],
    }

    with pytest.raises(ApiError, match="invalid_blocks") as caught:
        message_blocks(blocks[place], files)

    assert "slack file" in caught.value.messages[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": text_of("x" * 25)}, "must be less than 25 characters [json-pointer:/view/title]"),
        ({"title": "Order"}, "must provide an object"),
        ({"private_metadata": 7}, "must provide a string"),
        ({"colour": "red"}, "invalid additional property: colour"),
        ({"submit": None}, "missing required field: submit"),
        ({"blocks": [{"type": ["section"]}]}, "[json-pointer:/view/blocks/0/type]"),
        ({"blocks": 7}, "must provide an array"),
    ],
)
def test_a_bad_form_is_refused_in_words(files: Files, changes: Json, said: str) -> None:
    """The frame of a form is looked at as closely as its blocks."""
    with pytest.raises(ApiError, match="invalid_arguments") as caught:
        view_parts({**ORDER, **changes}, files, ("modal",))

    assert any(said in each for each in caught.value.messages), caught.value.messages


NAMES = st.sampled_from(
    ["type", "text", "elements", "element", "accessory", "options", "confirm", "fields", "image_url", "value"]
)
WORDS = st.sampled_from(
    ["section", "actions", "input", "button", "static_select", "plain_text", "mrkdwn", "image", "", "x" * 300]
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(st.lists(ANYTHING, max_size=3))
def test_no_blocks_whatever_break_the_workspace(blocks: list[Any]) -> None:
    """What is not taken is refused; nothing else comes of it."""
    for check in (_as_message, _as_view):
        with suppress(ApiError):
            check(blocks)


def _as_message(blocks: list[Any]) -> object:
    return message_blocks(blocks, Files(Identifiers(system_clock), Faults()))


def _as_view(blocks: list[Any]) -> object:
    return view_parts({**ORDER, "blocks": blocks}, Files(Identifiers(system_clock), Faults()), ("modal",))


def test_a_refusal_travels_as_slack_sends_it(client: WebClient) -> None:
    """HTTP 200, the error's name, and where to look."""
    post: Callable[[], object] = lambda: client.chat_postMessage(  # noqa: E731
        channel=TRADING_OPS.id, text="x", blocks=[{"type": ["section"]}]
    )
    with pytest.raises(SlackApiError) as caught:
        post()

    assert (caught.value.response.status_code, caught.value.response["error"]) == (200, "invalid_blocks")
    assert "json-pointer:/blocks/0/type" in caught.value.response["response_metadata"]["messages"][0]
