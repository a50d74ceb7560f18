"""How often Slack lets an app call it: so often a method, and a second a channel for new messages."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Tier(IntEnum):
    """Slack's tiers, as calls a minute of one method."""

    TWO = 20
    THREE = 50
    FOUR = 100
    # "Hundreds of requests per minute": auth.test.
    SPECIAL = 600


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once, and so many a second from then on."""

    burst: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Rates:
    """What is allowed: in one channel, in the whole workspace, and a minute of each tier.

    Slack names no burst of a channel and only "several hundred messages per minute" for a workspace.
    """

    posts_in_channel: Rate = Rate(burst=5, per_s=1.0)
    posts_in_workspace: Rate = Rate(burst=100, per_s=5.0)
    tiers: float = 1.0

    @classmethod
    def unlimited(cls) -> "Rates":
        """No limit that a test or a benchmark could reach."""
        return cls(Rate(10**9, 10**9), Rate(10**9, 10**9), tiers=10**7)


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    left: float
    at: float

    def wait_s(self, now: float) -> float:
        """How long until there is one more; 0 if there is one."""
        self.left = min(self.rate.burst, self.left + (now - self.at) * self.rate.per_s)
        self.at = now
        return max(0.0, (1 - self.left) / self.rate.per_s)


class RateLimits:
    """Counts the calls of the app; by a monotonic clock, so that a test's standing clock stops nothing."""

    def __init__(self, rates: Rates, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def take(self, method: str, tier: Tier | None, channel: str) -> int:
        """Count one call, if it is allowed; else give the whole seconds after which it will be.

        Without a tier it is a new message, which is counted by its channel and in the workspace.
        """
        now = self._monotonic()
        if tier is None:
            buckets = [
                self._bucket(f"{method} {channel}", self._rates.posts_in_channel, now),
                self._bucket(method, self._rates.posts_in_workspace, now),
            ]
        else:
            burst = round(tier * self._rates.tiers)
            buckets = [self._bucket(method, Rate(burst, burst / 60), now)]
        wait_s = max(bucket.wait_s(now) for bucket in buckets)
        if wait_s > 0:
            return math.ceil(wait_s)
        for bucket in buckets:
            bucket.left -= 1
        return 0

    def _bucket(self, name: str, rate: Rate, now: float) -> _Bucket:
        return self._buckets.setdefault(name, _Bucket(rate, rate.burst, now))
