"""How much memory a process has, once it has stopped taking more; MB are millions of bytes."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

_STEADY_FOR_S = 2.0
_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.2
_GREW_BY = 1.01


def resident_mb(pid: int) -> float:
    """What is resident of a process, shared pages included."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def private_mb(pid: int) -> float:
    """What a process alone has; what it still shares with the process it was forked from does not count."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    private = (int(words[1]) for words in lines if words[0] in ("Private_Clean:", "Private_Dirty:"))
    return sum(private) * 1024 / 1e6


def steady(measure: Callable[[int], float], pid: int) -> float:
    """Measure until the value has not grown by a hundredth for two seconds."""
    until = time.monotonic() + _WITHIN_S
    highest, since = measure(pid), time.monotonic()
    while time.monotonic() < until and time.monotonic() - since < _STEADY_FOR_S:
        time.sleep(_LOOK_EVERY_S)
        now = measure(pid)
        if now > highest * _GREW_BY:
            highest, since = now, time.monotonic()
    return measure(pid)
