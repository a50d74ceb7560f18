"""Slack as it is on a bad line: links break at any moment, and what was not acknowledged comes again."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, perf_counter, sleep
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.server import ServerConnection

from tests.bot.slack_payloads import click, command
from tests.bot.transports.socket_slack import SocketSlack

PATIENCE_S = 60.0
# Slack sends what people do as they do it, not a day's work at once.
ON_THEIR_WAY_MAX = 40

# How a link may break. Only the last one is announced, and leaves the old link up for a while.
UNANNOUNCED: dict[str, Callable[[SocketSlack], None]] = {
    "no close frame": SocketSlack.vanishes,
    "reset": SocketSlack.resets,
    "closed": lambda slack: slack.links[-1].close(1001),
}
WAYS = {
    **UNANNOUNCED,
    "asked": lambda slack: slack.says({"type": "disconnect", "reason": "refresh_requested"}),
}


class RedeliveringSlack(SocketSlack):
    """Keeps each envelope until it is acknowledged, and sends what is left to the next link."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, str] = {}
        self.sent = 0
        self.greeted_at: list[float] = []
        self._lock = Lock()

    def greet(self, link: ServerConnection) -> None:
        """Serve one link until it ends."""
        with self._lock:
            self.links.append(link)
            self.says_hello()
            self.greeted_at.append(perf_counter())
            waiting = list(self.pending.values())
        with suppress(ConnectionClosed):
            for envelope in waiting:
                self._send(link, envelope)
            for frame in link:
                self.pending.pop(json.loads(frame)["envelope_id"], None)

    def delivers(self, kind: str, payload: Any, envelope_id: str) -> None:
        """Send an envelope over the newest link, and over the next ones until it is acknowledged."""
        envelope = json.dumps({"envelope_id": envelope_id, "type": kind, "payload": payload})
        with self._lock:
            self.pending[envelope_id] = envelope
            newest = self.links[-1]
        with suppress(ConnectionClosed, OSError):
            self._send(newest, envelope)

    def breaks(self, way: str) -> int:
        """Break the newest link once it is up; gives how many there had been by then."""
        wait_for(lambda: self.links[-1].state is State.OPEN, "a link that is up")
        count = len(self.greeted_at)
        WAYS[way](self)
        return count

    def _send(self, link: ServerConnection, envelope: str) -> None:
        self.sent += 1
        link.send(envelope)


@dataclass
class Weather:
    """What a storm was like: for each unannounced break the seconds until Slack greeted the next link."""

    breaks: int = 0
    delivered: int = 0
    back_s: list[float] = field(default_factory=list)


def storm(slack: RedeliveringSlack, envelopes: int, breaks: int, seed: int) -> Weather:
    """Send so many commands and clicks of three people while links break at random; wait for the last ack."""
    chance = random.Random(seed)
    moments = set(chance.sample(range(1, envelopes), breaks))
    weather = Weather()
    broken: list[tuple[int, float]] = []
    for number in range(envelopes):
        if number in moments:
            way = chance.choice(sorted(WAYS))
            began = perf_counter()
            count = slack.breaks(way)
            weather.breaks += 1
            if way in UNANNOUNCED:
                broken.append((count, began))
        wait_for(lambda: len(slack.pending) < ON_THEIR_WAY_MAX, "some acknowledgements")
        person = f"U{number % 3:08d}"
        if chance.random() < 0.5:
            payload = command(trigger=f"{number}.storm", user=person)
            slack.delivers("slash_commands", payload, f"e{number}")
        else:
            slack.delivers("interactive", click(at=f"{number}.5", user=person), f"e{number}")
        if chance.random() < 0.2:
            sleep(chance.uniform(0, 0.01))  # when a link breaks, some are saved, some on their way
    wait_for(lambda: not slack.pending, "every envelope acknowledged")
    weather.delivered = slack.sent
    wait_for(lambda: len(slack.greeted_at) > max(count for count, _ in broken), "the last link greeted")
    weather.back_s = [slack.greeted_at[count] - began for count, began in broken]
    return weather


def wait_for(found: Callable[[], object], what: str) -> None:
    """Wait until something is so; a storm may take its time."""
    deadline = monotonic() + PATIENCE_S
    while not found():
        assert monotonic() < deadline, f"never happened: {what}"
        sleep(0.002)
