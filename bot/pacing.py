"""How fast Slack lets us speak, kept with a reserve for what is urgent."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from bot.outbox import MessageKind, Urgency
from bot.outbox_queue import Message

REDRAWING = "chat.update"
PUBLISHING = "views.publish"


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once, then one each `refill_s`; the last `reserve` of a burst are for the urgent."""

    burst: int
    refill_s: float
    reserve: int


# chat.postMessage: about one a second in a channel. chat.update: fifty a minute in the whole workspace.
POSTS = Rate(burst=4, refill_s=1.0, reserve=2)
REDRAWS = Rate(burst=20, refill_s=1.25, reserve=5)
# views.publish is one of those of which Slack takes a hundred a minute; forms need the other half.
PUBLISHES = Rate(burst=20, refill_s=1.25, reserve=5)


def rate_key(message: Message) -> str:
    """What Slack counts a message under: its channel, or the method that redraws cards or Home tabs."""
    if message.kind is MessageKind.HOME:
        return PUBLISHING
    drawn = message.card is not None and message.card.ts is not None
    return REDRAWING if message.kind is MessageKind.CARD and drawn else message.lane


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: float


class Pacing:
    """One token bucket for each thing that Slack counts."""

    def __init__(self, clock_s: Callable[[], float] = monotonic) -> None:
        self._clock_s = clock_s
        self._buckets: dict[str, _Bucket] = {}

    def take_s(self, message: Message) -> float:
        """Take a message's turn and give 0, or give how many seconds its turn is away."""
        if message.target.get("response_url"):
            return 0.0  # counted by its address alone, which takes five answers
        key = rate_key(message)
        rate = {REDRAWING: REDRAWS, PUBLISHING: PUBLISHES}.get(key, POSTS)
        bucket = self._filled(key, rate)
        needed = 1 if message.urgency == Urgency.FIRST else 1 + rate.reserve
        if bucket.left < needed:
            return (needed - bucket.left) * rate.refill_s
        bucket.left -= 1
        return 0.0

    def _filled(self, key: str, rate: Rate) -> _Bucket:
        now = self._clock_s()
        bucket = self._buckets.setdefault(key, _Bucket(rate.burst, now))
        bucket.left = min(rate.burst, bucket.left + (now - bucket.filled_at) / rate.refill_s)
        bucket.filled_at = now
        return bucket
