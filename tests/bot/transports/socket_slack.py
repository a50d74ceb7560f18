"""The other end of Socket Mode, without manners: sends what it is told, hangs up as it is told."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.server import Server, ServerConnection, serve

from tests.bot.intake import DEADLINE_S, until


class SocketSlack:
    """Hands out addresses, greets each link, keeps what comes back."""

    def __init__(self) -> None:
        self.links: list[ServerConnection] = []
        self.acknowledged: Queue[dict[str, Any]] = Queue()
        self.refusing = False
        self.greets = True
        self.strangers = 0
        self.server: Server | None = None
        self.api_url = ""

    def greet(self, link: ServerConnection) -> None:
        """Serve one link until it ends."""
        self.links.append(link)
        if self.greets:
            self.says_hello()
        try:
            for frame in link:
                self.acknowledged.put(json.loads(frame))
        except ConnectionClosed:
            return

    def open_links(self) -> int:
        """How many links the bot has open now."""
        return sum(link.state is State.OPEN for link in self.links)

    def says_hello(self) -> None:
        """Greet the newest link with the count of all, those of somebody else included."""
        self.says({"type": "hello", "num_connections": self.open_links() + self.strangers})

    def sends(self, kind: str, payload: Any, envelope: str = "e1", *, takes_body: bool = True) -> None:
        """Send an envelope over the newest link."""
        self.says(
            {
                "envelope_id": envelope,
                "type": kind,
                "payload": payload,
                "accepts_response_payload": takes_body,
            }
        )

    def says(self, message: Any) -> None:
        """Send any frame over the newest link."""
        self.links[-1].send(message if isinstance(message, str) else json.dumps(message))

    def hears(self) -> dict[str, Any]:
        """The next acknowledgement."""
        return self.acknowledged.get(timeout=DEADLINE_S)

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """The newest link stays open and answers nothing, not even a ping."""
        with self.links[-1].protocol_mutex:
            yield

    def vanishes(self) -> None:
        """End the newest link without a close frame."""
        self.links[-1].socket.shutdown(socket.SHUT_RDWR)

    def resets(self) -> None:
        """End the newest link with a reset."""
        raw = self.links[-1].socket
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.shutdown(socket.SHUT_RD)  # wakes our own reader, which would keep the socket open
        raw.close()

    def is_dialled(self, times: int) -> None:
        """Wait for so many links."""
        until(lambda: len(self.links) >= times, f"{times} links were dialled")


Kind = TypeVar("Kind", bound=SocketSlack)


@contextmanager
def socket_slack(slack: Kind) -> Iterator[Kind]:
    """A Slack that speaks only Socket Mode, in the manner of this one."""
    server = serve(slack.greet, "127.0.0.1", 0)
    port = server.socket.getsockname()[1]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer: dict[str, Any] = {"ok": True, "url": f"ws://127.0.0.1:{port}/link"}
            if slack.refusing:
                answer = {"ok": False, "error": "internal_error"}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    api = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.daemon_threads = True
    slack.api_url = f"http://127.0.0.1:{api.server_port}/api/"
    Thread(target=server.serve_forever, daemon=True).start()
    Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield slack
    server.shutdown()
    api.shutdown()
    api.server_close()
