"""conversations.*: where one can talk, and what was said."""

from bot.practice.channels import Channel, Channels, Message
from bot.practice.errors import ApiError, missing_scope
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method, page_of
from bot.practice.people import APP
from bot.practice.rates import Tier
from bot.practice.staff import Staff

HISTORY_PAGE = 100


class ConversationMethods:
    """Lists channels and members, reads history, opens direct messages."""

    def __init__(self, channels: Channels, staff: Staff, scopes: frozenset[str]) -> None:
        self._channels = channels
        self._staff = staff
        self._scopes = scopes

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        # Any of these opens the method; which of them it takes depends on the conversation.
        read = ("channels:read", "groups:read", "im:read")
        history = ("channels:history", "groups:history", "im:history")
        return {
            "conversations.open": Method(self._open, Tier.THREE, ("im:write",)),
            "conversations.info": Method(self._info, Tier.THREE, read),
            "conversations.list": Method(self._list, Tier.TWO, read),
            "conversations.members": Method(self._members, Tier.FOUR, read),
            "conversations.join": Method(self._join, Tier.THREE, ("channels:join",)),
            "conversations.history": Method(self._history, Tier.THREE, history),
            "conversations.replies": Method(self._replies, Tier.THREE, history),
        }

    def _open(self, arguments: Arguments) -> Body:
        asked = arguments.text("users") or arguments.text("channel")
        for person in self._staff.all():
            if asked in (person.id, person.dm):
                if not self._staff.is_active(person.id):
                    raise ApiError("user_disabled")
                channel: Body = {"id": person.dm}
                if arguments.flag("return_im"):
                    channel = self._channels.get(person.dm).to_slack()
                return {"channel": channel, "no_op": True, "already_open": True}
        raise ApiError("user_not_found")

    def _info(self, arguments: Arguments) -> Body:
        return {"channel": self._known(arguments).to_slack()}

    def _list(self, arguments: Arguments) -> Body:
        names = arguments.text("types", "public_channel").split(",")
        families = {"public_channel": "channels", "private_channel": "groups", "im": "im"}
        wanted = {families[name.strip()] for name in names if name.strip() in families}
        for family in sorted(wanted):
            self._need(f"{family}:read")
        channels = [each for each in self._channels.all() if each.family in wanted and self._sees(each)]
        if arguments.flag("exclude_archived"):
            channels = [each for each in channels if not each.is_archived]
        page, cursor = page_of([each.to_slack() for each in channels], arguments, HISTORY_PAGE)
        return {"channels": page, "response_metadata": {"next_cursor": cursor}}

    def _members(self, arguments: Arguments) -> Body:
        members = [each for each in sorted(self._known(arguments).members) if self._staff.is_active(each)]
        page, cursor = page_of(members, arguments, HISTORY_PAGE)
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def _join(self, arguments: Arguments) -> Body:
        channel = self._channels.get(arguments.need("channel"))
        if channel.dm_with is not None or channel.is_private:
            raise ApiError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise ApiError("is_archived")
        self._channels.join(channel, APP.user_id)
        return {"channel": channel.to_slack()}

    def _known(self, arguments: Arguments) -> Channel:
        channel = self._channels.get(arguments.need("channel"))
        if not self._sees(channel):
            raise ApiError("channel_not_found")
        self._need(f"{channel.family}:read")
        return channel

    def _sees(self, channel: Channel) -> bool:
        return not channel.is_private or APP.user_id in channel.members

    def _need(self, scope: str) -> None:
        if scope not in self._scopes:
            raise missing_scope(scope, self._scopes)

    def _history(self, arguments: Arguments) -> Body:
        channel = self._readable(arguments)
        messages = [each for each in channel.messages.values() if each.thread_ts in (None, each.ts)]
        return self._told(list(reversed(_between(messages, arguments))), arguments)

    def _replies(self, arguments: Arguments) -> Body:
        channel = self._readable(arguments)
        root_ts = channel.root_of(arguments.need("ts"))
        if root_ts is None:
            raise ApiError("thread_not_found")
        root = [channel.messages[root_ts]] if root_ts in channel.messages else []
        return self._told([*root, *_between(channel.replies(root_ts), arguments)], arguments)

    def _readable(self, arguments: Arguments) -> Channel:
        channel = self._channels.for_app(arguments.need("channel"), writing=False)
        self._need(f"{channel.family}:history")
        return channel

    def _told(self, messages: list[Message], arguments: Arguments) -> Body:
        page, cursor = page_of(messages, arguments, HISTORY_PAGE)
        with_metadata = arguments.flag("include_all_metadata")
        return {
            "messages": [self._channels.to_slack(each, with_metadata=with_metadata) for each in page],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }


def _between(messages: list[Message], arguments: Arguments) -> list[Message]:
    try:
        oldest = float(arguments.text("oldest") or 0)
        latest = float(arguments.text("latest") or "inf")
    except ValueError:
        raise ApiError("invalid_ts_latest") from None
    inclusive = arguments.flag("inclusive")
    return [
        each
        for each in messages
        if oldest < float(each.ts) < latest or (inclusive and float(each.ts) in (oldest, latest))
    ]
