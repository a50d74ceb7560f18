"""An account's halt: asked for, or found by looking at the latch, and tried again until it is proven."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from trading.amount import plain
from trading.books import Books
from trading.codec import decode
from trading.errors import LatchUnwritable, VenueError
from trading.events import EventKind
from trading.gate import Gate
from trading.gateway_files import note_proof, proven_halt
from trading.halt import Steps, halt_venue
from trading.killswitch import Latch
from trading.reconciliation import Reconciler
from trading.session_states import SessionStates
from trading.venue_clock import CLOCK_SKEW_S_MAX
from trading.venues.venue import Venue
from trading.wire import HaltProof

log = structlog.get_logger()

# What was cancelled since is asked of the venue, by its clock.
_CLOCKS_DIFFER = timedelta(seconds=CLOCK_SKEW_S_MAX + 1)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A halt that is being proven, for whoever asks for one meanwhile."""

    reason: str
    steps: Steps
    proof: Future[HaltProof]

    def joined(self, reason: str) -> HaltProof:
        """Its proof; told to somebody else's halt without what was done before that one was asked for."""
        since_ms = self.steps.now_ms
        proof = self.proof.result()
        if reason == self.reason:
            return proof
        left = tuple((name, ms - since_ms) for name, ms in proof.steps if ms >= since_ms)
        return replace(proof, steps=(("joined a halt under way", 0), *left))


@dataclass(frozen=True, slots=True)
class HaltTiming:
    """In seconds: how long to wait for the gate, to try, and for the last fills; when to try again."""

    gate_shut_within_s: float = 0.5
    within_s: float = 30
    fills_within_s: float = 3
    again_s: float = 10


