"""A way to Slack on which things go wrong when a test says so, in front of the practice workspace."""

import http.client
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

# A fault gets the handler and what the workspace would be asked; it answers in the workspace's place.
Fault = Callable[["_Handler", Callable[[], None]], None]


@dataclass
class Line:
    """What was asked, in order, and what is to go wrong next, by method."""

    upstream: str
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    url: str = ""

    def methods(self) -> list[str]:
        """The methods asked for so far."""
        return [method for method, _ in self.asked]

    def fails(self, method: str, *faults: Fault, channel: str = "") -> None:
        """Let the next calls of a method (for a channel) go wrong, one after the other."""
        self.faults[f"{method} {channel}".strip()].extend(faults)


def rate_limited(after_s: int) -> Fault:
    """429 with Retry-After."""

    def fault(handler: "_Handler", _: Callable[[], None]) -> None:
        handler.answer(429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": str(after_s)})

    return fault


def refused(error: str) -> Fault:
    """Slack's way of saying no: 200 and ok false."""

    def fault(handler: "_Handler", _: Callable[[], None]) -> None:
        handler.answer(200, f'{{"ok":false,"error":"{error}"}}'.encode(), {})

    return fault


def lost_after_doing(handler: "_Handler", forward: Callable[[], None]) -> None:
    """The call does its work, and the answer never comes."""
    forward()
    handler.hang_up()


def unreachable(handler: "_Handler", _: Callable[[], None]) -> None:
    """The connection breaks before anything is done."""
    handler.hang_up()


def in_trouble(handler: "_Handler", _: Callable[[], None]) -> None:
    """A page of HTML with status 503."""
    handler.answer(503, b"<html>upstream connect error</html>", {"Content-Type": "text/html"})


def held(gate: Callable[[], None]) -> Fault:
    """The call waits at a gate, then goes on."""

    def fault(handler: "_Handler", forward: Callable[[], None]) -> None:
        gate()
        forward()
        handler.pass_on()

    return fault


class _Handler(BaseHTTPRequestHandler):
    line: Line

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        method = self.path.removeprefix("/api/").lstrip("/")
        given = _given(self.headers.get("Content-Type") or "", body.decode("utf-8", "replace"))
        self.line.asked.append((method, given))
        self._upstream: tuple[int, dict[str, str], bytes] = (502, {}, b"")

        def forward() -> None:
            self._upstream = self._forwarded(body)

        waiting = self.line.faults[f"{method} {given.get('channel')}"] or self.line.faults[method]
        if waiting:
            waiting.popleft()(self, forward)
            return
        forward()
        self.pass_on()

    def do_GET(self) -> None:
        self.do_POST()

    def pass_on(self) -> None:
        """Give the workspace's own answer."""
        status, headers, body = self._upstream
        self.answer(status, body, headers)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Answer the caller."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """Close without a word."""
        self.close_connection = True
        self.connection.close()

    def _forwarded(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = urlsplit(self.line.upstream)
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=10)
        kept = ("content-type", "authorization")
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        content_type = response.getheader("Content-Type") or "application/json"
        connection.close()
        return response.status, {"Content-Type": content_type}, answer

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


def _given(content_type: str, body: str) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        return dict(json.loads(body))
    return {name: values[0] for name, values in parse_qs(body).items()}


@contextmanager
def faulty_line(upstream: str) -> Iterator[Line]:
    """A line to the workspace at this URL; give `line.url` + "/api/" to a client."""
    line = Line(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"line": line}))
    server.daemon_threads = True
    line.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield line
    server.shutdown()
    server.server_close()
