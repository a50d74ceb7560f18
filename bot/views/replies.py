"""Short private answers: one sentence that says what happened, why, and what to do next."""

from collections.abc import Sequence
from datetime import UTC, datetime

from slack_sdk.models.blocks import MarkdownTextObject, SectionBlock

from bot.block_limits import shortened
from bot.view import View
from bot.views.wording import LOCK_SCREEN_MAX, label, literal, when


def sentence(text: str, *moments: datetime) -> View:
    """One sentence, everything in it taken literally.

    Where it names one of these moments as `12:15 UTC`, the reader's own time stands before that.
    """
    shown = literal(text, 2900)
    named = {f"{moment.astimezone(UTC):%H:%M} UTC": moment for moment in moments}
    for utc, moment in named.items():
        shown = shown.replace(utc, when(moment), 1)
    return View(text=label(text, LOCK_SCREEN_MAX), blocks=[SectionBlock(text=MarkdownTextObject(text=shown))])


def not_understood(word: str, nearest: Sequence[str]) -> View:
    """A word that the bot does not know, with those it may have meant."""
    shown = shortened(word, 40)
    if nearest:
        options = ", ".join(f"/peak {candidate}" for candidate in nearest)
        return sentence(f"I do not know “{shown}”, so nothing was done. Did you mean {options}?")
    return sentence(f"I do not know “{shown}”, so nothing was done. /peak help lists every word.")
