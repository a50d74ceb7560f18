"""A small HTTP load generator: ready-made requests over kept connections, times by the monotonic clock."""

import asyncio
import hmac
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlencode

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


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, request: bytes) -> None:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, _, rest = head.partition(b"\r\n")
        if b" 200 " not in status:
            raise RuntimeError(f"the server answered {status.decode()}")
        length = next(
            (
                int(line.partition(b":")[2])
                for line in rest.split(b"\r\n")
                if line[:15].lower() == b"content-length:"
            ),
            0,
        )
        if length:
            await self._reader.readexactly(length)

    @property
    def is_open(self) -> bool:
        return not self._reader.at_eof()

    def close(self) -> None:
        self._writer.close()


def closed_loop(port: int, requests: Sequence[bytes], clients: int) -> Latencies:
    """Each client sends its next request when it has the reply to the one before."""
    return asyncio.run(_closed_loop(port, requests, clients))


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
    return asyncio.run(_open_loop(port, requests, per_s))


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
