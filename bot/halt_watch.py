"""Hears of every halt, by whatever way it came, and has each recorded and proven once."""

import logging
from datetime import datetime
from threading import Event, Lock, Thread

from bot.halt_route import HaltOrder
from bot.operations.halt import RecordHalt
from trading.killswitch import Latch

log = logging.getLogger(__name__)

POLL_S = 0.2
RETRY_S = 2.0


class HaltWatch:
    """Looks at the latch; the shell and `touch HALT` have no other way to tell the bot."""

    def __init__(self, latch: Latch, record: RecordHalt) -> None:
        self._latch = latch
        self._record = record
        self._told: datetime | None = None
        self._lock = Lock()
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
        self._tell(order.by, order.reason, order.at, order.latch_ms)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except Exception:
                log.exception("halt-watch: will look again")
                self._stopping.wait(RETRY_S)
            self._stopping.wait(POLL_S)

    def _look(self) -> None:
        if not self._latch.engaged():
            self._told = None
            return
        if self._told is not None:
            return
        state = self._latch.read()
        if unfinished := self._record.unfinished():
            self._tell(unfinished.by, unfinished.reason, unfinished.at, unfinished.latch_ms)
        elif state.at is not None and not self._record.known(state.at):
            self._tell(state.by or "a file in the home folder", state.reason, state.at, 0)
        else:
            self._told = state.at

    def _tell(self, by: str, reason: str, at: datetime, latch_ms: int | None) -> None:
        with self._lock:
            if self._told == at:
                return
            self._record(by, reason, at, latch_ms)
            self._told = at
