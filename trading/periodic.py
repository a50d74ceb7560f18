"""Work that comes round again, each in a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Growing:
    """When to look again: soon after something happened, and twice as late each time that nothing did."""

    def __init__(self, first_s: float, longest_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._now = now
        self.happened()

    def happened(self) -> None:
        """Look at once, and soon after it."""
        self._wait_s = self._first_s / 2
        self._due_at = self._now()

    def is_due(self) -> bool:
        """Whether to look now; if so, the next time is set as if nothing will be found."""
        if self._now() < self._due_at:
            return False
        self._wait_s = min(2 * self._wait_s, self._longest_s)
        self._due_at = self._now() + self._wait_s
        return True


class Periodic:
    """Runs a job every so many seconds until it is stopped; one that raises is logged and runs again."""

    def __init__(self, name: str, every_s: float, job: Callable[[], object]) -> None:
        self._every_s = every_s
        self._job = job
        self._at_once = True
        self._stopped = False
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, *, at_once: bool = True) -> None:
        """Begin with the job, or with the wait for it where it has just been done."""
        self._at_once = at_once
        self._thread.start()

    def now(self) -> None:
        """Do not wait for the next time."""
        self._due.set()

    def stop(self) -> None:
        """Do not run again, and wait for a run under way."""
        self._stopped = True
        self._due.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        if not self._at_once:
            self._wait()
        while not self._stopped:
            try:
                self._job()
            except Exception:
                log.exception("periodic work failed", work=self._thread.name)
            self._wait()

    def _wait(self) -> None:
        self._due.wait(self._every_s)
        self._due.clear()
