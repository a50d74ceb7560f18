"""Socket Mode: the app dials in, envelopes go out over its links, acknowledgements come back."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.practice.delivery import ACK_S, EnvelopeType, Outcome, Reply, Retry
from bot.practice.errors import ApiError
from bot.practice.identifiers import Identifiers
from bot.practice.people import APP

LINKS_MAX = 10
LINK_LIFE_S = 3_600
# How long an envelope that was sent but never acknowledged may still go to another link.
PENDING_S = 60.0
_TAKES_BODY = {"view_submission", "block_suggestion"}


@dataclass(eq=False, slots=True)
class _Link:
    """One open connection from the app."""

    socket: WebSocket


@dataclass(eq=False, slots=True)
class _Pending:
    """An envelope that waits for its acknowledgement."""

    envelope: dict[str, Any]
    reply: asyncio.Future[Any]
    link: _Link | None = None
    repeats: int = 0


class SocketMode:
    """Gives each envelope to one link; one whose link went away unacknowledged goes to another."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._invitations: set[str] = set()
        self._links: list[_Link] = []
        self._pending: dict[str, _Pending] = {}

    def invite(self) -> str:
        """Give the last part of an address that one link may dial once; raises too_many_websockets."""
        if len(self._links) >= LINKS_MAX:
            raise ApiError("too_many_websockets")
        word = self._identifiers.secret()
        self._invitations.add(word)
        return word

    async def serve(self, socket: WebSocket) -> None:
        """Hold one link from hello to its end."""
        word = socket.path_params["ticket"]
        if word not in self._invitations or len(self._links) >= LINKS_MAX:
            await socket.close(code=4001)
            return
        self._invitations.discard(word)
        await socket.accept()
        link = _Link(socket)
        self._links.append(link)
        try:
            await socket.send_text(json.dumps(self._hello()))
            for pending in [each for each in self._pending.values() if each.link is None]:
                await self._send(pending)
            while (message := await socket.receive())["type"] != "websocket.disconnect":
                self._acknowledge(message.get("text") or "")
        except (WebSocketDisconnect, OSError):
            # The link broke while it was being greeted; what it had not acknowledged goes elsewhere.
            pass
        finally:
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
        if kind is EnvelopeType.EVENT:
            envelope |= {"retry_attempt": retry.number if retry else 0}
            envelope |= {"retry_reason": retry.reason.removeprefix("http_") if retry else ""}
        loop = asyncio.get_running_loop()
        pending = _Pending(envelope, loop.create_future())
        self._pending[envelope_id] = pending
        await self._send(pending)
        try:
            body = await asyncio.wait_for(asyncio.shield(pending.reply), ACK_S)
        except TimeoutError:
            if kind is EnvelopeType.EVENT:
                self._pending.pop(envelope_id, None)
            else:
                loop.call_later(PENDING_S, self._pending.pop, envelope_id, None)
            return Reply(Outcome.TIMED_OUT, reason="http_timeout")
        return Reply(Outcome.ACKNOWLEDGED, body if takes_body else None)

    async def close(self) -> None:
        """Tell every link to go and close it."""
        for link in list(self._links):
            await link.socket.close(code=1001)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "connection_info": {"app_id": APP.app_id},
            "debug_info": {
                "host": "practice",
                "build_number": 1,
                "approximate_connection_time": LINK_LIFE_S,
            },
        }

    async def _send(self, pending: _Pending) -> None:
        if not self._links:
            pending.link = None
            return
        # The link that was served last stands last, so the links take turns.
        link = self._links.pop(0)
        self._links.append(link)
        pending.link = link
        try:
            await link.socket.send_text(json.dumps(pending.envelope))
        except (RuntimeError, OSError, WebSocketDisconnect):
            # The link is gone; its own reader notices too, and whoever is first sends again.
            await self._lost(link)

    async def _lost(self, link: _Link) -> None:
        if link not in self._links:
            return
        self._links.remove(link)
        for pending in [each for each in self._pending.values() if each.link is link]:
            pending.repeats += 1
            if pending.envelope["type"] == EnvelopeType.EVENT:
                pending.envelope |= {"retry_attempt": pending.repeats, "retry_reason": "connection_failed"}
            await self._send(pending)

    def _acknowledge(self, frame: str) -> None:
        try:
            answer = json.loads(frame)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        pending = self._pending.pop(str(answer.get("envelope_id")), None)
        if pending and not pending.reply.done():
            pending.reply.set_result(answer.get("payload"))
