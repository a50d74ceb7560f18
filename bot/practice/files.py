"""Files: announced, uploaded, completed, and only some time later shared."""

import asyncio
import copy
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.practice.blocks import Block, pictures_of
from bot.practice.errors import ApiError
from bot.practice.faults import UPLOADS, Faults
from bot.practice.identifiers import Identifiers

SHARE_DELAY_S = 1.0
FILE_BYTES_MAX = 50_000_000


@dataclass(slots=True)
class File:
    """A file of the workspace; ``ready`` once Slack would show it in an image block."""

    id: str
    name: str
    length: int
    alt: str
    upload_word: str
    created: int
    title: str = ""
    content: bytes | None = None
    completed: bool = False
    ready: bool = False
    shares: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        """The media type that the name suggests."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def to_slack(self, base_url: str, user: str) -> dict[str, Any]:
        """Give the file object of Slack's API; of what kind it is stands there only once it is ready."""
        address = f"{base_url}/files/{self.id}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "alt_txt": self.alt,
            "mimetype": self.media_type if self.ready else "",
            "filetype": self.name.rpartition(".")[2] if self.ready else "",
            "size": len(self.content or b""),
            "user": user,
            "mode": "hosted",
            "is_external": False,
            "url_private": address,
            "url_private_download": address,
            "channels": list(self.shares),
            "shares": {"public": self.shares} if self.shares else {},
        }

    def to_page(self) -> dict[str, str]:
        """Give what the web page needs to show the file."""
        return {"id": self.id, "url": f"/files/{self.id}", "title": self.title or self.name, "alt": self.alt}


class Files:
    """All files, by id and by upload address."""

    def __init__(
        self, identifiers: Identifiers, faults: Faults, share_delay_s: float = SHARE_DELAY_S
    ) -> None:
        self._faults = faults
        self._identifiers = identifiers
        self._share_delay_s = share_delay_s
        self._files: dict[str, File] = {}
        self._waiting: set[asyncio.TimerHandle] = set()

    def announce(self, name: str, length: int, alt: str) -> File:
        """Make room for a file that will be uploaded."""
        created = int(float(self._identifiers.stamp()))
        file = File(self._identifiers.of("F"), name, length, alt, self._identifiers.secret(), created)
        self._files[file.id] = file
        return file

    def receive(self, upload_word: str, content: bytes) -> bool:
        """Take the bytes of an announced file; False if nobody announced it or the length differs."""
        for file in self._files.values():
            if file.upload_word == upload_word and file.content is None and len(content) == file.length:
                file.content = content
                return True
        return False

    def get(self, file_id: str) -> File:
        """Give a file; raises file_not_found."""
        if file_id not in self._files:
            raise ApiError("file_not_found")
        return self._files[file_id]

    def complete(self, file: File, title: str, then: Callable[[], None]) -> None:
        """Finish an upload; the file becomes ready, and ``then`` is called, a moment later."""
        if file.content is None:
            raise ApiError("file_not_found")
        if file.completed:
            raise ApiError("file_update_failed")
        file.title, file.completed = title, True
        if self._faults.take(UPLOADS):
            return

        def share() -> None:
            self._waiting.discard(timer)
            file.ready = True
            then()

        timer = asyncio.get_running_loop().call_later(self._share_delay_s, share)
        self._waiting.add(timer)

    def check_images(self, blocks: list[Block], at: str) -> list[str]:
        """Say which pictures name a file that is not there or not ready."""
        complaints = []
        for index, block in enumerate(blocks):
            for picture, place in pictures_of(block):
                file = self._named(picture)
                if "slack_file" in picture and (file is None or not file.ready):
                    complaints.append(f"invalid slack file [json-pointer:{at}/{index}{place}/slack_file]")
        return complaints

    def with_addresses(self, blocks: list[Block]) -> list[Block]:
        """Give blocks in which pictures of the workspace have an address that a browser can load."""
        if not any("slack_file" in picture for block in blocks for picture, _ in pictures_of(block)):
            return blocks
        shown = copy.deepcopy(blocks)
        for picture, _ in (found for block in shown for found in pictures_of(block)):
            if file := self._named(picture):
                picture["image_url"] = f"/files/{file.id}"
        return shown

    def _named(self, picture: Block) -> File | None:
        named = picture.get("slack_file", {})
        return self._files.get(named.get("id") or named.get("url", "").rpartition("/")[2])
