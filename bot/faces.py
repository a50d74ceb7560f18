"""The face of a message: what its blocks show and carry, the same before and after Slack has rewritten them.

Slack gives blocks ids, texts their defaults, and emoji their names; it escapes once more, and may trim.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from approvals.payload import canonical, digest
from bot.tables import FaceRow

# The kinds of subject of which a click counts only on the face that was shown.
FACED = frozenset({"request", "home"})
# A click may come while its card is drawn anew, and after the answer of a drawing was lost.
KEPT_MAX = 16

_ADDED_BY_SLACK = frozenset({"block_id", "emoji", "verbatim"})
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
_SYMBOL = "[\u2139\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
_DRESSED = f"{_SYMBOL}[\ufe0f\U0001f3fb-\U0001f3ff]*"
# Slack writes 🌙 as :crescent_moon:; what people typed so has something between its letters (`bot.escape`).
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|{_DRESSED}(?:\u200d{_DRESSED})*"
    r"|:(?:[+-]1|(?=[\d_+'-]*[a-z])[a-z0-9_+'-]+):(?::skin-tone-\d:)?"
)


def face(blocks: Any) -> str:
    """The digest of what these blocks show, as Slack was sent them or as it hands them back."""
    return digest(canonical(_plain(blocks)))


def _plain(value: Any) -> object:
    if isinstance(value, Mapping):
        shown = {
            str(key): _plain(part)
            for key, part in value.items()
            if key not in _ADDED_BY_SLACK and part is not None and part is not False
        }
        if value.get("type") in ("plain_text", "mrkdwn") and isinstance(value.get("text"), str):
            shown["text"] = _text(value["text"], is_plain=value["type"] == "plain_text")
        return shown
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return repr(value) if isinstance(value, float) else value


def _text(text: str, *, is_plain: bool) -> str:
    unescaped = html.unescape(text) if is_plain else _BARE_AMPERSAND.sub("&amp;", text)
    named = _EMOJI.sub("\u2b1a", unescaped)
    seen = (letter for letter in named if unicodedata.category(letter) != "Cf")
    return " ".join("".join(seen).split())


def shows(session: Session, subject: str, shown: str, now: datetime) -> None:
    """Note the face with which a subject is about to be shown; the oldest of many are forgotten."""
    session.merge(FaceRow(subject=subject, face=shown, at=now))
    session.flush()
    newest = select(FaceRow.face).where(FaceRow.subject == subject).order_by(col(FaceRow.at).desc())
    kept = list(session.exec(newest.limit(KEPT_MAX)))
    session.connection().execute(
        delete(FaceRow).where(col(FaceRow.subject) == subject, col(FaceRow.face).not_in(kept))
    )


def was_shown(session: Session, subject: str, shown: str) -> bool:
    """Whether we have shown a subject with this face."""
    return bool(shown) and session.get(FaceRow, (subject, shown)) is not None
