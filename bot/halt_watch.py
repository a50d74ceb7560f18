"""Hears of every halt, by whatever way it came, and has each recorded and proven once."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

from bot.errors import DatabaseUnavailable
from bot.halt_route import HaltOrder
from bot.operations.halt import RecordHalt, halt_id
from trading.killswitch import Latch, LatchState

log = logging.getLogger(__name__)

POLL_S = 0.2
RETRY_S = 2.0
# So long a halt is left to the way it came by, which knows more of it than the latch.
LEFT_TO_ITS_WAY = timedelta(seconds=1)
UNMEASURED_MS = 0
# Who halted, where nobody gave a name: somebody's `touch HALT`, or nobody at all, as in a fresh home.
A_FILE, PEAK_OPS = "a file in the home folder", "Peak Ops"


class HaltWatch:
    """Looks at the latch; the shell and `touch HALT` have no other way to tell the bot."""

    def __init__(self, latch: Latch, record: RecordHalt, clock: Callable[[], datetime]) -> None:
        self._latch = latch
        self._record = record
        self._clock = clock
        self._found_at: datetime | None = None
        self._was_active = False
        self._told: str | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="halt-watch", daemon=True)

    def start(self) -> None:
        """Begin; a halt that was never proven is taken up again."""
        self._thread.start()

    def stop(self) -> None:
        """End; a proof that is under way is taken up at the next start."""
        self._stopping.set()
        self._thread.join(1)

    def halted(self, order: HaltOrder) -> None:
        """A halt came through Slack: its order knows how fast the latch was."""
        self._record(order.by, order.reason, order.at, order.latch_ms, order.cause)
        self._told = halt_id(order.at, order.cause)

    def look(self) -> None:
        """Record and prove a halt that nobody has told of yet."""
        if not self._latch.engaged():
            self._told = self._found_at = None
            self._was_active = True
            return
        if self._told is not None:
            return
        state, now = self._latch.read(), self._clock()
        if state.at is not None and timedelta(0) <= now - state.at < LEFT_TO_ITS_WAY:
            return
        at = state.at or self._found_at or now
        self._found_at = at
        try:
            unfinished, known = self._record.unfinished(), self._known(state, at)
        except DatabaseUnavailable:
            unfinished, known = [], False  # the venue is asked all the same
        if not known:
            by = state.by or (PEAK_OPS if self._latch.said_at() is None else A_FILE)
            self._record(by, state.reason, at, UNMEASURED_MS, state.cause)
        for halt in unfinished:
            self._record.finish(halt)
        self._told = halt_id(at, state.cause)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:  # a watch that ends leaves a halt untold; it looks again
                log.exception("halt-watch: will look again")
                self._stopping.wait(RETRY_S)
            self._stopping.wait(POLL_S)

    def _known(self, state: LatchState, at: datetime) -> bool:
        """A halt without a time may have been told before this start: then it is the newest in the record."""
        if state.at is not None:
            return self._record.known(at, state.cause)
        return not self._was_active and self._record.stands(state.reason)
