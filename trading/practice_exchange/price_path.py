"""The price path of a pair: a function of time that depends on nothing but the seed and the controls.

The shape of the path is a dimensionless factor computed with floats; a price becomes money (Decimal, on the
tick) before anybody sees it.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.practice_exchange.assets import Pair

_TURN = 2 * math.pi
_TREND_PER_MINUTE = 0.0004
_TREND_LIMIT = 0.5
_ALWAYS = -math.inf
_LEAD_AT_FIRST = 0.0002


class Trend(StrEnum):
    """What the market does: its own waves, or something a rehearsal needs."""

    NATURAL = "natural"
    UP = "up"
    DOWN = "down"
    FLAT = "flat"


class Waves:
    """The natural shape: a nine minute wave of varying length on slower ones, phases from the seed."""

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
        self._phases = [_TURN * byte / 256 for byte in digest[:6]]

    def shape(self, path_s: float) -> float:
        """Give the logarithm of the price factor at a moment of path time."""
        minute = path_s / 60
        main, bend, quick, slow, day, ripple = self._phases
        wander = 0.6 * math.sin(_TURN * minute / 43 + bend)
        return (
            0.0025 * math.sin(_TURN * minute / 9 + wander + main)
            + 0.0003 * math.sin(_TURN * minute / 3.1 + quick)
            + 0.0006 * math.sin(_TURN * minute / 97 + slow)
            + 0.006 * math.sin(_TURN * minute / 1440 + day)
            + 0.00004 * math.sin(_TURN * minute / 0.7 + ripple)
        )

    def first_moment_s(self, speed: float) -> float:
        """Find a path time from which a 5/20 moving average on 1m bars is long and stays so a little."""
        bar_s = 60 * speed

        def lead(moment_s: float) -> float:
            closes = [self.shape(moment_s - bar_s * back) for back in range(20)]
            return sum(closes[:5]) / 5 - sum(closes) / 20

        def least_lead(moment_s: float) -> float:
            return min(lead(moment_s + bar_s * half / 2) for half in range(-3, 4))

        candidates = [15.0 * step for step in range(240)]
        good = (moment for moment in candidates if least_lead(moment) > _LEAD_AT_FIRST)
        return next(good, None) or max(candidates, key=least_lead)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the path that one setting of the controls governs, from `since_s` on (Unix seconds)."""

    since_s: float
    trend: Trend
    level: float
    speed: float
    anchor_s: float
    path_s: float

    def path_time_s(self, at_s: float) -> float:
        """Turn wall time into path time, which runs `speed` times as fast."""
        return self.path_s + (at_s - self.anchor_s) * self.speed


class PricePath:
    """The mid price of one pair at any moment, past or future."""

    def __init__(self, pair: Pair, seed: int, began_at: datetime, speed: float = 1.0) -> None:
        self.pair = pair
        self.version = 0
        self._waves = Waves(seed, pair.base.id)
        self._segments: list[Segment] = []
        self._rewrite(Trend.NATURAL, pair.first_price, speed, began_at.timestamp())

    @property
    def trend(self) -> Trend:
        """The trend in force."""
        return self._segments[-1].trend

    @property
    def speed(self) -> float:
        """How many times as fast as the clock the path moves now."""
        return self._segments[-1].speed

    def price(self, at_s: float) -> Decimal:
        """Give the mid price at a moment (Unix seconds), on the tick."""
        segment = next(part for part in reversed(self._segments) if part.since_s <= at_s)
        factor = math.exp(self._shape(segment.trend, segment.path_time_s(at_s)))
        return max(Decimal(f"{segment.level * factor:.{self.pair.pair_decimals}f}"), self.pair.tick)

    def set_trend(self, trend: Trend, now: datetime, price: Decimal | None = None) -> None:
        """Rewrite the path, its past too; now it stands at the present or the given price."""
        now_s = now.timestamp()
        self._rewrite(trend, self.price(now_s) if price is None else price, self.speed, now_s)

    def set_speed(self, speed: float, now: datetime) -> None:
        """Let the path run faster or slower from now on; the past stays."""
        now_s = now.timestamp()
        segment = self._segments[-1]
        self._append(
            replace(segment, since_s=now_s, anchor_s=now_s, path_s=segment.path_time_s(now_s), speed=speed)
        )

    def set_price(self, price: Decimal, now: datetime) -> None:
        """Let the price jump now; the past stays."""
        now_s = now.timestamp()
        segment = self._segments[-1]
        path_s = segment.path_time_s(now_s)
        self._append(replace(segment, since_s=now_s, level=self._level(segment.trend, price, path_s)))

    def _rewrite(self, trend: Trend, price: Decimal, speed: float, now_s: float) -> None:
        path_s = self._waves.first_moment_s(speed) if trend is Trend.NATURAL else 0.0
        level = self._level(trend, price, path_s)
        self._segments = [Segment(_ALWAYS, trend, level, speed, now_s, path_s)]
        self.version += 1

    def _append(self, segment: Segment) -> None:
        self._segments.append(segment)
        self.version += 1

    def _level(self, trend: Trend, price: Decimal, path_s: float) -> float:
        return float(price) / math.exp(self._shape(trend, path_s))

    def _shape(self, trend: Trend, path_s: float) -> float:
        if trend is Trend.FLAT:
            return 0.0
        if trend is Trend.NATURAL:
            return self.pair.liveliness * self._waves.shape(path_s)
        minute = path_s / 60
        # The limit keeps a forgotten trend from running to infinity, the ripple keeps ticks coming.
        rise = _TREND_LIMIT * math.tanh(_TREND_PER_MINUTE * minute / _TREND_LIMIT)
        ripple = 0.00004 * math.sin(_TURN * minute / 0.7)
        return rise + ripple if trend is Trend.UP else ripple - rise
