"""chat.* and reactions.add: the app speaks."""

import json
from typing import Any

from bot.practice.blocks import Block
from bot.practice.channels import Channel, Channels, Message
from bot.practice.content import message_blocks, message_text, update_text
from bot.practice.errors import ApiError
from bot.practice.files import Files
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method
from bot.practice.people import APP
from bot.practice.rates import Tier
from bot.practice.staff import Staff

# Slack names the error but no figure.
METADATA_BYTES_MAX = 16_000


class ChatMethods:
    """Posts, rewrites and removes the app's messages."""

    def __init__(self, channels: Channels, files: Files, staff: Staff) -> None:
        self._channels = channels
        self._staff = staff
        self._files = files

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        return {
            "chat.postMessage": Method(self._post, None, ("chat:write",)),
            "chat.postEphemeral": Method(self._whisper, Tier.FOUR, ("chat:write",)),
            "chat.update": Method(self._update, Tier.THREE, ("chat:write",)),
            "chat.delete": Method(self._delete, Tier.THREE, ("chat:write",)),
            "reactions.add": Method(self._react, Tier.THREE, ("reactions:write",)),
        }

    def _post(self, arguments: Arguments) -> Body:
        channel = self._writable(arguments.need("channel"))
        text, blocks = self._said(arguments)
        message = self._channels.say(
            channel,
            APP.user_id,
            text,
            blocks=blocks,
            thread_ts=_thread_in(channel, arguments.text("thread_ts")),
            metadata=_metadata(arguments),
        )
        return {"channel": channel.id, "ts": message.ts, "message": self._channels.to_slack(message)}

    def _whisper(self, arguments: Arguments) -> Body:
        channel = self._writable(arguments.need("channel"))
        person = arguments.need("user")
        if person not in channel.members or not self._staff.is_active(person):
            raise ApiError("user_not_in_channel")
        text, blocks = self._said(arguments)
        thread_ts = _thread_in(channel, arguments.text("thread_ts"))
        message = self._channels.say(
            channel, APP.user_id, text, blocks=blocks, thread_ts=thread_ts, seen_by=person
        )
        return {"message_ts": message.ts}

    def _update(self, arguments: Arguments) -> Body:
        channel, message = self._own(arguments, "cant_update_message")
        if not any(arguments.has(part) for part in ("text", "blocks", "metadata")):
            raise ApiError("no_text")
        text = update_text(arguments.text("text", message.text))
        given = arguments.json("blocks")
        if given is None:  # blocks stay only where no text replaces them
            blocks = [] if arguments.has("text") else message.blocks
        else:
            blocks = message_blocks(given, self._files) if given else []
        if not text and not blocks:
            raise ApiError("no_text")
        if arguments.has("metadata"):
            message.metadata = _metadata(arguments)
        self._channels.rewrite(message, text, blocks)
        return {
            "channel": channel.id,
            "ts": message.ts,
            "text": text,
            "message": self._channels.to_slack(message),
        }

    def _delete(self, arguments: Arguments) -> Body:
        channel, message = self._own(arguments, "cant_delete_message")
        self._channels.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _react(self, arguments: Arguments) -> Body:
        channel = self._writable(arguments.need("channel"))
        message = channel.messages.get(arguments.need("timestamp"))
        if message is None:
            raise ApiError("message_not_found")
        users = message.reactions.setdefault(arguments.need("name"), [])
        if APP.user_id in users:
            raise ApiError("already_reacted")
        users.append(APP.user_id)
        self._channels.touch(message)
        return {}

    def _writable(self, channel_id: str) -> Channel:
        # A person's id stands for the direct messages with that person.
        person = self._staff.find(channel_id)
        return self._channels.for_app(person.dm if person else channel_id, writing=True)

    def _own(self, arguments: Arguments, refusal: str) -> tuple[Channel, Message]:
        channel = self._channels.for_app(arguments.need("channel"), writing=True)
        message = channel.messages.get(arguments.need("ts"))
        if message is None:
            raise ApiError("message_not_found")
        if not message.by_app:
            raise ApiError(refusal)
        return channel, message

    def _said(self, arguments: Arguments) -> tuple[str, list[Block]]:
        text = message_text(arguments.text("text"))
        given = arguments.json("blocks")
        blocks = message_blocks(given, self._files) if given else []
        if not text and not blocks:
            raise ApiError("no_text")
        return text, blocks


def _thread_in(channel: Channel, thread_ts: str) -> str | None:
    if not thread_ts:
        return None
    root_ts = channel.root_of(thread_ts)
    if root_ts is None:
        raise ApiError("thread_not_found")
    return root_ts


def _metadata(arguments: Arguments) -> dict[str, Any] | None:
    metadata = arguments.json("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str):
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata["event_payload"]).encode()) > METADATA_BYTES_MAX:
        raise ApiError("metadata_too_large")
    return metadata
