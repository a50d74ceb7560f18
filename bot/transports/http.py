"""The HTTP side: Slack's requests in one mode, health and figures in both."""

import asyncio
import json
import logging
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock, Thread
from time import monotonic
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.errors import BotError
from bot.ingress import Answer, Ingress, Reply, Source
from bot.metrics import CONTENT_TYPE, Metrics
from bot.transports.arrivals import Arrivals
from bot.transports.signature import Signatures

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 1_000_000
FIELDS_MAX = 100
BACKLOG = 512
# Slack gives up after as long; whoever has not sent a whole request by then is not Slack.
ARRIVES_WITHIN_S = 3.0
ARRIVING_MAX = 256
START_TIMEOUT_S = 5.0
# Each reply is handed from thread to thread; Python's 5 ms before a busy one must give way is too long.
HAND_OVER_S = 0.0005
SLACK_PATH = "/slack/events"
FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"

# A check gives None when all is well, else the sentence that says what is not.
Check = Callable[[], str | None]


class AddressTaken(BotError):
    """The bot cannot listen on {address}: {reason}. Set PEAK_OPS_LISTEN to another host:port."""

    exit_code = 2
    address: str
    reason: str


class _Unreadable(Exception):
    """The body is not what its content type says."""


class SlackEndpoint:
    """`POST /slack/events`: verified, parsed, handed to the ingress, answered when that says so.

    An ASGI application of its own: every reply of Slack's waits for it, so nothing stands around it.
    """

    def __init__(
        self, ingress: Ingress, signing_secret: str, clock: Callable[[], datetime], metrics: Metrics
    ) -> None:
        self._ingress = ingress
        self._signatures = Signatures(signing_secret, clock)
        self._metrics = metrics
        self._crossing = Crossing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing of its body is ever logged."""
        status, answer = await self._answer(scope, receive)
        headers = [(b"content-length", str(len(answer)).encode())]
        if answer:
            headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return self._refuse(405, "method")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind not in (FORM, JSON):
            return self._refuse(415, "content_type")
        body = await _body(headers.get(b"content-length", b"0"), receive)
        if body is None:
            return self._refuse(413, "too_large")
        signature = headers.get(b"x-slack-signature", b"").decode("latin-1")
        timestamp = headers.get(b"x-slack-request-timestamp", b"").decode("latin-1")
        if refusal := self._signatures.refusal(timestamp, signature, body):
            return self._refuse(401, refusal.value)
        try:
            source, payload = _form(body) if kind == FORM else _event(body)
        except _Unreadable:
            return self._refuse(400, "unreadable")
        if source is None:
            return _encoded(Reply(200, payload))
        waiting, answer = self._crossing.expected()
        self._ingress.receive(source, payload, answer)
        reply = await waiting
        if reply.status >= 500:
            self._signatures.forget(signature)
        return _encoded(reply)

    def _refuse(self, status: int, why: str) -> tuple[int, bytes]:
        self._metrics.refused.labels(why).inc()
        log.warning("http: a request to %s was refused: %s", SLACK_PATH, why)
        return status, b""


class Crossing:
    """Brings replies from other threads into the event loop; those that come together cross together."""

    def __init__(self) -> None:
        self._ready: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._called = False
        self._lock = Lock()

    def expected(self) -> "tuple[asyncio.Future[Reply], Answer]":
        """A reply to be awaited, and the way to give it from any thread."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Reply] = loop.create_future()
        return waiting, lambda reply: self._arrived(loop, waiting, reply)

    def _arrived(
        self, loop: asyncio.AbstractEventLoop, waiting: "asyncio.Future[Reply]", reply: Reply
    ) -> None:
        self._ready.append((waiting, reply))
        with self._lock:
            called, self._called = self._called, True
        if not called:
            loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            self._called = False
        while self._ready:
            waiting, reply = self._ready.popleft()
            if not waiting.done():
                waiting.set_result(reply)


