"""The gateway's Unix socket: a thread a connection, one JSON object a line."""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import structlog

from trading.codec import Unreadable, decode, encode
from trading.errors import TradingError
from trading.sockets import listening
from trading.wire import LINE_BYTES_MAX, Reply, Request

log = structlog.get_logger()

Handler = Callable[..., object]


class Connection:
    """One caller; `session_id` is set once it has attached as that session's process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.session_id: str | None = None


class NotForSessions(TradingError):
    """A session may not {call}: that is for people. Nothing was done; look at what this strategy does."""


class GatewayServer:
    """Serves calls until it is closed.

    `calls` are open to everybody who may open the socket, `session_calls` get the `Connection` first, and
    `acts` are refused to a session, attached or known by its process. `lost` is told of each connection
    that ends, and `busy` is held while a session's call is being served.
    """

    def __init__(
        self,
        path: Path,
        calls: Mapping[str, Handler],
        session_calls: Mapping[str, Handler],
        acts: Mapping[str, Handler],
        is_session: Callable[[int], bool],
        lost: Callable[[Connection], None],
        busy: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self.path = path
        self._calls = calls
        self._session_calls = session_calls
        self._acts = acts
        self._is_session = is_session
        self._lost = lost
        self._busy = busy
        server = self

        class _Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server._serve(self)

        self._server = _Sockets(listening(path), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="gateway-socket")

    def start(self) -> None:
        """Take calls."""
        self._thread.start()

    def close(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def _serve(self, stream: socketserver.StreamRequestHandler) -> None:
        connection = Connection(_peer_pid(stream.connection))
        try:
            while line := stream.rfile.readline(LINE_BYTES_MAX):
                ident = connection.session_id
                with self._busy(ident) if ident else nullcontext():
                    reply = self._reply(connection, line)
                stream.wfile.write(json.dumps(encode(reply)).encode() + b"\n")
        except OSError:
            pass  # the caller is gone, which is all there is to know
        finally:
            self._lost(connection)

    def _reply(self, connection: Connection, line: bytes) -> Reply:
        call = "?"
        try:
            request = decode(Request, json.loads(line))
            call = request.call
            if call in self._session_calls:
                return Reply(self._session_calls[call](connection, **request.arguments))
            if call in self._acts:
                if connection.session_id is not None or self._is_session(connection.pid):
                    log.error("a session tried to act for people", call=call, pid=connection.pid)
                    raise NotForSessions(call=call)
                return Reply(self._acts[call](**request.arguments))
            if call in self._calls:
                return Reply(self._calls[call](**request.arguments))
            return Reply(error="CallFailed", message=f"{call[:40]} is no call of the gateway.")
        except (TradingError, Unreadable) as error:
            return Reply(error=type(error).__name__, message=str(error))
        except Exception as error:
            log.exception("gateway call failed", call=call)
            return Reply(error="CallFailed", message=f"{call[:40]} failed: {type(error).__name__}: {error}")


class _Sockets(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__("", handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.warning("gateway connection failed", exc_info=True)


def _peer_pid(connection: socket.socket) -> int:
    """Which process is at the other end, as the kernel knows it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])
