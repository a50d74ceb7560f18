"""Work that comes round again, each in a thread of its own."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Periodic:
    """Runs a job every so many seconds until it is stopped; one that raises is logged and runs again."""

    def __init__(self, name: str, every_s: float, job: Callable[[], object]) -> None:
        self._every_s = every_s
        self._job = job
        self._stopped = False
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with the job at once."""
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
        while not self._stopped:
            try:
                self._job()
            except Exception:
                log.exception("periodic work failed", work=self._thread.name)
            self._due.wait(self._every_s)
            self._due.clear()