class HttpServer:
    """Serves on a thread of its own; without an endpoint only health and figures."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        metrics: Metrics,
        checks: Mapping[str, Check],
        endpoint: SlackEndpoint | None = None,
        arriving_max: int = ARRIVING_MAX,
        arrives_within_s: float = ARRIVES_WITHIN_S,
    ) -> None:
        """At most `arriving_max` requests may be on their way, each for `arrives_within_s`."""
        self._checks = dict(checks)
        self._metrics = metrics
        self._socket = listener
        self._pages = Starlette(routes=[Route("/healthz", self._healthz), Route("/metrics", self._figures)])
        self._endpoint = endpoint
        arrivals = Arrivals(arriving_max, arrives_within_s)
        config = uvicorn.Config(
            self._route,
            http=cast(type[asyncio.Protocol], arrivals.protocol),
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=3,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that was given, or found when none was."""
        port: int = self._socket.getsockname()[1]
        return port

    def start(self) -> None:
        """Serve; returns once requests are taken."""
        sys.setswitchinterval(HAND_OVER_S)
        self._thread.start()
        deadline = monotonic() + START_TIMEOUT_S
        while not self._server.started and self._thread.is_alive() and monotonic() < deadline:
            self._thread.join(0.005)

    def stop(self, timeout_s: float = 5) -> None:
        """Finish what is being answered, then end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._socket.close()

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._endpoint is not None and scope["type"] == "http" and scope["path"] == SLACK_PATH:
            await self._endpoint(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    async def _healthz(self, _: Request) -> Response:
        found = await run_in_threadpool(self._examine)
        failing = [sentence for sentence in found.values() if sentence != "ok"]
        document = {"status": "failing" if failing else "ok", "checks": found}
        return JSONResponse(document, status_code=503 if failing else 200)

    def _examine(self) -> dict[str, str]:
        found = {}
        for name, check in self._checks.items():
            try:
                found[name] = check() or "ok"
            except Exception as error:
                log.exception("http: the check %s failed", name)
                found[name] = f"the check itself failed: {type(error).__name__}"
        return found

    async def _figures(self, _: Request) -> Response:
        return Response(await run_in_threadpool(self._metrics.text), media_type=CONTENT_TYPE)


async def _body(announced: bytes, receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is known to be too large or will not come."""
    if not announced.isdigit() or int(announced) > BODY_BYTES_MAX:
        return None
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        more = message.get("more_body", False)
    return bytes(body)


def _form(body: bytes) -> tuple[Source | None, Any]:
    try:
        pairs = body.decode().split("&")
        if len(pairs) > FIELDS_MAX:
            raise _Unreadable
        fields = {}
        for pair in pairs:
            name, _, value = pair.partition("=")
            fields[name] = _unquoted(value) if "%" in value or "+" in value else value
    except UnicodeDecodeError as error:
        raise _Unreadable from error
    if "payload" in fields:
        return Source.INTERACTION, _json(fields["payload"])
    if "command" in fields:
        return Source.COMMAND, fields
    if "ssl_check" in fields:
        return None, None
    raise _Unreadable


def _unquoted(value: str) -> str:
    # `unquote_plus` does the same, after taking apart what is ASCII and what is not.
    return unquote_to_bytes(value.replace("+", " ")).decode()


def _event(body: bytes) -> tuple[Source | None, Any]:
    payload = _json(body)
    if payload.get("type") == "url_verification":
        return None, {"challenge": str(payload.get("challenge", ""))}
    return Source.EVENT, payload


def _json(text: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Unreadable from error
    if not isinstance(value, dict):
        raise _Unreadable
    return value


def _encoded(reply: Reply) -> tuple[int, bytes]:
    return reply.status, b"" if reply.body is None else json.dumps(dict(reply.body)).encode()


def listen_on(host: str, port: int) -> socket.socket:
    """Take the address, before anything else runs; raises AddressTaken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(address=f"{host}:{port}", reason=error.strerror or str(error)) from error
    return listener
