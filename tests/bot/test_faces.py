"""A face is the same before and after Slack has rewritten the blocks, and another one for anything seen."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bot.faces import KEPT_MAX, face, shows, was_shown
from bot.practice.content import as_kept
from bot.view import as_dicts
from bot.views.requests import request_card
from tests.bot.intake import Clock, open_database
from tests.bot.views.given import REQUEST

SENT = as_dicts(request_card(REQUEST).blocks)


def as_slack_keeps_it() -> list[dict[str, Any]]:
    """The card of a request as it stands in the payload of a click: ids, defaults, names of emoji."""
    kept = copy.deepcopy(as_kept(SENT))
    for number, block in enumerate(kept):
        block.setdefault("block_id", f"x{number}")
    return kept  # type: ignore[no-any-return]


def test_what_slack_adds_and_escapes_is_no_change() -> None:
    """Ids, `emoji`, `verbatim`, `&` once more, null and false, blanks at the end."""
    kept = as_slack_keeps_it()
    kept[1]["expand"] = False
    kept[1]["text"]["text"] += " \n"
    kept[0]["accessory"] = None
    for text in ("Otto &amp; Co &lt;1%", "A & B"):
        plain = {"type": "plain_text", "text": text}
        assert face([plain]) == face(as_kept([plain]))

    assert face(kept) == face(SENT)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("⚠️ By its preview", ":warning: By its preview"),
        ("🌙 It is night", ":crescent_moon: It is night"),
        ("👍🏽 👩‍🚀 🇩🇪 ⏳", ":+1::skin-tone-4: :female-astronaut: :flag-de: :hourglass_flowing_sand:"),
    ],
)
def test_an_emoji_is_the_same_by_its_name(sent: str, kept: str) -> None:
    """Slack writes them so; one more or one less is a change."""
    one, other = ([{"type": "mrkdwn", "text": text}] for text in (sent, kept))
    assert face(one) == face(other)
    assert face(one) != face([{"type": "mrkdwn", "text": f"{kept} :+1:"}])


def _first(card: Any, text: str) -> None:
    card[0]["text"]["text"] = text


CHANGES: dict[str, Callable[[Any], None]] = {
    "another headline": lambda card: _first(card, "Otto asks for lunch"),
    "a smaller amount": lambda card: card[1]["text"].update(
        text=card[1]["text"]["text"].replace("100", "10")
    ),
    "a line less": lambda card: card.pop(2),
    "a line more": lambda card: card.insert(
        1, {"type": "section", "text": {"type": "mrkdwn", "text": "Ok."}}
    ),
    "another order": lambda card: card.reverse(),
    "another label": lambda card: card[-1]["elements"][0]["text"].update(text="Reject"),
    "another request": lambda card: card[-1]["elements"][0].update(value="req-2"),
    "another act": lambda card: card[-1]["elements"][1].update(action_id="request.approve"),
    "another colour": lambda card: card[-1]["elements"][1].update(style="primary"),
    "no question": lambda card: card[-1]["elements"][2].pop("confirm"),
    "a picture": lambda card: card[1].update(accessory={"type": "image", "image_url": "u", "alt_text": "a"}),
    "a link": lambda card: card[1]["text"].update(
        text="<https://evil.example|" + card[1]["text"]["text"] + ">"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_person_would_see_is_a_change(change: str) -> None:
    """Text, order, labels, colours, and what the buttons carry."""
    card = as_slack_keeps_it()
    CHANGES[change](card)

    assert face(card) != face(SENT)


@pytest.mark.parametrize("blocks", [None, 1.5, "x", [None], [[1.5]], {"a": {"b": object}}])
def test_anything_at_all_has_a_face(blocks: Any) -> None:
    """What comes with a click may come from anybody."""
    if blocks != {"a": {"b": object}}:
        assert len(face(blocks)) == 64


def test_the_last_faces_are_known(tmp_path: Any) -> None:
    """A click may come while its card is drawn anew; of very many drawings the oldest are forgotten."""
    database, clock = open_database(tmp_path), Clock()
    for number in range(KEPT_MAX + 1):
        with database.transaction() as session:
            shows(session, "request:1", f"face-{number}", clock())
        clock.passes(seconds=1)

    with database.reading() as session:
        known = [was_shown(session, "request:1", f"face-{number}") for number in range(KEPT_MAX + 1)]
        assert known == [False] + [True] * KEPT_MAX
        assert not was_shown(session, "request:1", "")
        assert not was_shown(session, "request:2", "face-3")