class Halting:
    """Halts one account; `venue` is the emergency connection where there is one."""

    def __init__(
        self,
        *,
        exchange: str,
        venue: Venue,
        books: Books,
        gate: Gate,
        reconciler: Reconciler,
        states: SessionStates,
        latch: Latch,
        clock: Callable[[], datetime],
        venue_failed: Callable[[VenueError], None],
        timing: HaltTiming,
        settle_soon: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._venue = venue
        self._books = books
        self._gate = gate
        self._reconciler = reconciler
        self._states = states
        self._latch = latch
        self._clock = clock
        self._venue_failed = venue_failed
        self._timing = timing
        self._settle_soon = settle_soon
        self._lock = threading.Lock()
        self._running: _UnderWay | None = None
        self._seen = False
        self._unproven = False
        self._owes_proof = False  # whether people wait for a proof that no answer of ours will give them
        self._again_at = 0.0

    def begin(self) -> None:
        """Take note of a latch found engaged: what the venue has not proven of this halt is proven now.

        What was put there by hand since is left alone, and so is the account of a home that nobody has begun.
        """
        engaged, mark = self._latch.engaged(), self._latch.mark()
        was_proven = mark != "" and mark == proven_halt(self._latch.home, self._exchange)
        is_proven = self._latch.untouched or was_proven
        self._seen = engaged and is_proven and not (self._states.open() or self._books.live())
        self._owes_proof = engaged and not self._seen

    def shut(self, reason: str, by: str, at: Any, cause: str) -> bool:
        """Let no new order begin, whatever disk and database do, and start the halt; waits for neither."""
        self._latch.hold(reason, by, decode(datetime, at), cause)
        self._seen = True
        threading.Thread(target=self.halt, args=(reason,), name="gateway-halt", daemon=True).start()
        return True

    def halt(self, reason: str) -> HaltProof:
        """Shut the gate, cancel everything, prove it; who asks while that is under way gets the same proof.

        The books follow afterwards: what became of each order takes longer than knowing that none is left.
        """
        steps = Steps()
        self._engage(reason)
        steps.took("latch")
        self._seen = True
        with self._lock:
            running, mine = self._running, _UnderWay(reason, steps, Future())
            self._running = running or mine
        if running is not None:
            return running.joined(reason)
        try:
            proof = self._halt(steps, reason)
        except BaseException as error:
            mine.proof.set_exception(error)
            raise
        else:
            mine.proof.set_result(proof)
        finally:
            with self._lock:
                self._running = None
        self._settle_soon()
        log.warning("halted", proven=proof.proven, steps=proof.steps, detail=proof.detail)
        return proof

    def _halt(self, steps: Steps, reason: str) -> HaltProof:
        self._unproven = True  # until the end of this is reached, whatever happens on the way
        mark, begun_at, ours = self._latch.mark(), self._clock(), len(self._books.live())
        shut = self._gate.wait_shut(self._timing.gate_shut_within_s)
        steps.took("gate shut" if shut else "gate shut, an order is on its way")
        proof = halt_venue(
            self._venue,
            last_deadline=self._books.last_deadline,
            clock=self._clock,
            within_s=self._timing.within_s,
            steps=steps,
        )
        may_be_foreign = not 0 <= proof.cancelled <= ours
        unread, foreign = self._read_last(begun_at - _CLOCKS_DIFFER if may_be_foreign else None)
        detail = "; ".join(filter(None, (proof.detail, unread)))
        proof = replace(proof, held=self._books.held(), detail=detail, foreign=foreign)
        ended = self._ended(proof, reason)
        self._unproven = not (proof.proven and ended)
        if not self._unproven:
            note_proof(self._latch.home, self._exchange, mark)
        self._owes_proof = self._unproven
        self._again_at = time.monotonic() + self._timing.again_s
        return proof

    def watch(self) -> None:
        """Halt when the latch is found engaged: the bot may not be there to say so."""
        if not self._latch.engaged():
            self._seen = False
            return
        self._spread()
        if self._is_due():
            self.halt(self._latch.read().reason or "the latch was engaged")

    def _engage(self, reason: str) -> None:
        """A disk that takes nothing must not keep the orders at the venue: the latch then holds in memory."""
        if self._latch.written() and not self._latch.held:
            return
        try:
            self._latch.engage(reason, "gateway", self._clock())
        except LatchUnwritable as error:
            log.error("the halt is kept in memory only", why=str(error))

    def _spread(self) -> None:
        try:
            self._latch.spread(self._clock())
        except OSError as error:
            log.error("latch.json does not say that HALT is there", why=str(error))

    def _is_due(self) -> bool:
        """Whether to halt (again): not done yet, not proven, or a session that was started meanwhile."""
        if not self._seen:
            return True
        if time.monotonic() < self._again_at:
            return False
        self._again_at = time.monotonic() + self._timing.again_s
        return self._unproven or not self._latch.written() or bool(self._states.open())

    def _read_last(self, cancelled_since: datetime | None) -> tuple[str, int]:
        """Book what was filled last, over the emergency connection; gives why that is not known to be all.

        Also how many orders that are not ours were cancelled, where there may be some: they take calls.
        """
        failures, foreign = ["the venue has not answered yet"], [0]

        def read() -> None:
            try:
                self._reconciler.poll_fills(self._venue)
                if cancelled_since is not None:
                    foreign.append(self._reconciler.foreign_cancelled(cancelled_since, self._venue))
                failures.clear()
            except VenueError as error:
                failures[:] = [str(error)]
                self._venue_failed(error)
            except Exception as error:
                failures[:] = [f"{type(error).__name__}: {error}"]
                log.exception("the last fills of a halt could not be booked")

        reading = threading.Thread(target=read, name="gateway-halt-fills", daemon=True)
        reading.start()
        reading.join(self._timing.fills_within_s)
        why = f"what was filled last is not known: {failures[0]}" if failures else ""
        return why, foreign[-1]

    def _ended(self, proof: HaltProof, reason: str) -> bool:
        """End every session, and tell of a proof that comes later than its answer; False if it failed.

        A database that does not answer takes nothing from what the venue has proven: it is tried again.
        """
        try:
            self._end_sessions(proof, reason)
        except Exception:
            log.exception("the sessions of a halt could not be ended; it is tried again")
            return False
        return True

    def _end_sessions(self, proof: HaltProof, reason: str) -> None:
        facts = {
            "proven": proof.proven,
            "steps": [list(step) for step in proof.steps],
            "orders_open": proof.orders_open,
            "held": {asset: plain(quantity) for asset, quantity in proof.held.items()},
            "detail": proof.detail,
            "foreign": proof.foreign,
        }
        said = self._latch.read().reason or reason
        for session in self._states.open():
            self._states.end_halted(session.id, said, facts)
        if proof.proven and self._owes_proof:
            key = f"{EventKind.HALT_PROVEN}:{self._exchange}:{self._clock().isoformat()}"
            self._states.tell(EventKind.HALT_PROVEN, key, {"exchange": self._exchange, **facts})
