"""Whether a request is Slack's: its signature, its age, and that it has not come before."""

import hmac
from collections import deque
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

AGE_MAX_S = 300


class Refusal(StrEnum):
    """Why a request is not taken."""

    UNSIGNED = "unsigned"
    STALE = "stale"
    FORGED = "forged"
    REPLAYED = "replayed"


class Signatures:
    """Checks one signing secret; remembers each signature for as long as it would be good again."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        self._secret = secret.encode()
        self._clock = clock
        self._seen: set[str] = set()
        self._order: deque[tuple[float, str]] = deque()

    def refusal(self, timestamp: str, signature: str, body: bytes) -> Refusal | None:
        """Say why the request is refused; None takes it, once."""
        if not timestamp or not signature or not timestamp.isascii() or not timestamp.isdecimal():
            return Refusal.UNSIGNED
        now = self._clock().timestamp()
        if len(timestamp) > 12 or abs(now - int(timestamp)) > AGE_MAX_S:
            return Refusal.STALE
        expected = "v0=" + hmac.digest(self._secret, b"v0:%b:%b" % (timestamp.encode(), body), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return Refusal.FORGED
        self._forget_old(now)
        if signature in self._seen:
            return Refusal.REPLAYED
        self._seen.add(signature)
        self._order.append((int(timestamp) + AGE_MAX_S, signature))
        return None

    def forget(self, signature: str) -> None:
        """Let a request come again that could not be saved."""
        self._seen.discard(signature)

    def _forget_old(self, now: float) -> None:
        # Timestamps arrive nearly in order; one that is early only keeps its followers a little longer.
        while self._order and self._order[0][0] < now:
            self._seen.discard(self._order.popleft()[1])
