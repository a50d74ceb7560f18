"""One command, click, form or event as our listeners read it; whatever is missing reads as empty."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from approvals.errors import AccountUnreadable
from approvals.person import Account
from bot.faces import face
from bot.operations.asker import Asker


@dataclass(frozen=True, slots=True)
class Incoming:
    """Who did what where; `cause` is Slack's own key of this one act."""

    account: Account | None
    cause: str
    channel: str = ""
    response_url: str = ""
    trigger_id: str = ""
    text: str = ""
    value: str = ""
    message_ts: str = ""
    view_id: str = ""
    view_metadata: str = ""
    values: Mapping[str, Any] | None = field(default=None, repr=False)
    shown: Any = field(default=None, repr=False)
    redelivered: bool = False

    @property
    def face(self) -> str:
        """What the message or Home tab looked like on which this was pressed; empty where Slack does not say.

        What hangs on a message beside its blocks would be seen too, and is none of ours.
        """
        extras = _mapping(self.shown).get("attachments") or _mapping(self.shown).get("files")
        blocks = _mapping(self.shown).get("blocks")
        return face(blocks) if isinstance(blocks, list) and not extras else ""

    @property
    def asker(self) -> Asker | None:
        """Whoever did it, for the operation that answers; None for an account that cannot be read."""
        if self.account is None:
            return None
        channel, url = self.channel or None, self.response_url or None
        return Asker(self.account, self.cause, channel, url, self.redelivered)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _typed(value: Any) -> str:
    """What a person typed: Slack writes `&<>` of a command's text as entities."""
    return _text(value).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _account(team: Any, user: Any) -> Account | None:
    try:
        return Account(_text(team), _text(user))
    except AccountUnreadable:
        return None


def incoming(body: Mapping[str, Any], context: Mapping[str, Any]) -> Incoming:
    """Read a body of any kind that Slack sends."""
    cause = _text(context.get("cause"))
    redelivered = bool(context.get("redelivered"))
    if "command" in body:
        return Incoming(
            account=_account(body.get("team_id"), body.get("user_id")),
            cause=cause,
            channel=_text(body.get("channel_id")),
            response_url=_text(body.get("response_url")),
            trigger_id=_text(body.get("trigger_id")),
            text=_typed(body.get("text")),
            redelivered=redelivered,
        )
    if event := _mapping(body.get("event")):
        return Incoming(
            account=_account(event.get("user_team") or body.get("team_id"), event.get("user")),
            cause=cause,
            channel=_text(event.get("channel")),
            redelivered=redelivered,
        )
    user, view, container = (_mapping(body.get(name)) for name in ("user", "view", "container"))
    actions = body.get("actions")
    action = _mapping(actions[0]) if isinstance(actions, list) and actions else {}
    return Incoming(
        account=_account(user.get("team_id") or _mapping(body.get("team")).get("id"), user.get("id")),
        cause=cause,
        channel=_text(container.get("channel_id")) or _text(_mapping(body.get("channel")).get("id")),
        response_url=_text(body.get("response_url")),
        trigger_id=_text(body.get("trigger_id")),
        value=_text(action.get("value")),
        message_ts=_text(container.get("message_ts")),
        view_id=_text(view.get("id")),
        view_metadata=_text(view.get("private_metadata")),
        values=_mapping(_mapping(view.get("state")).get("values")),
        shown=body.get("message") or view,
        redelivered=redelivered,
    )
