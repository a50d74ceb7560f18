"""One link to Slack over the SDK's WebSocket, and how the link stands for whoever asks."""

import logging
import select
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

from trading.health import Finding, Verdict, failed, passed

# The SDK puts a message together by recursion, one step a buffer: small buffers end in RecursionError.
BUFFER_BYTES = 65_536
HELLO_WITHIN_S = 10.0
DOWN_FOR_S = 10.0
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL | getattr(select, "POLLRDHUP", 0)

# The SDK's words at DEBUG carry whole bodies.
SDK_LOG = logging.getLogger("bot.socket_mode.sdk")


class Link:
    """Dialled once, read in a thread of its own that hands each frame to `hear`, and hung up in the end.

    `owed` are the envelopes that came over it and are not acknowledged yet; `count` is what Slack's hello
    said about the links of this app.
    """

    def __init__(self, client: WebClient, app_token: str, hear: Callable[["Link", str], None]) -> None:
        """Dial; raises SlackApiError, SlackClientError or OSError. A link that did not come up has ended."""
        SDK_LOG.setLevel(logging.ERROR)
        self.greeted = Event()
        self.count: int | None = None
        self.asked_to_go = False
        self.owed: set[str] = set()
        self._state = ConnectionState()  # type: ignore[no-untyped-call]
        self._connection = Connection(
            url=client.apps_connections_open(app_token=app_token)["url"],
            logger=SDK_LOG,
            proxy=client.proxy or load_http_proxy_from_env(SDK_LOG),
            receive_buffer_size=BUFFER_BYTES,
            on_message_listener=lambda frame: self._heard(hear, frame),
            on_error_listener=lambda error: SDK_LOG.warning("%s", type(error).__name__),
            ssl_context=client.ssl,
        )
        self._connection.connect()
        self.dialled_at = self.heard_at = self._pinged_at = monotonic()
        self._pong = self._connection.last_ping_pong_time
        Thread(
            target=self._connection.run_until_completion, args=(self._state,), name="socket-read", daemon=True
        ).start()

    def fault(self, silent_s: float) -> str | None:
        """Why it cannot be used any more; None while it can, as far as anybody can see from here."""
        now = monotonic()
        if self._state.terminated or self._has_ended():
            return "ended"
        if now - self.heard_at > silent_s or (not self.greeted.is_set() and self.age_s > HELLO_WITHIN_S):
            return "silent"
        return None

    @property
    def age_s(self) -> float:
        """Since it was dialled."""
        return monotonic() - self.dialled_at

    def tend(self, ping_s: float) -> None:
        """Ask for a sign of life now and then, and note when one has come."""
        now = monotonic()
        pong = self._connection.last_ping_pong_time
        if pong != self._pong:
            self._pong, self.heard_at = pong, now
        if now - self._pinged_at >= ping_s:
            self._pinged_at = now
            with suppress(OSError):  # looked for anyway
                self._connection.ping(f"{self._connection.session_id}:{now}")

    def send(self, text: str) -> bool:
        """Send a frame; False when the link does not take it."""
        try:
            self._connection.send(text)
        except (SlackClientError, OSError):
            return False
        return True

    def fileno(self) -> int:
        """Its socket's number; raises ValueError when it has none any more."""
        sock = self._connection.sock
        if sock is None:
            raise ValueError("closed")
        return sock.fileno()

    def hang_up(self) -> None:
        """End it; what was not acknowledged Slack sends over another."""
        self._state.terminated = True
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes the reader, which holds the lock for seconds
        with suppress(AttributeError, OSError):  # the reader may be closing it in this moment
            self._connection.close()

    def _heard(self, hear: Callable[["Link", str], None], frame: str) -> None:
        self.heard_at = monotonic()
        hear(self, frame)

    def _has_ended(self) -> bool:
        return self._connection.sock is None or wait_for_end([self], 0)


def wait_for_end(links: Iterable[Link], timeout_s: float) -> bool:
    """Wait until the other side of one of them has gone, as the kernel knows it before any read fails."""
    poll = select.poll()
    try:
        for link in links:
            poll.register(link.fileno(), _GONE)
        return any(event & _GONE for _, event in poll.poll(timeout_s * 1000))
    except (OSError, ValueError):
        return True  # closed by its reader, in this moment


class LinkState:
    """How the link to Slack stands: when it was up and heard of last, and who else has links of this app.

    Over HTTP there is none, and nothing wrong with it.
    """

    def __init__(self, *, over_http: bool = False) -> None:
        self._over_http = over_http
        self.strangers = 0
        self.heard_at = self._up_at = monotonic()

    def note_up(self, heard_at: float) -> None:
        """The link is up, and was heard at this moment."""
        self._up_at, self.heard_at = monotonic(), heard_at

    @property
    def is_ours_alone(self) -> bool:
        """Whether Slack counts no link of this app but this bot's."""
        return self.strangers == 0

    def finding(self) -> Finding:
        """What a health or readiness check says of it."""
        if self._over_http:
            return passed("none, Slack calls over HTTP")
        down_s = monotonic() - self._up_at
        if down_s > DOWN_FOR_S:
            return failed(
                f"down for {down_s:.0f} s, so no command or click is heard",
                "It is dialled again and again. Look at Slack's status page and at logs/peak-ops.log; halt "
                "from the shell meanwhile.",
            )
        if self.strangers:
            return failed(
                f"Slack counts {self.strangers} more link(s) of this app, and gives them part of the clicks",
                "Find who else runs with these tokens and end it, or make new tokens in the app's settings.",
            )
        return passed(f"up, heard of {monotonic() - self.heard_at:.0f} s ago")

    def sentence(self) -> str | None:
        """What is wrong with it, for whoever watches from outside; None when nothing is."""
        found = self.finding()
        return None if found.verdict is Verdict.PASSED else found.detail
