"""conversations.*: where one can talk, and what was said."""

from bot.practice.channels import Channel, Channels, Message
from bot.practice.errors import ApiError
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method, page_of
from bot.practice.people import APP, PEOPLE

HISTORY_PAGE = 100


class ConversationMethods:
    """Lists channels and members, reads history, opens direct messages."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        read = ("channels:read", "groups:read", "im:read")
        history = ("channels:history", "groups:history", "im:history")
        return {
            "conversations.open": Method(self._open, ("im:write",)),
            "conversations.info": Method(self._info, read),
            "conversations.list": Method(self._list, read),
            "conversations.members": Method(self._members, read),
            "conversations.join": Method(self._join, ("channels:join",)),
            "conversations.history": Method(self._history, history),
            "conversations.replies": Method(self._replies, history),
        }

    def _open(self, arguments: Arguments) -> Body:
        asked = arguments.text("users") or arguments.text("channel")
        for person in PEOPLE:
            if asked in (person.id, person.dm):
                channel: Body = {"id": person.dm}
                if arguments.flag("return_im"):
                    channel = self._channels.get(person.dm).to_slack()
                return {"channel": channel, "no_op": True, "already_open": True}
        raise ApiError("user_not_found")

    def _info(self, arguments: Arguments) -> Body:
        return {"channel": self._channels.get(arguments.need("channel")).to_slack()}

    def _list(self, arguments: Arguments) -> Body:
        types = arguments.text("types", "public_channel").split(",")
        kinds = {"public_channel": False, "im": True}
        wanted = {kinds[name.strip()] for name in types if name.strip() in kinds}
        channels = [each for each in self._channels.all() if (each.dm_with is not None) in wanted]
        page, cursor = page_of([each.to_slack() for each in channels], arguments, HISTORY_PAGE)
        return {"channels": page, "response_metadata": {"next_cursor": cursor}}

    def _members(self, arguments: Arguments) -> Body:
        channel = self._channels.get(arguments.need("channel"))
        page, cursor = page_of(sorted(channel.members), arguments, HISTORY_PAGE)
        return {"members": page, "response_metadata": {"next_cursor": cursor}}

    def _join(self, arguments: Arguments) -> Body:
        channel = self._channels.get(arguments.need("channel"))
        if channel.dm_with is not None:
            raise ApiError("method_not_supported_for_channel_type")
        channel.members.add(APP.user_id)
        return {"channel": channel.to_slack()}

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
        channel = self._channels.get(arguments.need("channel"))
        if APP.user_id not in channel.members:
            raise ApiError("not_in_channel")
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
