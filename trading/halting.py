"""An account's halt: asked for, or found by looking at the latch, and tried again until it is proven."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from trading.amount import plain
from trading.books import Books
from trading.errors import VenueError
from trading.gate import Gate
from trading.halt import Steps, halt_venue
from trading.killswitch import Latch
from trading.reconciliation import Reconciler
from trading.session_states import SessionStates
from trading.venues.venue import Venue
from trading.wire import HaltProof

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HaltTiming:
    """In seconds: how long to wait for the gate, how long to try, and after how long to try again."""

    gate_shut_within_s: float = 0.5
    within_s: float = 30
    again_s: float = 10


class Halting:
    """Halts one account; `venue` is the emergency connection where there is one."""

    def __init__(
        self,
        *,
        venue: Venue,
        books: Books,
        gate: Gate,
        reconciler: Reconciler,
        states: SessionStates,
        latch: Latch,
        clock: Callable[[], datetime],
        venue_failed: Callable[[VenueError], None],
        timing: HaltTiming,
    ) -> None:
        self._venue = venue
        self._books = books
        self._gate = gate
        self._reconciler = reconciler
        self._states = states
        self._latch = latch
        self._clock = clock
        self._venue_failed = venue_failed
        self._timing = timing
        self._lock = threading.Lock()
        self._seen = False
        self._unproven = False
        self._again_at = 0.0

    def begin(self) -> None:
        """Take note of a latch found engaged; with nothing open there is nothing left to halt."""
        self._seen = self._latch.engaged() and not (self._states.open() or self._books.live())

    def halt(self, reason: str) -> HaltProof:
        """Shut the gate, cancel everything, prove it; a second caller waits for a proof of its own."""
        steps = Steps()
        if not self._latch.engaged():
            self._latch.engage(reason, "gateway", self._clock())
        steps.took("latch")
        self._seen = True
        with self._lock:
            shut = self._gate.wait_shut(self._timing.gate_shut_within_s)
            steps.took("gate shut" if shut else "gate shut, an order is on its way")
            proof = halt_venue(
                self._venue,
                last_deadline=self._books.last_deadline,
                clock=self._clock,
                within_s=self._timing.within_s,
                steps=steps,
            )
            proof = self._brought_home(proof, reason)
            self._unproven = not proof.proven
            self._again_at = time.monotonic() + self._timing.again_s
        log.warning("halted", proven=proof.proven, steps=proof.steps)
        return proof

    def watch(self) -> None:
        """Halt when the latch is found engaged: the bot may not be there to say so."""
        if not self._latch.engaged():
            self._seen = False
        elif not self._seen or (self._unproven and time.monotonic() >= self._again_at):
            self.halt(self._latch.read().reason or "the latch was engaged")

    def _brought_home(self, proof: HaltProof, reason: str) -> HaltProof:
        """Bring the books in line as far as the venue answers, and end every session."""
        try:
            self._reconciler.reconcile()
        except VenueError as error:
            self._venue_failed(error)
        proof = replace(proof, held=self._books.held())
        facts = {
            "proven": proof.proven,
            "steps": [list(step) for step in proof.steps],
            "orders_open": proof.orders_open,
            "held": {asset: plain(quantity) for asset, quantity in proof.held.items()},
            "detail": proof.detail,
        }
        said = self._latch.read().reason or reason
        for session in self._states.open():
            self._states.end_halted(session.id, said, facts)
        return proof
