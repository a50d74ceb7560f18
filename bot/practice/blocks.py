"""What Slack accepts as blocks, and what it says about the rest."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.practice.composition import AnyText, Id, Picture, PlainText, Shape, at_most
from bot.practice.elements import ActionsElement, ContextElement, InputElement, SectionElement

Block = dict[str, Any]

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
MESSAGE_TEXT_MAX = 13_000


class AnyBlock(Shape):
    """What every block may have."""

    block_id: Id | None = None


class Section(AnyBlock):
    """Text, or up to ten short ones side by side, with one element beside them."""

    type: Literal["section"]
    text: AnyText | None = None
    fields: Annotated[list[Annotated[AnyText, at_most(2_000)]], Field(min_length=1, max_length=10)] | None = (
        None
    )
    accessory: SectionElement | None = None
    expand: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and self.fields is None:
            raise ValueError("missing required field: text or fields")
        return self


class Header(AnyBlock):
    """A title."""

    type: Literal["header"]
    text: Annotated[PlainText, at_most(150)]


class Context(AnyBlock):
    """Small print and small pictures."""

    type: Literal["context"]
    elements: Annotated[list[ContextElement], Field(min_length=1, max_length=10)]


class Actions(AnyBlock):
    """A row of elements."""

    type: Literal["actions"]
    elements: Annotated[list[ActionsElement], Field(min_length=1, max_length=25)]


class Divider(AnyBlock):
    """A line."""

    type: Literal["divider"]


class Image(AnyBlock, Picture):
    """A picture."""

    title: Annotated[PlainText, at_most(2_000)] | None = None


class Input(AnyBlock):
    """A question with one element for its answer."""

    type: Literal["input"]
    label: Annotated[PlainText, at_most(2_000)]
    element: InputElement
    hint: Annotated[PlainText, at_most(2_000)] | None = None
    dispatch_action: bool | None = None
    optional: bool | None = None


Known = Annotated[Section | Header | Context | Actions | Divider | Image | Input, Field(discriminator="type")]
_SHAPES: TypeAdapter[list[Any]] = TypeAdapter(list[Known])

# What Slack says in place of the library's own words.
_SAID = {
    "missing": "missing required field: {field}",
    "extra_forbidden": "invalid additional property: {field}",
    "string_too_short": "must be more than 0 characters",
    "too_long": "no more than {max_length} items allowed",
    "too_short": "no fewer than {min_length} items allowed",
    "union_tag_not_found": "missing required field: type",
    "literal_error": "must be one of {expected}",
    "string_type": "must provide a string",
    "bool_type": "must provide a boolean",
    "int_type": "must provide a number",
    "list_type": "must provide an array",
    "dict_type": "must provide an object",
    "model_type": "must provide an object",
    "model_attributes_type": "must provide an object",
}


def complaints(blocks: Sequence[Any], blocks_max: int, at: str = "/blocks") -> list[str]:
    """Say what is wrong with a list of blocks, each complaint with its JSON pointer."""
    found = (
        [f"no more than {blocks_max} items allowed [json-pointer:{at}]"] if len(blocks) > blocks_max else []
    )
    try:
        _SHAPES.validate_python(list(blocks))
    except ValidationError as error:
        return found + [_in_slacks_words(detail, blocks, at) for detail in error.errors(include_url=False)]
    return found + list(_doubled_ids(blocks, at))


def shape_complaints(shape: type[Shape], value: Any, at: str) -> list[str]:
    """Say what is wrong with one object."""
    try:
        shape.model_validate(value)
    except ValidationError as error:
        return [_in_slacks_words(detail, value, at) for detail in error.errors(include_url=False)]
    return []


def _in_slacks_words(detail: ErrorDetails, value: Any, at: str) -> str:
    kind, facts = detail["type"], detail.get("ctx", {})
    path, field = _pointer(detail["loc"], value), str(detail["loc"][-1] if detail["loc"] else "")
    if kind == "extra_forbidden":
        path.pop()
    if kind == "string_too_long":
        said = f"must be less than {facts['max_length'] + 1} characters"
    elif kind == "union_tag_invalid":
        said, path = f"unsupported type: {facts['tag']}", [*path, "type"]
    elif kind == "value_error":
        said = str(facts["error"])
    else:
        said = _SAID.get(kind, detail["msg"]).format(field=field, **facts)
    return f"{said} [json-pointer:{'/'.join([at, *path])}]"


def _pointer(location: tuple[int | str, ...], value: Any) -> list[str]:
    """Give a place without the names of the shapes that the library tried on its way there."""
    path = []
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(str(part))
    return path


def _doubled_ids(blocks: Sequence[Block], at: str) -> Iterator[str]:
    block_ids: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id in block_ids:
            yield f"`block_id` {block_id} already exists [json-pointer:{at}/{index}/block_id]"
        block_ids |= {block_id} if block_id else set()
        action_ids = [each["action_id"] for each in elements_of(block) if each.get("action_id")]
        for action_id in sorted({each for each in action_ids if action_ids.count(each) > 1}):
            yield f"`action_id` {action_id} already exists [json-pointer:{at}/{index}]"


def without_nulls(value: Any) -> Any:
    """Give a copy of blocks without the keys that hold nothing: Slack takes them as not given."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    return value


def elements_of(block: Block) -> list[Block]:
    """Give the interactive elements of one block, in order."""
    kind = block["type"]
    if kind == "actions":
        return list(block["elements"])
    element = block.get("element") if kind == "input" else block.get("accessory")
    return [element] if element and element["type"] != "image" else []


def pictures_of(block: Block) -> list[tuple[Block, str]]:
    """Give the pictures in one block, each with the rest of its JSON pointer."""
    if block["type"] == "image":
        return [(block, "")]
    places = [(block.get("accessory"), "/accessory")]
    if block["type"] == "context":
        places = [(each, f"/elements/{number}") for number, each in enumerate(block["elements"])]
    return [(each, place) for each, place in places if each and each["type"] == "image"]


def options_of(element: Block) -> list[Block]:
    """Give the options of a select or a choice, those in groups included."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


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
