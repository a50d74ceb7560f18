"""Socket Mode: the bot dials Slack; envelopes come in, acknowledgements go back when it is safe.

The SDK's built-in client keeps the link. It is read in one thread here, which parses and hands on and never
waits: a halt is heard behind any number of busy listeners. What the SDK notices late (a link that ended
without a close frame) is looked for every 20 ms.
"""

import json
import logging
import select
import socket
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin.client import SocketModeClient

from bot.ingress import Ingress, Reply
from bot.metrics import Metrics

log = logging.getLogger(__name__)

LOOK_S = 0.02
PING_S = 5
RETRY_S, RETRY_MAX_S = 0.1, 5.0
# The SDK puts a message together by recursion, one step a buffer: small buffers end in RecursionError.
BUFFER_BYTES = 65_536
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL | getattr(select, "POLLRDHUP", 0)

# The SDK's words at DEBUG carry whole bodies.
SDK_LOG = logging.getLogger("bot.socket_mode.sdk")


class SocketMode:
    """Keeps one link to Slack and brings what comes over it to the ingress.

    `connections` is Slack's own count of this app's links as of the last hello; None before the first.
    """

    def __init__(self, ingress: Ingress, client: WebClient, app_token: str, metrics: Metrics) -> None:
        self._ingress = ingress
        self._metrics = metrics
        self._stopping = Event()
        self._connected = Event()
        self._answers: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        SDK_LOG.setLevel(logging.ERROR)
        self._link = _Link(self, client, app_token)
        self._threads = [
            Thread(target=self._watch, name="socket-watch", daemon=True),
            Thread(target=self._answer, name="socket-answer", daemon=True),
        ]
        self.connections: int | None = None

    def start(self, timeout_s: float = 10) -> bool:
        """Dial; gives whether Slack said hello in time. It goes on dialling either way."""
        for thread in self._threads:
            thread.start()
        return self.wait_connected(timeout_s)

    def wait_connected(self, timeout_s: float = 10) -> bool:
        """Give whether Slack has said hello by then."""
        return self._connected.wait(timeout_s)

    def stop(self, timeout_s: float = 5) -> None:
        """Hang up; what was not acknowledged yet Slack sends to the next link."""
        self._stopping.set()
        self._answers.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)
        self._link.hang_up()

    @property
    def connected(self) -> bool:
        """Whether the link is up."""
        return self._link.is_connected() and not self._link.has_ended()

    def hear(self, frame: str) -> None:
        """Take one frame from the link's own thread; never waits, never raises."""
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            log.warning("socket: a frame that is no JSON object was set aside")
            return
        kind, envelope_id = message.get("type"), message.get("envelope_id")
        if kind == "hello":
            self._greeted(message)
        elif kind == "disconnect":
            log.info("socket: Slack asks for a new link (%s)", message.get("reason"))
            self._link.end()
        elif isinstance(envelope_id, str):
            takes_body = bool(message.get("accepts_response_payload"))
            replied = self._ingress.receive(str(kind), message.get("payload"))
            replied.add_done_callback(
                lambda reply: self._acknowledge(envelope_id, takes_body, reply.result())
            )
        else:
            log.warning("socket: a message without an envelope was set aside")

    def _greeted(self, hello: dict[str, Any]) -> None:
        count = hello.get("num_connections")
        self.connections = count if isinstance(count, int) else None
        self._metrics.connections.set(self.connections or 0)
        self._metrics.reconnects.inc()
        self._connected.set()
        log.info("socket: connected; Slack counts %s link(s) of this app", self.connections)

    def _acknowledge(self, envelope_id: str, takes_body: bool, reply: Reply) -> None:
        """Answer what was taken and what can never be; what we could not save Slack shall send again."""
        if reply.status >= 500:
            return
        answer: dict[str, Any] = {"envelope_id": envelope_id}
        if takes_body and reply.body is not None:
            answer["payload"] = dict(reply.body)
        self._answers.put(answer)

    def _answer(self) -> None:
        while (answer := self._answers.get()) is not None:
            try:
                self._link.send_message(json.dumps(answer))
            except (SlackClientError, OSError, AttributeError):
                log.warning("socket: an acknowledgement was lost with its link; Slack will send again")

    def _watch(self) -> None:
        retry_s = RETRY_S
        while not self._stopping.wait(LOOK_S):
            if self.connected:
                retry_s = RETRY_S
                continue
            try:
                self._link.redial()
            except (SlackApiError, SlackClientError, OSError) as error:
                log.warning("socket: no link to Slack (%s); trying again", type(error).__name__)
            if not self.connected:
                self._stopping.wait(retry_s)
                retry_s = min(retry_s * 2, RETRY_MAX_S)


class _Link(SocketModeClient):
    """The SDK's client, heard in its receiving thread and told at once when its link has ended."""

    def __init__(self, owner: SocketMode, client: WebClient, app_token: str) -> None:
        self._owner = owner
        super().__init__(
            app_token=app_token,
            web_client=client,
            logger=SDK_LOG,
            auto_reconnect_enabled=False,  # redialling is the watcher's, so that it happens once
            ping_interval=PING_S,
            receive_buffer_size=BUFFER_BYTES,
            concurrency=1,
        )
        self.current_session_runner.interval_seconds = LOOK_S

    def enqueue_message(self, message: str) -> None:
        """Hand a frame on in the thread that received it; the SDK's own queue and pool stay empty."""
        self._owner.hear(message)

    def has_ended(self) -> bool:
        """Whether the other side has gone, as the kernel knows it before any read fails."""
        sock = self.current_session.sock if self.current_session is not None else None
        if sock is None:
            return True
        poll = select.poll()
        try:
            poll.register(sock.fileno(), _GONE)
            return any(event & _GONE for _, event in poll.poll(0))
        except (OSError, ValueError):
            return True

    def end(self) -> None:
        """Leave the link; the watcher dials the next one."""
        self.current_session_state.terminated = True
        session = self.current_session
        if session is None:
            return
        if session.sock is not None:
            with suppress(OSError):
                session.sock.shutdown(socket.SHUT_RDWR)  # wakes the reader, which holds the lock for seconds
        session.close()

    def redial(self) -> None:
        """Dial a new link with a fresh address."""
        self.end()
        self.connect_to_new_endpoint(force=True)

    def hang_up(self) -> None:
        """End the link and the SDK's threads."""
        self.end()
        self.closed = True
        self.message_queue.put(None)  # wakes the SDK's own reader of its queue
        self.close()
