"""Channels and direct messages, and what was said in them."""

from dataclasses import dataclass, field
from typing import Any

from bot.practice.blocks import Block
from bot.practice.content import as_kept
from bot.practice.errors import ApiError, DeskError
from bot.practice.feed import Event, Feeds
from bot.practice.files import Files
from bot.practice.identifiers import Identifiers
from bot.practice.inputs import Values, initial_values
from bot.practice.people import APP, HOME_TEAM, PEOPLE, ROOMS, Person
from bot.practice.subscriptions import Subscriptions


@dataclass(slots=True, eq=False)
class Message:
    """One message; ``seen_by`` is set when it is ephemeral."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Block] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    files: list[str] = field(default_factory=list)
    edited_ts: str | None = None
    seen_by: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, Values] = field(default_factory=dict)

    @property
    def by_app(self) -> bool:
        """Whether the app wrote it."""
        return self.user == APP.user_id

    def state_for(self, person: str) -> Values:
        """Give what this person has entered into the message's elements."""
        self.states[person] = initial_values(self.blocks, self.states.get(person))
        return self.states[person]


@dataclass(slots=True)
class Channel:
    """A channel, or one person's direct messages with the app."""

    id: str
    name: str
    members: set[str]
    dm_with: str | None = None
    is_private: bool = False
    is_archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    asides: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The word that the scopes for this kind of conversation begin with."""
        return "im" if self.dm_with else "groups" if self.is_private else "channels"

    @property
    def name_for_app(self) -> str:
        """What an interaction calls it: Slack keeps the names of private channels to itself."""
        return "directmessage" if self.dm_with else "privategroup" if self.is_private else self.name

    def add(self, message: Message) -> None:
        """Keep a message, under its thread too if it is an answer."""
        shelf = self.asides if message.seen_by else self.messages
        shelf[message.ts] = message
        if message.thread_ts and not message.seen_by:
            self.threads.setdefault(message.thread_ts, []).append(message)

    def drop(self, message: Message) -> None:
        """Forget a message."""
        shelf = self.asides if message.seen_by else self.messages
        if shelf.pop(message.ts, None) and message in self.threads.get(message.thread_ts or "", []):
            self.threads[message.thread_ts or ""].remove(message)

    def root_of(self, ts: str) -> str | None:
        """Give the message that a thread hangs on, be it named itself or one of its answers."""
        message = self.messages.get(ts)
        return None if message is None else message.thread_ts or message.ts

    def replies(self, root_ts: str) -> list[Message]:
        """Give the answers in a message's thread, oldest first."""
        return self.threads.get(root_ts, [])

    def to_slack(self) -> dict[str, Any]:
        """Give the conversation object of Slack's API."""
        if self.dm_with is not None:
            return {"id": self.id, "created": 0, "is_im": True, "user": self.dm_with, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": 0,
            "creator": PEOPLE[0].id,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_member": APP.user_id in self.members,
            "num_members": len(self.members),
        }

    def to_page(self) -> dict[str, object]:
        """Give the channel's line in the page's list."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": "dm" if self.dm_with else "channel",
            "private": self.is_private,
            "archived": self.is_archived,
        }


class Channels:
    """All conversations; every change is told to those who can see it."""

    def __init__(
        self,
        app_name: str,
        identifiers: Identifiers,
        feeds: Feeds,
        files: Files,
        subscriptions: Subscriptions,
    ) -> None:
        self._app_name = app_name
        self._subscriptions = subscriptions
        self._identifiers = identifiers
        self._feeds = feeds
        self._files = files
        everybody = {APP.user_id, *(person.id for person in PEOPLE)}
        rooms = [Channel(room.id, room.name, set(everybody), is_private=room.is_private) for room in ROOMS]
        dms = [Channel(person.dm, app_name, {person.id, APP.user_id}, person.id) for person in PEOPLE]
        self._channels = {channel.id: channel for channel in (*rooms, *dms)}

    def all(self) -> list[Channel]:
        """Give every conversation."""
        return list(self._channels.values())

    def get(self, channel_id: str) -> Channel:
        """Give a conversation by its id; raises channel_not_found for anything else, names included."""
        if channel_id not in self._channels:
            raise ApiError("channel_not_found")
        return self._channels[channel_id]

    def for_app(self, channel_id: str, *, writing: bool) -> Channel:
        """Give a conversation the app is in; raises channel_not_found, not_in_channel, is_archived."""
        channel = self.get(channel_id)
        if APP.user_id not in channel.members:
            raise ApiError("channel_not_found" if channel.is_private else "not_in_channel")
        if writing and channel.is_archived:
            raise ApiError("is_archived")
        return channel

    def join(self, channel: Channel, user: str) -> None:
        """Add somebody to a channel."""
        channel.members.add(user)
        self._tell_of(channel, {user})

    def leave(self, channel: Channel, user: str) -> None:
        """Take somebody out of a channel."""
        channel.members.discard(user)
        self._feeds.tell({user}, {"type": "channel_left", "channel": channel.id})

    def archive(self, channel: Channel) -> None:
        """Close a channel: it can be read, not written in."""
        channel.is_archived = True
        self._tell_of(channel, channel.members)

    def mend(self) -> None:
        """Open every channel again, with everybody in it."""
        everybody = {APP.user_id, *(person.id for person in PEOPLE)}
        for channel in self.all():
            if channel.dm_with is None and (channel.is_archived or channel.members != everybody):
                channel.is_archived, channel.members = False, set(everybody)
                self._tell_of(channel, everybody)

    def of(self, person: str) -> list[Channel]:
        """Give the conversations this person is in."""
        return [channel for channel in self.all() if person in channel.members]

    def say(self, channel: Channel, user: str, text: str, **parts: Any) -> Message:
        """Add a message (or, with ``seen_by``, an ephemeral one) and show it to those who may see it."""
        message = Message(self._identifiers.stamp(), channel.id, user, text, **parts)
        channel.add(message)
        self._tell(message, "message")
        if self._heard_in(message) is not None:
            self._subscriptions.posted(channel.id, channel.family, self.to_slack(message))
        return message

    def rewrite(self, message: Message, text: str, blocks: list[Block]) -> None:
        """Replace what a message says."""
        before, stamp = self.to_slack(message), self._identifiers.stamp()
        message.text, message.blocks, message.edited_ts = text, blocks, stamp
        self._tell(message, "message_changed")
        if (channel := self._heard_in(message)) is not None:
            now = self.to_slack(message)
            self._subscriptions.changed(channel.id, channel.family, now, before, stamp)

    def touch(self, message: Message) -> None:
        """Show a message again after something about it changed."""
        self._tell(message, "message_changed")

    def remove(self, message: Message) -> None:
        """Take a message away."""
        before, channel = self.to_slack(message), self.get(message.channel)
        channel.drop(message)
        event = {"type": "message_deleted", "channel": message.channel, "ts": message.ts}
        self._feeds.tell(self._audience(message), event)
        if self._heard_in(message) is not None:
            self._subscriptions.deleted(channel.id, channel.family, before, self._identifiers.stamp())

    def visible(self, person: Person, channel_id: str, ts: str) -> Message:
        """Give a message this person can see; raises DeskError."""
        channel = self._channels.get(channel_id)
        if channel is None or person.id not in channel.members:
            raise DeskError(f"{person.name} is not in a channel {channel_id}.")
        message = channel.messages.get(ts) or channel.asides.get(ts)
        if message is None or message.seen_by not in (None, person.id):
            raise DeskError(f"{person.name} sees no message {ts} in {channel.name}; it may be deleted.")
        return message

    def to_slack(self, message: Message, *, with_metadata: bool = False) -> dict[str, Any]:
        """Give the message object of Slack's API."""
        parts: dict[str, Any] = {
            "type": "message",
            "user": message.user,
            "team": HOME_TEAM.id,
            "text": message.text,
            "ts": message.ts,
        }
        if message.by_app:
            parts |= {"bot_id": APP.bot_id, "app_id": APP.app_id}
            parts["bot_profile"] = {"id": APP.bot_id, "app_id": APP.app_id, "name": self._app_name}
        if message.blocks:
            parts["blocks"] = as_kept(message.blocks)
        if message.files:
            parts["files"] = [{"id": file_id} for file_id in message.files]
        if message.thread_ts:
            parts["thread_ts"] = message.thread_ts
        if message.edited_ts:
            parts["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.reactions:
            parts["reactions"] = [
                {"name": name, "users": users, "count": len(users)}
                for name, users in message.reactions.items()
            ]
        if with_metadata and message.metadata:
            parts["metadata"] = message.metadata
        if replies := self.get(message.channel).replies(message.ts):
            parts |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        return parts

    def page_of(self, channel: Channel) -> Event:
        """Give a channel as the page shows it, with what was said there for everybody."""
        said = [self.to_page(message) for message in channel.messages.values()]
        return {**channel.to_page(), "messages": said}

    def to_page(self, message: Message) -> Event:
        """Give a message as the page shows it."""
        names = {person.id: person.name for person in PEOPLE}
        return {
            "ts": message.ts,
            "channel": message.channel,
            "user": message.user,
            "username": names.get(message.user, self._app_name),
            "text": message.text,
            "blocks": self._files.with_addresses(message.blocks),
            "thread_ts": message.thread_ts,
            "edited": message.edited_ts is not None,
            "ephemeral": message.seen_by is not None,
            "files": [self._files.get(file_id).to_page() for file_id in message.files],
            "reactions": {name: list(users) for name, users in message.reactions.items()},
            "bot": message.by_app,
        }

    def _heard_in(self, message: Message) -> Channel | None:
        """Give the conversation of a message that the app hears of: it is there, and all of them see it."""
        channel = self.get(message.channel)
        return channel if APP.user_id in channel.members and message.seen_by is None else None

    def _tell_of(self, channel: Channel, persons: set[str]) -> None:
        self._feeds.tell(persons, {"type": "channel", "channel": channel.id, "is": self.page_of(channel)})

    def _audience(self, message: Message) -> set[str]:
        return {message.seen_by} if message.seen_by else self.get(message.channel).members

    def _tell(self, message: Message, kind: str) -> None:
        event = {"type": kind, "channel": message.channel, "message": self.to_page(message)}
        self._feeds.tell(self._audience(message), event)
