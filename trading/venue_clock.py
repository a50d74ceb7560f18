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
    """How far our clock is ahead of the venue's at least, behind with a minus.

    The venue tells whole seconds, at some moment between our question and its answer: what that leaves open
    is no skew, however slow the line.
    """
    asked_at, venue_now, heard_at = clock(), venue.time(), clock()
    at_least_s = (asked_at - venue_now).total_seconds() - 1
    at_most_s = (heard_at - venue_now).total_seconds()
    return round(max(at_least_s, 0.0) + min(at_most_s, 0.0), 3)


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
