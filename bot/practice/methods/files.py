"""files.*: the three steps of an upload, and the look afterwards."""

from functools import partial

from bot.practice.channels import Channel, Channels
from bot.practice.errors import ApiError
from bot.practice.files import FILE_BYTES_MAX, File, Files
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Body, Method
from bot.practice.people import APP
from bot.practice.rates import Tier

ALT_TEXT_MAX = 1_000


class FileMethods:
    """Announces and completes uploads; shares follow later, as at Slack."""

    def __init__(self, files: Files, channels: Channels) -> None:
        self._files = files
        self._channels = channels

    def table(self) -> dict[str, Method]:
        """Give the methods by name."""
        return {
            "files.getUploadURLExternal": Method(self._announce, Tier.FOUR, ("files:write",)),
            "files.completeUploadExternal": Method(self._complete, Tier.FOUR, ("files:write",)),
            "files.info": Method(self._info, Tier.FOUR, ("files:read",)),
        }

    def _announce(self, arguments: Arguments) -> Body:
        length = arguments.number("length", 0)
        if not 0 < length <= FILE_BYTES_MAX:
            raise ApiError("invalid_arguments", [f"length must be 1 to {FILE_BYTES_MAX}"])
        alt = arguments.text("alt_txt")
        if len(alt) > ALT_TEXT_MAX:
            raise ApiError("alt_txt_too_large")
        file = self._files.announce(arguments.need("filename"), length, alt)
        return {"upload_url": f"{arguments.base_url}/upload/{file.upload_word}", "file_id": file.id}

    def _complete(self, arguments: Arguments) -> Body:
        listed = arguments.json("files")
        if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
            raise ApiError("invalid_arguments", ["missing required field: files"])
        files = [(self._files.get(str(each.get("id"))), str(each.get("title") or "")) for each in listed]
        wanted = arguments.text("channel_id") or arguments.text("channels")
        channel = self._channels.for_app(wanted, writing=True) if wanted else None
        thread_ts = channel.root_of(arguments.text("thread_ts")) if channel else None
        comment = arguments.text("initial_comment")
        for position, (file, title) in enumerate(files):
            text = comment if position == 0 else ""
            self._files.complete(file, title, partial(self._share, file, channel, text, thread_ts))
        return {"files": [file.to_slack(arguments.base_url, APP.user_id) for file, _ in files]}

    def _share(self, file: File, channel: Channel | None, text: str, thread_ts: str | None) -> None:
        if channel is None:
            return
        message = self._channels.say(channel, APP.user_id, text, files=[file.id], thread_ts=thread_ts)
        file.shares[channel.id] = [{"ts": message.ts, "channel_name": channel.name}]

    def _info(self, arguments: Arguments) -> Body:
        file = self._files.get(arguments.need("file"))
        return {"file": file.to_slack(arguments.base_url, APP.user_id), "comments": []}
