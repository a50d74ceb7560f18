"""The venue's part of a halt or a stop: cancel, wait out what may still arrive, cancel again, prove."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from trading.codec import Unreadable, decode
from trading.errors import TradingError, VenueError
from trading.gateway_client import GatewayClient
from trading.gateway_files import gateway_process
from trading.venue_clock import ARRIVAL_SPARE, venue_clock
from trading.venues.venue import Venue, VenueOrder
from trading.wire import HaltProof

log = structlog.get_logger()

# The venue counts every try: one in the same half second for ever would shut us out just when it is back.
_AGAIN_S, _AGAIN_S_MAX = 0.5, 6.0
_LOOK_S = 0.1
_CONFIRMS_WITHIN_S = 1.0
_ARRIVES = "an order that is on its way could still arrive"


class Steps:
    """Names of what was done, with the milliseconds from the beginning, which was `age_s` ago."""

    def __init__(self, age_s: float = 0) -> None:
        self._begun = time.monotonic() - age_s
        self._taken: list[tuple[str, int]] = []

    def took(self, name: str) -> None:
        """Write a step down as done now."""
        self._taken.append((name, self.now_ms))

    @property
    def now_ms(self) -> int:
        """Milliseconds since the beginning."""
        return round((time.monotonic() - self._begun) * 1000)

    @property
    def taken(self) -> tuple[tuple[str, int], ...]:
        """All steps so far."""
        return tuple(self._taken)


def halt_venue(
    venue: Venue,
    *,
    last_deadline: Callable[[], datetime | None],
    clock: Callable[[], datetime],
    within_s: float,
    steps: Steps,
) -> HaltProof:
    """Cancel every order of the account and prove it by a validated list with nothing in it.

    Keeps trying until `within_s` is over; a venue in maintenance cannot cancel, and then that is said. After
    that only one list is asked for, so it ends with two calls' time at the most.
    """
    until = time.monotonic() + within_s
    cancelling = _Cancelling(venue, steps)
    detail = _until_done(lambda: cancelling("first cancel"), until)
    arrived = wait_for_arrivals(venue, last_deadline, clock, until)
    steps.took("deadlines passed" if arrived else "deadlines not passed")
    detail = _until_done(lambda: cancelling("second cancel"), until) or detail
    left: list[VenueOrder] | None = None
    pause = Pause()
    while left is None or (left and time.monotonic() < until):
        try:
            left = list(venue.open_orders())
        except VenueError as error:
            detail = str(error)
            if time.monotonic() >= until:
                break
        if left:
            _until_done(lambda: cancelling("cancel again"), until)
        if left != []:
            pause.wait(until)
    proven = arrived and left == []
    steps.took("proof" if proven else "no proof")
    if left:
        detail = f"{len(left)} orders are still open at the venue"
    elif not arrived:
        detail = detail or _ARRIVES
    return HaltProof(
        proven,
        steps.taken,
        -1 if left is None else len(left),
        {},
        "" if proven else detail,
        cancelling.count,
    )


def wait_for_arrivals(
    venue: Venue,
    last_deadline: Callable[[], datetime | None],
    clock: Callable[[], datetime],
    until: float,
) -> bool:
    """Wait until no order without an answer could still be accepted, by the venue's clock; False if not."""
    if last_deadline() is None or time.monotonic() >= until:
        return last_deadline() is None
    venue_now = venue_clock(venue, clock)
    while (deadline := last_deadline()) is not None:
        left = deadline + ARRIVAL_SPARE - venue_now()
        if left <= timedelta(0):
            break
        if time.monotonic() >= until:
            return False
        threading.Event().wait(min(left.total_seconds(), _LOOK_S))
    return True


def halt_exchange(
    exchange: str,
    home: Path,
    client: GatewayClient,
    launch: Callable[[str], subprocess.Popen[bytes]],
    *,
    reason: str,
    patience_s: float = 60,
) -> HaltProof:
    """Halt one account, whatever state its gateway is in; the latch has been engaged before.

    The gateway is asked first. One that does not answer is ended by its pid, and `launch(exchange)` then
    does the venue's part over the emergency key and prints its proof as JSON.
    """
    steps = Steps()
    try:
        GatewayClient(client.socket_path, timeout_s=_CONFIRMS_WITHIN_S).ping()
        return GatewayClient(client.socket_path, timeout_s=patience_s).halt(reason)
    except TradingError as error:
        log.error("gateway did not halt", exchange=exchange, why=str(error))
        steps.took("gateway does not answer")
    gateway = gateway_process(home, exchange)
    if gateway is not None:
        ended = gateway.end(patience_s=0.5)
        steps.took("gateway ended" if ended else "gateway could not be ended")
    child = launch(exchange)
    try:
        output, _ = child.communicate(timeout=patience_s)
        proof = decode(HaltProof, _last_json(output))
    except (subprocess.TimeoutExpired, ValueError, Unreadable) as error:
        child.kill()
        child.communicate()
        steps.took("emergency failed")
        return HaltProof(False, steps.taken, -1, {}, f"the emergency process gave no proof: {error}")
    begun = steps.taken[-1][1]
    return replace(proof, steps=(*steps.taken, *((name, begun + ms) for name, ms in proof.steps)))


def _last_json(output: bytes) -> object:
    lines = output.decode(errors="replace").strip().splitlines()
    if not lines:
        raise ValueError("it printed nothing")
    try:
        return json.loads(lines[-1])
    except ValueError:
        raise ValueError(lines[-1][:300]) from None


class Pause:
    """The time between tries: half a second, then each time twice as long, up to six seconds."""

    def __init__(self) -> None:
        self._next_s = _AGAIN_S

    def wait(self, until: float) -> None:
        """Wait, but not past the end."""
        time.sleep(max(0.0, min(self._next_s, until - time.monotonic())))
        self._next_s = min(2 * self._next_s, _AGAIN_S_MAX)


class _Cancelling:
    """Cancels everything, as often as it is called, and counts; -1 once an answer was missing."""

    def __init__(self, venue: Venue, steps: Steps) -> None:
        self.count = 0
        self._venue = venue
        self._steps = steps

    def __call__(self, name: str) -> None:
        so_far, self.count = self.count, -1
        count = self._venue.cancel_all()
        self.count = so_far if so_far < 0 else so_far + count
        self._steps.took(f"{name}, {count} order{'' if count == 1 else 's'}")


def _until_done(act: Callable[[], None], until: float) -> str:
    """Do it, again and again if the venue fails; gives the last failure if it never went through."""
    pause, failure = Pause(), ""
    while time.monotonic() < until:
        try:
            act()
        except VenueError as error:
            failure = str(error)
            pause.wait(until)
        else:
            return ""
    return failure
