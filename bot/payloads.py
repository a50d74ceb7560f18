"""What Slack delivers, read once: its kind, its idempotency key, whose it is, and what may be kept of it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.errors import BotError

KEY_LENGTH_MAX = 120
_READABLE = re.compile(r"[\w.:/-]+", re.ASCII)
_ID = re.compile(r"[A-Z0-9]{2,32}")
_TRIGGER = re.compile(r"[\w.:-]{0,120}", re.ASCII)

# A field whose action or block is called so holds a factor: it is used and never kept.
_SECRET_FIELD = re.compile(r"(^|[._-])(code|otp|totp|recovery_code)$")

_KEPT_OF_A_MESSAGE = ("type", "user", "user_team", "channel", "channel_type", "ts", "thread_ts", "event_ts")


class BadPayload(BotError):
    """Slack's message cannot be used: {reason}. Nothing was done."""

    reason: str


class Kind(StrEnum):
    """What a person or Slack did."""

    COMMAND = "command"
    ACTION = "action"
    VIEW = "view"
    CLOSED = "closed"
    SHORTCUT = "shortcut"
    EVENT = "event"


_INTERACTIONS = {
    "block_actions": Kind.ACTION,
    "view_submission": Kind.VIEW,
    "view_closed": Kind.CLOSED,
    "shortcut": Kind.SHORTCUT,
    "message_action": Kind.SHORTCUT,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that arrived, under the key that a repeated delivery of it has too.

    `trigger` tells one press of a form's button from the next; `account` is TEAM/USER.
    """

    kind: Kind
    key: str
    account: str
    trigger: str
    payload: dict[str, Any] = field(repr=False)


def read_command(payload: Mapping[str, Any]) -> Delivery:
    """Read a slash command; raises BadPayload."""
    _text(payload, "command")
    account = f"{_id(payload, 'team_id')}/{_id(payload, 'user_id')}"
    _text(payload, "trigger_id")
    trigger = _trigger(payload)
    return Delivery(Kind.COMMAND, _key(Kind.COMMAND, trigger), account, trigger, dict(payload))


def read_interaction(payload: Mapping[str, Any]) -> Delivery | None:
    """Read a click, a form or a shortcut; None for a type that this bot has no use for. Raises BadPayload."""
    kind = _INTERACTIONS.get(_text(payload, "type"))
    if kind is None:
        return None
    account = account_of(payload)
    trigger = _trigger(payload)
    if kind is Kind.ACTION:
        parts = _action_parts(payload, account)
    elif kind in (Kind.VIEW, Kind.CLOSED):
        view = _mapping(payload, "view")
        parts = (_text(view, "id"), str(view.get("hash") or ""))
    else:
        parts = (_text(payload, "trigger_id"),)
    return Delivery(kind, _key(kind, *parts), account, trigger, dict(payload))


def read_event(payload: Mapping[str, Any]) -> Delivery | None:
    """Read an event; None for another kind of callback. Raises BadPayload."""
    if _text(payload, "type") != "event_callback":
        return None
    event = _mapping(payload, "event")
    team = str(event.get("user_team") or payload.get("team_id") or "")
    user = event.get("user")
    account = (
        f"{team}/{user}" if isinstance(user, str) and _ID.fullmatch(team) and _ID.fullmatch(user) else ""
    )
    return Delivery(Kind.EVENT, _key(Kind.EVENT, _text(payload, "event_id")), account, "", dict(payload))


def is_chatter(payload: Mapping[str, Any]) -> bool:
    """Whether an event only tells of a message that nobody has just written to the bot.

    Slack tells of the bot's own messages, of edits and deletions too, and there are many of them.
    """
    event = payload.get("event")
    if not isinstance(event, Mapping) or event.get("type") != "message":
        return False
    is_written = event.get("subtype") in (None, "file_share") and not event.get("bot_id")
    return not is_written or event.get("channel_type") != "im"


def account_of(payload: Mapping[str, Any]) -> str:
    """TEAM/USER behind an interaction: the person's own team, which need not be the channel's."""
    user = _mapping(payload, "user")
    team = _id(user, "team_id") if user.get("team_id") else _id(_mapping(payload, "team"), "id")
    return f"{team}/{_id(user, 'id')}"


def kept(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it may be saved: without Slack's legacy token and without any second factor.

    Of a message to the bot, which can hold anything, only who wrote it and where.
    """
    body = {name: value for name, value in payload.items() if name != "token"}
    event = body.get("event")
    if isinstance(event, Mapping) and event.get("type") == "message":
        body["event"] = {name: event[name] for name in _KEPT_OF_A_MESSAGE if name in event}
    _forget_factors(body)
    view = body.get("view")
    if isinstance(view, Mapping):
        body["view"] = dict(view)
        _forget_factors(body["view"])
    return body


def _forget_factors(holder: dict[str, Any]) -> None:
    state = holder.get("state")
    values = state.get("values") if isinstance(state, Mapping) else None
    if not isinstance(state, Mapping) or not isinstance(values, Mapping):
        return
    clean = {
        block: {
            action: {"type": "plain_text_input", "value": None}
            if _SECRET_FIELD.search(str(action)) or _SECRET_FIELD.search(str(block))
            else given
            for action, given in fields.items()
        }
        for block, fields in values.items()
        if isinstance(fields, Mapping)
    }
    holder["state"] = {**state, "values": clean}


def _action_parts(payload: Mapping[str, Any], account: str) -> tuple[str, ...]:
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], Mapping):
        raise BadPayload(reason="it names no action")
    container = _mapping(payload, "container")
    place = str(container.get("view_id") or f"{container.get('channel_id')}/{container.get('message_ts')}")
    return (account, _text(actions[0], "action_id"), place, _text(actions[0], "action_ts"))


def _key(kind: Kind, *parts: str) -> str:
    text = ":".join((kind.value, *parts))
    if len(text) <= KEY_LENGTH_MAX and _READABLE.fullmatch(text):
        return text
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind.value}:{digest}"


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise BadPayload(reason=f"{name} is missing")
    return value


def _id(payload: Mapping[str, Any], name: str) -> str:
    value = _text(payload, name)
    if not _ID.fullmatch(value):
        raise BadPayload(reason=f"{name} is no id of Slack's")
    return value


def _trigger(payload: Mapping[str, Any]) -> str:
    value = payload.get("trigger_id") or ""
    if not isinstance(value, str) or not _TRIGGER.fullmatch(value):
        raise BadPayload(reason="trigger_id is no trigger")
    return value


def _mapping(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    if not isinstance(value, Mapping):
        raise BadPayload(reason=f"{name} is missing")
    return value
