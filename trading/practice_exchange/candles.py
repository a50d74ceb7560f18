"""What the market printed: one public trade every ten seconds, and the bars made of them."""

import math
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, pairwise
from operator import mul

from trading.practice_exchange.price_path import PricePath

PRINT_EVERY_S = 10
INTERVALS_MIN = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
BARS_MAX = 720
_EXACT_UP_TO_MIN = 15


@dataclass(frozen=True, slots=True)
class Print:
    """One public trade; `at_s` is Unix seconds."""

    at_s: int
    price: Decimal
    volume: Decimal
    is_buy: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle; `start_s` is Unix seconds."""

    start_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    count: int


class Tape:
    """The public trades of one pair and its bars; a bar is computed anew only when a trade was added."""

    def __init__(self, path: PricePath) -> None:
        self._path = path
        self._bars: dict[tuple[int, int], tuple[int, Bar]] = {}
        self._version = path.version
        pair = path.pair
        self._silences: list[range] = []
        self._volumes = [(pair.level_volume * size / 4000).quantize(pair.lot) for size in range(3, 1000)]

    def last_print(self, now_s: float) -> Print:
        """The newest public trade."""
        return self._print(self._last_moment(_floor(now_s, PRINT_EVERY_S)))

    def silence(self, began_s: float, until_s: float) -> None:
        """Have nobody trade in that time, whether it is past or to come."""
        first = _floor(began_s, PRINT_EVERY_S)
        self._silences.append(range(first, _floor(until_s, PRINT_EVERY_S), PRINT_EVERY_S))
        self._bars.clear()

    def prints_before(self, now_s: float, count: int) -> list[Print]:
        """The newest public trades, oldest first."""
        newest = _floor(now_s, PRINT_EVERY_S)
        moments = range(newest - PRINT_EVERY_S * (count - 1), newest + 1, PRINT_EVERY_S)
        return [self._print(at) for at in moments if not self._is_silent(at)]

    def prints_after(self, since_s: float, now_s: float, count: int) -> list[Print]:
        """The first public trades later than a moment, oldest first."""
        first = _floor(since_s, PRINT_EVERY_S) + PRINT_EVERY_S
        newest = _floor(now_s, PRINT_EVERY_S)
        moments = (at for at in range(first, newest + 1, PRINT_EVERY_S) if not self._is_silent(at))
        return [self._print(at) for at in islice(moments, count)]

    def bars(self, interval_min: int, now_s: float, since_s: float = -math.inf) -> list[Bar]:
        """The newest bars later than `since_s`, at most 720; the last one is open and always there."""
        self._forget_after_a_control()
        interval_s = interval_min * 60
        newest = _floor(now_s, interval_s)
        oldest = newest - (BARS_MAX - 1) * interval_s
        starts = (start for start in range(oldest, newest, interval_s) if start > since_s)
        return [self._bar(start, interval_s, now_s) for start in (*starts, newest)]

    def _forget_after_a_control(self) -> None:
        if self._version != self._path.version:
            self._bars.clear()
            self._version = self._path.version

    def _bar(self, start_s: int, interval_s: int, now_s: float) -> Bar:
        last = min(_floor(now_s, PRINT_EVERY_S), start_s + interval_s - PRINT_EVERY_S)
        known_last, bar = self._bars.get((start_s, interval_s), (None, None))
        if bar is None or known_last != last:
            bar = self._make_bar(start_s, interval_s, last)
            self._bars[start_s, interval_s] = (last, bar)
        return bar

    def _make_bar(self, start_s: int, interval_s: int, last: int) -> Bar:
        """Build a bar from its prints up to the last; long bars look at sixty of them and at the last one."""
        step_s = PRINT_EVERY_S if interval_s <= _EXACT_UP_TO_MIN * 60 else interval_s // 60
        stretches = pairwise([*range(start_s, last, step_s), last, last + PRINT_EVERY_S])
        loud = [(at, _prints_between(at, after)) for at, after in stretches if not self._is_silent(at)]
        if not loud:
            price = self._path.price(self._last_moment(last))
            return Bar(start_s, price, price, price, price, Decimal(0), Decimal(0), 0)
        prices = [self._path.price(at) for at, _ in loud]
        volumes = [self._volume(at) * weight for at, weight in loud]
        volume = sum(volumes, Decimal(0))
        turnover = sum(map(mul, prices, volumes), Decimal(0))
        vwap = (turnover / volume).quantize(self._path.pair.tick)
        return Bar(
            start_s,
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            vwap,
            volume,
            sum(weight for _, weight in loud),
        )

    def _is_silent(self, at_s: int) -> bool:
        return any(at_s in silence for silence in self._silences)

    def _last_moment(self, at_s: int) -> int:
        """The last moment up to this one at which somebody traded."""
        while self._is_silent(at_s):
            at_s -= PRINT_EVERY_S
        return at_s

    def _print(self, at_s: int) -> Print:
        is_buy = bool(_noise(at_s // PRINT_EVERY_S) & 1)
        return Print(at_s, self._path.price(at_s), self._volume(at_s), is_buy)

    def _volume(self, at_s: int) -> Decimal:
        return self._volumes[_noise(at_s // PRINT_EVERY_S) % len(self._volumes)]


def _prints_between(start_s: int, end_s: int) -> int:
    return (end_s - start_s) // PRINT_EVERY_S


def _floor(at_s: float, step_s: int) -> int:
    return int(at_s // step_s) * step_s


def _noise(number: int) -> int:
    """Mix the bits of a number, so that neighbours look unrelated."""
    mixed = (number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return mixed ^ (mixed >> 31)
