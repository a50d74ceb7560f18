"""The venue's clock against ours: only the venue's says whether it would still take an order."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from trading.errors import VenueError
from trading.venues.venue import Venue

CLOCK_SKEW_S_MAX = 2.0

# Kraken tells whole seconds, so a clock that is a second further ahead than allowed still passes the check;
# the last second is for how long the question took.
_AHEAD_MAX = timedelta(seconds=CLOCK_SKEW_S_MAX + 2)

# What is judged by an order's deadline need not read the clock that the venue answers from.
ARRIVAL_SPARE = timedelta(milliseconds=250)


def clock_skew_s(venue: Venue, clock: Callable[[], datetime]) -> float:
    """How far our clock is ahead of the venue's; it tells whole seconds, so less than one ahead is none."""
    before, venue_now, after = clock(), venue.time(), clock()
    middle = before + (after - before) / 2
    skew_s = (middle - venue_now).total_seconds()
    return round(skew_s if skew_s < 0 else max(0.0, skew_s - 1), 3)


def venue_clock(venue: Venue, clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Ask the venue for its time once and count on from there: late by up to a second, never early.

    A venue that does not tell it is taken to be as far behind our clock as a start allows.
    """
    try:
        told = venue.time()
    except VenueError:
        told = clock() - _AHEAD_MAX
    asked_at = time.monotonic()
    return lambda: told + timedelta(seconds=time.monotonic() - asked_at)
