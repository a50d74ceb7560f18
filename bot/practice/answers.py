"""response_url: answers to a command or a press, for half an hour and five times."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.practice.channels import Channel, Channels, Message
from bot.practice.content import message_blocks, message_text
from bot.practice.errors import ApiError
from bot.practice.files import Files
from bot.practice.json_text import read_json
from bot.practice.people import APP
from bot.practice.tickets import ResponseAddress, Tickets


class Answers:
    """Answers ``/response/<word>``."""

    def __init__(self, channels: Channels, tickets: Tickets, files: Files) -> None:
        self._channels = channels
        self._tickets = tickets
        self._files = files

    async def answer(self, request: Request) -> Response:
        """Take one answer; a bad or used-up address gets 404, as at Slack."""
        try:
            body = read_json(await request.body())
            if not isinstance(body, dict):
                raise ValueError
        except ValueError:
            return PlainTextResponse("invalid_payload", status_code=400)
        try:
            address = self._tickets.answer_at(request.path_params["word"])
            self._take(address, body)
        except ApiError as error:
            code = 404 if error.error in ("used_url", "expired_url") else 400
            return JSONResponse(error.as_reply(), status_code=code)
        return PlainTextResponse("ok")

    def _take(self, address: ResponseAddress, body: dict[str, Any]) -> None:
        channel = self._channels.get(address.channel)
        original = self._original(channel, address)
        if body.get("delete_original"):
            if original is not None:
                self._channels.remove(original)
            return
        text = message_text(str(body.get("text") or ""))
        blocks = message_blocks(body["blocks"], self._files) if body.get("blocks") else []
        if not text and not blocks:
            raise ApiError("no_text")
        if body.get("replace_original") and original is not None:
            self._channels.rewrite(original, text, blocks)
            return
        seen_by = None if body.get("response_type") == "in_channel" else address.person
        thread_ts = channel.root_of(str(body.get("thread_ts") or address.thread_ts))
        self._channels.say(channel, APP.user_id, text, blocks=blocks, seen_by=seen_by, thread_ts=thread_ts)

    def _original(self, channel: Channel, address: ResponseAddress) -> Message | None:
        if address.message_ts is None:
            return None
        return channel.messages.get(address.message_ts) or channel.asides.get(address.message_ts)
