"""What Slack would refuse is known before it is sent."""

from typing import Any

import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    MarkdownTextObject,
    Option,
    SectionBlock,
    StaticSelectElement,
)

from bot.practice.blocks import complaints
from bot.view import View, ViewRefused, as_dicts, check, fitted


def section(text: str = "hello", **more: Any) -> SectionBlock:
    """A section."""
    return SectionBlock(text=MarkdownTextObject(text=text), **more)


def button(text: str = "Halt", action_id: str = "halt", **more: Any) -> ButtonElement:
    """A button."""
    return ButtonElement(text=text, action_id=action_id, **more)


def fields(count: int, length: int) -> SectionBlock:
    """A section of fields."""
    return SectionBlock(fields=[MarkdownTextObject(text="f" * length) for _ in range(count)])


BROKEN: dict[str, list[Block]] = {
    "section over 3,000": [section("x" * 3001)],
    "field over 2,000": [fields(1, 2001)],
    "11 fields": [fields(11, 5)],
    "section without text": [SectionBlock(text=MarkdownTextObject(text=""))],
    "header over 150": [HeaderBlock(text="x" * 151)],
    "header of mrkdwn": [HeaderBlock(text=MarkdownTextObject(text="x"))],  # type: ignore[arg-type]
    "51 blocks": [DividerBlock() for _ in range(51)],
    "13,001 characters": [section("x" * 2900) for _ in range(5)],
    "26 buttons": [ActionsBlock(elements=[button(action_id=f"a{n}") for n in range(26)])],
    "no buttons": [ActionsBlock(elements=[])],
    "11 in a context": [ContextBlock(elements=[MarkdownTextObject(text="x") for _ in range(11)])],
    "same action twice": [ActionsBlock(elements=[button(), button()])],
    "same block twice": [section(block_id="b"), section(block_id="b")],
    "button text over 75": [ActionsBlock(elements=[button("x" * 76)])],
    "button value over 2,000": [ActionsBlock(elements=[button(value="x" * 2001)])],
    "confirm over 300": [
        ActionsBlock(
            elements=[button(confirm=ConfirmObject(title="Sure?", text="x" * 301, confirm="Yes", deny="No"))]
        )
    ],
    "option over 75": [
        section(
            accessory=StaticSelectElement(
                action_id="s", placeholder="Choose", options=[Option(value="v", text="x" * 76)]
            )
        )
    ],
    "image without alt": [ImageBlock(image_url="https://example.com/x.png", alt_text="")],
    "unknown block": [Block(type="hologram")],
}


@pytest.mark.parametrize("blocks", BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_a_limit_is_refused(blocks: list[Block]) -> None:
    """Every limit of Slack's is told with what breaks it."""
    with pytest.raises(ViewRefused):
        check(View("text", blocks))


@pytest.mark.parametrize("blocks", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_cut_would_be_taken(blocks: list[Block]) -> None:
    """The practice workspace, which refuses what Slack refuses, takes the rest."""
    fit = fitted("text", as_dicts([*blocks, section("the rest")]))

    assert complaints(fit.blocks, 50) == []
    assert fit.breaches
    assert fitted(fit.text, fit.blocks).breaches == ()


def test_what_keeps_to_the_limits_is_left_as_it_is() -> None:
    """The same button may stand in two rows; nothing is changed that need not be."""
    blocks = [
        HeaderBlock(text="x" * 150),
        section("y" * 3000),
        ActionsBlock(elements=[button(), button(action_id="stop")]),
        ActionsBlock(elements=[button()]),
    ]

    check(View("text", blocks))
    assert fitted("text", as_dicts(blocks)).blocks == [block.to_dict() for block in blocks]


def test_a_cut_leaves_no_half_of_an_entity() -> None:
    """An escaped sign or a date at the edge goes as a whole."""
    assert (
        fitted("t", as_dicts([section("x" * 2997 + "&amp;y")])).blocks[0]["text"]["text"] == "x" * 2997 + "…"
    )
    dated = "x" * 2980 + "<!date^1795360684^{time}|12:00>"
    assert fitted("t", as_dicts([section(dated)])).blocks[0]["text"]["text"] == "x" * 2980 + "…"


@pytest.mark.parametrize("text", ["", "  ", "ü" * 3000, "😀" * 2000])
def test_the_fallback_text_is_neither_empty_nor_too_long_in_bytes(text: str) -> None:
    """Slack counts the bytes of an update's text."""
    fit = fitted(text, as_dicts([section()]))

    assert fit.breaches
    assert 0 < len(fit.text.encode()) <= 4000


def test_buttons_are_the_last_to_go() -> None:
    """What is too long loses its middle, not its Halt button."""
    blocks = [*[section(f"{n}") for n in range(60)], ActionsBlock(elements=[button()])]

    fit = fitted("text", as_dicts(blocks))

    assert len(fit.blocks) == 50
    assert [block["type"] for block in fit.blocks[-2:]] == ["context", "actions"]
