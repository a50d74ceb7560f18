"""How the app hears of something: what it answers, and what happens when it does not."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from bot.practice.identifiers import Clock
from bot.practice.json_text import read_json

ACK_S = 3.0
RETRY_AFTER_S = (0.0, 60.0, 300.0)


class EnvelopeType(StrEnum):
    """What kind of thing the app is told, in Socket Mode's words."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class Outcome(StrEnum):
    """What became of a delivery; the values of the last two are what people read."""

    ACKNOWLEDGED = "acknowledged"
    TIMED_OUT = "operation_timeout"
    FAILED = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class Reply:
    """The app's acknowledgement with the body it carried (an object, a text, or None), or why there is none.

    The reason is spelled as Slack spells it in X-Slack-Retry-Reason.
    """

    outcome: Outcome
    body: Any = None
    reason: str = ""
    wants_no_retry: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the app answered in time."""
        return self.outcome is Outcome.ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Retry:
    """Which repetition of an event this is, and why."""

    number: int
    reason: str


class Delivery(Protocol):
    """A way to reach the app."""

    async def deliver(self, kind: EnvelopeType, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Bring one thing to the app and wait for its acknowledgement, three seconds at most."""

    async def close(self) -> None:
        """Let go of everything held open."""


async def deliver_event(delivery: Delivery, payload: dict[str, Any]) -> None:
    """Bring an event to the app, again at once, after a minute and after five if it is not acknowledged."""
    reply = await delivery.deliver(EnvelopeType.EVENT, payload)
    for number, wait_s in enumerate(RETRY_AFTER_S, start=1):
        if reply.acknowledged or reply.wants_no_retry:
            return
        await asyncio.sleep(wait_s)
        reply = await delivery.deliver(EnvelopeType.EVENT, payload, Retry(number, reply.reason))


class SignedHttp:
    """Posts to the app's request URL, signed as Slack signs."""

    def __init__(self, request_url: str, signing_secret: str, clock: Clock, ack_s: float = ACK_S) -> None:
        self._ack_s = ack_s
        self._request_url = request_url
        self._signing_secret = signing_secret.encode()
        self._clock = clock
        # A connection each time: one left open may be closing just as the next delivery is sent.
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    async def deliver(self, kind: EnvelopeType, payload: dict[str, Any], retry: Retry | None = None) -> Reply:
        """Post one thing; anything but a 200 within three seconds is a failure."""
        body, media_type = _encoded(kind, payload)
        stamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": media_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": self._signature(stamp, body),
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}
        try:
            async with asyncio.timeout(self._ack_s):
                response = await self._client.post(
                    self._request_url, content=body, headers=headers, timeout=self._ack_s
                )
        except (TimeoutError, httpx.TimeoutException):
            return Reply(Outcome.TIMED_OUT, reason="http_timeout")
        except httpx.HTTPError:
            return Reply(Outcome.FAILED, reason="connection_failed")
        if response.status_code != httpx.codes.OK:
            unwanted = response.headers.get("x-slack-no-retry") == "1"
            return Reply(Outcome.FAILED, reason="http_error", wants_no_retry=unwanted)
        return Reply(Outcome.ACKNOWLEDGED, _decoded(response.text))

    async def close(self) -> None:
        """Close the connections to the app."""
        await self._client.aclose()

    def _signature(self, stamp: str, body: bytes) -> str:
        signed = b"v0:" + stamp.encode() + b":" + body
        return "v0=" + hmac.new(self._signing_secret, signed, hashlib.sha256).hexdigest()


def _encoded(kind: EnvelopeType, payload: dict[str, Any]) -> tuple[bytes, str]:
    if kind is EnvelopeType.EVENT:
        return json.dumps(payload).encode(), "application/json"
    form = payload if kind is EnvelopeType.COMMAND else {"payload": json.dumps(payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _decoded(text: str) -> Any:
    try:
        return read_json(text) if text.strip() else None
    except ValueError:
        return text
