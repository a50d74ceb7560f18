"""A connection that breaks as a network breaks it, or goes deaf: what ASGI has no word for.

uvicorn hands an application the bound method of its own protocol object, and that knows the transport.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_HELD_BY = "practice.protocol"


class Breakable:
    """Wraps an application so that it can reach the connections that it serves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, with the protocol noted in the scope."""
        scope[_HELD_BY] = getattr(send, "__self__", None)
        await self._app(scope, receive, send)


def cut(scope: Scope) -> None:
    """Close a connection at once: no answer, no close frame."""
    _protocol(scope).transport.abort()


def deafen(scope: Scope) -> None:
    """Let a websocket stay up and be deaf: nothing is read, so no ping is answered, and none is sent."""
    protocol = _protocol(scope)
    protocol.stop_keepalive()
    protocol.transport.pause_reading()


def _protocol(scope: Scope) -> Any:
    return scope[_HELD_BY]


class HungUp(Response):
    """An answer that never comes: the connection closes without a word."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._scope = request.scope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut, and wait until the server has noticed."""
        cut(self._scope)
        while (await receive())["type"] != "http.disconnect":
            pass
