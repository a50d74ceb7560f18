"""Socket Mode: the bot dials Slack; envelopes come in, acknowledgements go back when it is safe.

A link is read in one thread, which parses and hands on and never waits: a halt is heard behind any number of
busy listeners. One watcher dials anew: at once when the kernel says that a link has ended, whatever the
library knows of it; when nothing at all was heard for some seconds; and from time to time while everything
seems well, because a link that is up and deaf looks like one on which nobody speaks.
"""

import json
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.ingress import Ingress, Reply
from bot.metrics import Metrics
from bot.transports.slack_link import Link, LinkState, wait_for_end

log = logging.getLogger(__name__)

LOOK_S = 0.02
RETRY_S, RETRY_MAX_S = 0.1, 5.0
# Slack waits so long for an acknowledgement; a link that was replaced is kept for it.
OWED_S = 3.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what may last: three pings unanswered, three minutes with one link, one between two counts.

    Slack lets an app ask for a new link about once a minute.
    """

    ping_s: float = 5.0
    silent_s: float = 15.0
    life_s: float = 180.0
    second_look_s: float = 60.0


class SocketMode:
    """Keeps one link to Slack and brings what comes over it to the ingress.

    `connections` is Slack's own count of this app's links as of the last hello; None before the first.
    `state` is kept for others to look at; `on_strangers` is called each time when Slack counts more links
    than ours twice in a row, in a thread of its own.
    """

    def __init__(
        self,
        ingress: Ingress,
        client: WebClient,
        app_token: str,
        metrics: Metrics,
        *,
        state: LinkState | None = None,
        on_strangers: Callable[[int], None] = lambda count: None,
        patience: Patience | None = None,
    ) -> None:
        self._ingress = ingress
        self._client = client
        self._app_token = app_token
        self._metrics = metrics
        self._state = state or LinkState()
        self._on_strangers = on_strangers
        self._patience = patience or Patience()
        self._stopping = Event()
        self._connected = Event()
        self._serving: Link | None = None
        self._coming: Link | None = None
        self._leaving: list[tuple[Link, float]] = []
        self._counted: Link | None = None
        self._suspected = False
        self._retry_s = RETRY_S
        self._dial_at = float("-inf")
        self._answers: SimpleQueue[tuple[Link, dict[str, Any]] | None] = SimpleQueue()
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
        for link in self._links():
            link.hang_up()

    @property
    def connected(self) -> bool:
        """Whether a link is up over which Slack has said hello."""
        link = self._serving
        return link is not None and link.greeted.is_set() and link.fault(self._patience.silent_s) is None

    def _hear(self, link: Link, frame: str) -> None:
        """Take one frame from a link's own thread; never waits, never raises."""
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            log.warning("socket: a frame that is no JSON object was set aside")
            return
        kind, envelope_id = message.get("type"), message.get("envelope_id")
        if kind == "hello":
            self._greeted(link, message)
        elif kind == "disconnect":
            self._asked_to_go(link, message.get("reason"))
        elif isinstance(envelope_id, str):
            takes_body = bool(message.get("accepts_response_payload"))
            link.owed.add(envelope_id)
            self._ingress.receive(
                str(kind),
                message.get("payload"),
                lambda reply: self._acknowledge(link, envelope_id, takes_body, reply),
            )
        else:
            log.warning("socket: a message without an envelope was set aside")

    def _greeted(self, link: Link, hello: dict[str, Any]) -> None:
        count = hello.get("num_connections")
        self.connections = link.count = count if isinstance(count, int) else None
        self._metrics.connections.set(self.connections or 0)
        link.greeted.set()
        log.info("socket: connected; Slack counts %s link(s) of this app", self.connections)

    def _asked_to_go(self, link: Link, reason: object) -> None:
        if reason == "link_disabled":
            log.error("socket: Socket Mode was switched off in the app's settings; switch it on again")
        else:
            log.info("socket: Slack asks for a new link")
        link.asked_to_go = True

    def _acknowledge(self, link: Link, envelope_id: str, takes_body: bool, reply: Reply) -> None:
        """Answer what was taken and what can never be; what we could not save Slack shall send again."""
        if reply.status >= 500:
            link.owed.discard(envelope_id)
            return
        answer: dict[str, Any] = {"envelope_id": envelope_id}
        if takes_body and reply.body is not None:
            answer["payload"] = dict(reply.body)
        self._answers.put((link, answer))

    def _answer(self) -> None:
        """Over the link that brought the envelope, or, when that is gone, over the one in its place."""
        while (waiting := self._answers.get()) is not None:
            link, answer = waiting
            try:
                text = json.dumps(answer)
                if not link.send(text) and not ((other := self._serving) and other.send(text)):
                    log.debug("socket: an acknowledgement was lost with its link; Slack will send again")
            except struct.error:
                log.error("socket: an answer is longer than the 64 kB that a frame of the SDK takes")
            link.owed.discard(answer["envelope_id"])

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                if links := self._links():
                    wait_for_end(links, LOOK_S)
                else:
                    self._stopping.wait(LOOK_S)
                self._look()
            except Exception:
                log.exception("socket: looking after the link failed; trying again")
                self._stopping.wait(RETRY_S)

    def _look(self) -> None:
        """One look at every link: which is over, which can be let go, whether a new one is wanted."""
        for link in self._links():
            link.tend(self._patience.ping_s)
        self._let_go()
        if self._coming is not None:
            self._change_over(self._coming)
        serving = self._serving
        if serving is None:
            self._serving = self._dial("ended" if self._connected.is_set() else "first")
            return
        if why := serving.fault(self._patience.silent_s):
            self._replace(serving, why)
            return
        if not serving.greeted.is_set():
            return
        self._state.note_up(serving.heard_at)
        self._retry_s = RETRY_S
        self._count_strangers(serving)
        if self._coming is None and (why := self._wish(serving)):
            self._coming = self._dial(why)

    def _wish(self, serving: Link) -> str | None:
        """Why a new link is wanted although this one is up."""
        if serving.asked_to_go:
            return "asked"
        if serving.age_s > self._patience.life_s:
            return "aged"
        if self._suspected and serving.age_s > self._patience.second_look_s:
            return "strangers"
        return None

    def _replace(self, serving: Link, why: str) -> None:
        """The link is gone: take the one that is coming, or dial; one that never said hello is no success."""
        log.warning("socket: the link to Slack is %s; dialling", why)
        if serving.greeted.is_set():
            self._retry_s = RETRY_S
        else:
            self._later(self._retry_s)
        serving.hang_up()
        self._serving, self._coming = self._coming or self._dial(why), None

    def _change_over(self, coming: Link) -> None:
        """Let the new link serve once Slack has greeted it; the old one leaves when it owes nothing."""
        if coming.fault(self._patience.silent_s) is not None:
            self._coming = None
            self._later(self._retry_s)
            coming.hang_up()
        elif coming.greeted.is_set():
            if self._serving is not None:
                self._leaving.append((self._serving, monotonic()))
            self._serving, self._coming = coming, None

    def _let_go(self) -> None:
        for link, since in list(self._leaving):
            if link.fault(self._patience.silent_s) or not link.owed or monotonic() - since > OWED_S:
                self._leaving.remove((link, since))
                link.hang_up()

    def _dial(self, why: str) -> Link | None:
        if monotonic() < self._dial_at:
            return None
        try:
            link = Link(self._client, self._app_token, self._hear)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("socket: no link to Slack (%s); trying again", type(error).__name__)
            self._later(max(self._retry_s, _retry_after_s(error)))
            return None
        if link.fault(self._patience.silent_s) is not None:
            link.hang_up()
            self._later(self._retry_s)
            return None
        self._metrics.dialled.labels(why).inc()
        return link

    def _later(self, wait_s: float) -> None:
        self._dial_at = monotonic() + wait_s
        self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)

    def _count_strangers(self, link: Link) -> None:
        """Compare Slack's count with ours, once a link; more than ours twice in a row is somebody else.

        Once may be a link of ours that has just died and that Slack still counts.
        """
        if self._counted is link:
            return
        self._counted = link
        self._connected.set()
        ours = sum(each.fault(self._patience.silent_s) is None for each in self._links())
        strangers = max(0, (link.count or 0) - ours)
        self._state.strangers = strangers if self._suspected else 0  # before anybody is told
        self._suspected = strangers > 0
        self._metrics.strangers.set(self._state.strangers)
        if self._state.strangers:
            log.critical("socket: Slack counts %d link(s) of this app that are not ours", strangers)
            Thread(target=self._on_strangers, args=(strangers,), name="strangers", daemon=True).start()

    def _links(self) -> list[Link]:
        """Every link that is open on our side, as far as we know."""
        links = [self._serving, self._coming, *(link for link, _ in self._leaving)]
        return [link for link in links if link is not None]


def _retry_after_s(error: Exception) -> float:
    """How long Slack wants to be left alone."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    given = str(headers.get("Retry-After") or headers.get("retry-after") or "0")
    return float(given) if given.isdecimal() else 0.0
