"""A small HTTP load generator: ready-made requests over kept connections, times by the monotonic clock."""

import asyncio
import hmac
import itertools
import re
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, cast
from urllib.parse import urlencode

import uvicorn

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
SIGNING_SECRET = "benchmark-signing-secret"
USERS = 16


@dataclass(frozen=True, slots=True)
class Latencies:
    """Times from request to whole reply, in seconds."""

    seconds: tuple[float, ...]

    @property
    def p50_ms(self) -> float:
        """The median."""
        return quantiles(self.seconds, n=100)[49] * 1000

    @property
    def p99_ms(self) -> float:
        """What one in a hundred exceeds."""
        return quantiles(self.seconds, n=100)[98] * 1000


def commands(count: int, run: str) -> list[bytes]:
    """Signed slash commands, each with its own trigger id, ready for the wire."""
    return [_command(number, run) for number in range(count)]


def _command(number: int, run: str) -> bytes:
    body = urlencode(
        {
            "token": "legacy",
            "team_id": "T0PEAK000",
            "team_domain": "peak",
            "channel_id": "C0OPS0000",
            "channel_name": "trading-ops",
            "user_id": f"U{number % USERS:08d}",
            "user_name": "otto",
            "command": "/peak",
            "text": "status",
            "api_app_id": "A0PEAK000",
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:1/response/none",
            "trigger_id": f"{run}.{number}.0123456789abcdef",
        }
    ).encode()
    timestamp = str(int(time.time()))
    signature = hmac.digest(SIGNING_SECRET.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hex()
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip,deflate\r\n"
        "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\nAccept: application/json,*/*\r\n"
        f"X-Slack-Signature: v0={signature}\r\nX-Slack-Request-Timestamp: {timestamp}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One kept connection; written for little work of its own, since its time counts as the server's."""

    def __init__(self) -> None:
        self._reply = b""
        self._answered: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_open = True

    @classmethod
    async def open(cls, port: int) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(RuntimeError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._reply += data
        head, end, body = self._reply.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if not end or len(body) < (int(found[1]) if found else 0) or self._answered is None:
            return
        self._reply = b""
        if head.startswith(b"HTTP/1.1 200 "):
            self._answered.set_result(None)
        else:
            self._answered.set_exception(RuntimeError(f"the server answered {head[:40]!r}"))

    async def send(self, request: bytes) -> None:
        """Send one request and wait for its whole reply."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def closed_loop(port: int, requests: Sequence[bytes], clients: int) -> Latencies:
    """Each client sends its next request when it has the reply to the one before."""
    return _run(_closed_loop(port, requests, clients))


def _run(load: Coroutine[Any, Any, Latencies]) -> Latencies:
    """Run on the event loop that uvicorn would choose for a server here."""
    with asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto").get_loop_factory()) as runner:
        return runner.run(load)


async def _closed_loop(port: int, requests: Sequence[bytes], clients: int) -> Latencies:
    waiting = iter(requests)
    seconds: list[float] = []

    async def client() -> None:
        connection = await _Connection.open(port)
        for request in waiting:
            began = time.perf_counter()
            await connection.send(request)
            seconds.append(time.perf_counter() - began)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Latencies(tuple(seconds))


def open_loop(port: int, requests: Sequence[bytes], per_s: float) -> Latencies:
    """Requests leave at their time, whether or not others have been answered."""
    return _run(_open_loop(port, requests, per_s))


async def _open_loop(port: int, requests: Sequence[bytes], per_s: float) -> Latencies:
    idle = [await _Connection.open(port) for _ in range(8)]
    seconds: list[float] = []
    start = time.perf_counter() + 0.05

    async def one(request: bytes) -> None:
        connection = None
        while idle and (connection is None or not connection.is_open):
            connection = idle.pop()
        if connection is None or not connection.is_open:
            connection = await _Connection.open(port)
        began = time.perf_counter()
        await connection.send(request)
        seconds.append(time.perf_counter() - began)
        idle.append(connection)

    async with asyncio.TaskGroup() as group:
        for number, request in zip(itertools.count(), requests, strict=False):
            await asyncio.sleep(max(0.0, start + number / per_s - time.perf_counter()))
            group.create_task(one(request))
    for connection in idle:
        connection.close()
    return Latencies(tuple(seconds))
