"""Socket Mode: the app dials in, envelopes go out over its links, acknowledgements come back."""

import asyncio
import json
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.practice.connection import cut, deafen
from bot.practice.delivery import ACK_S, EnvelopeType, Outcome, Reply, Retry
from bot.practice.errors import ApiError
from bot.practice.identifiers import Identifiers
from bot.practice.json_text import read_json
from bot.practice.people import APP

LINKS_MAX = 10
LINK_LIFE_S = 3_600.0
# How long before its end a link is told of it.
LINK_NOTICE_S = 10.0
# How long an envelope that was sent but never acknowledged may still go to another link.
PENDING_S = 60.0
# After so long a real Slack gives up a link that answers nothing.
DEAF_S = 60.0
_TAKES_BODY = {"view_submission", "block_suggestion"}


@dataclass(eq=False, slots=True)
class _Link:
    """One open connection from the app."""

    socket: WebSocket
    is_deaf: bool = False
    is_leaving: bool = False


@dataclass(eq=False, slots=True)
class _Pending:
    """An envelope that waits for its acknowledgement."""

    envelope: dict[str, Any]
    reply: asyncio.Future[Any]
    link: _Link | None = None
    repeats: int = 0


class SocketMode:
    """Gives each envelope to one link; one not acknowledged is sent again, over another if there is."""

    def __init__(
        self,
        identifiers: Identifiers,
        ack_s: float = ACK_S,
        link_life_s: float = LINK_LIFE_S,
        link_notice_s: float = LINK_NOTICE_S,
    ) -> None:
        self._identifiers = identifiers
        self._ack_s = ack_s
        self._link_life_s = link_life_s
        self._link_notice_s = link_notice_s
        self._invitations: set[str] = set()
        self._links: list[_Link] = []
        self._pending: dict[str, _Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def has_links(self) -> bool:
        """Whether the app has dialled in."""
        return bool(self._links)

    @property
    def has_deaf_links(self) -> bool:
        """Whether a link is up and deaf."""
        return any(link.is_deaf for link in self._links)

    def invite(self) -> str:
        """Give the last part of an address that one link may dial once; raises too_many_websockets."""
        if self._is_full():
            raise ApiError("too_many_websockets")
        word = self._identifiers.secret()
        self._invitations.add(word)
        return word

    async def serve(self, socket: WebSocket) -> None:
        """Hold one link from hello to its end."""
        word = socket.path_params["ticket"]
        if word not in self._invitations or self._is_full():
            await socket.close(code=4001)
            return
        self._invitations.discard(word)
        await socket.accept()
        link = _Link(socket)
        self._links.append(link)
        ageing = asyncio.ensure_future(self._grow_old(link))
        try:
            await socket.send_text(json.dumps(self._hello()))
            for pending in [each for each in self._pending.values() if each.link is None]:
                await self._send(pending)
            while (message := await socket.receive())["type"] != "websocket.disconnect":
                if not link.is_deaf:
                    self._acknowledge(message.get("text") or "")
        except (WebSocketDisconnect, OSError):
            # The link broke while it was being greeted; what it had not acknowledged goes elsewhere.
            pass
        finally:
            ageing.cancel()
            await self._lost(link)

    async def deliver(self, kind: EnvelopeType, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Send an envelope over one link and wait for its acknowledgement."""
        if not self._links:
            return Reply(Outcome.FAILED, reason="connection_failed")
        envelope_id = str(uuid.uuid4())
        takes_body = kind is EnvelopeType.COMMAND or payload.get("type") in _TAKES_BODY
        envelope = {
            "envelope_id": envelope_id,
            "type": str(kind),
            "accepts_response_payload": takes_body,
            "payload": payload,
        }
        if retry or kind is EnvelopeType.EVENT:
            envelope |= {"retry_attempt": retry.number if retry else 0}
            envelope |= {"retry_reason": retry.reason.removeprefix("http_") if retry else ""}
        loop = asyncio.get_running_loop()
        pending = _Pending(envelope, loop.create_future(), repeats=retry.number if retry else 0)
        self._pending[envelope_id] = pending
        await self._send(pending)
        try:
            body = await asyncio.wait_for(asyncio.shield(pending.reply), self._ack_s)
        except TimeoutError:
            if kind is EnvelopeType.EVENT:
                self._pending.pop(envelope_id, None)
            else:
                await self._send_again(pending, "timeout")
                loop.call_later(PENDING_S, self._pending.pop, envelope_id, None)
            return Reply(Outcome.TIMED_OUT, reason="http_timeout")
        return Reply(Outcome.ACKNOWLEDGED, body if takes_body else None)

    async def cut_links(self, *, hard: bool) -> None:
        """Close every link, with a close frame or without."""
        for link in list(self._links):
            if hard:
                cut(link.socket.scope)
            else:
                with suppress(RuntimeError, WebSocketDisconnect):
                    await link.socket.close(code=1001)

    def deafen_links(self, *, pings: bool) -> None:
        """Let every link stay up and carry nothing; with ``pings`` the keep-alive goes on."""
        for link in self._links:
            link.is_deaf = True
            if not pings:
                deafen(link.socket.scope)
            asyncio.get_running_loop().call_later(DEAF_S, self._give_up, link)

    def refresh_links(self) -> None:
        """Ask the app to dial every link anew."""
        for link in self._links:
            self._start(link)

    def mend(self) -> None:
        """Cut the links that are deaf: whoever dials again is heard."""
        for link in [each for each in self._links if each.is_deaf]:
            self._give_up(link)

    async def close(self) -> None:
        """Tell every link to go and close it."""
        for task in self._tasks:
            task.cancel()
        await self.cut_links(hard=False)

    def _is_full(self) -> bool:
        return len([link for link in self._links if not link.is_deaf]) >= LINKS_MAX

    def _give_up(self, link: _Link) -> None:
        if link in self._links:
            link.is_deaf, link.is_leaving = False, True
            cut(link.socket.scope)

    def _start(self, link: _Link) -> None:
        task = asyncio.get_running_loop().create_task(self._replace(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _grow_old(self, link: _Link) -> None:
        await asyncio.sleep(self._link_life_s)
        await self._replace(link)

    async def _replace(self, link: _Link) -> None:
        link.is_leaving = True
        with suppress(RuntimeError, OSError, WebSocketDisconnect):
            for reason in ("warning", "refresh_requested"):
                said = {"type": "disconnect", "reason": reason, "debug_info": {"host": "practice"}}
                await link.socket.send_text(json.dumps(said))
            await asyncio.sleep(self._link_notice_s)
            await link.socket.close(code=1000)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "connection_info": {"app_id": APP.app_id},
            "debug_info": {
                "host": "practice",
                "build_number": 1,
                "approximate_connection_time": round(self._link_life_s),
            },
        }

    def _next_link(self) -> _Link | None:
        """Give the link whose turn it is; one that is deaf or leaving only if there is no other."""
        sound = [link for link in self._links if not link.is_deaf and not link.is_leaving]
        link = next(iter(sound or self._links), None)
        if link is not None:
            self._links.remove(link)
            self._links.append(link)
        return link

    async def _send(self, pending: _Pending) -> None:
        link = self._next_link()
        pending.link = link
        if link is None or link.is_deaf:
            return
        try:
            await link.socket.send_text(json.dumps(pending.envelope))
        except (RuntimeError, OSError, WebSocketDisconnect):
            # The link is gone; its own reader notices too, and whoever is first sends again.
            await self._lost(link)

    async def _send_again(self, pending: _Pending, reason: str) -> None:
        pending.repeats += 1
        pending.envelope |= {"retry_attempt": pending.repeats, "retry_reason": reason}
        await self._send(pending)

    async def _lost(self, link: _Link) -> None:
        if link not in self._links:
            return
        self._links.remove(link)
        for pending in [each for each in self._pending.values() if each.link is link]:
            await self._send_again(pending, "connection_failed")

    def _acknowledge(self, frame: str) -> None:
        try:
            answer = read_json(frame)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        pending = self._pending.pop(str(answer.get("envelope_id")), None)
        if pending and not pending.reply.done():
            pending.reply.set_result(answer.get("payload"))
