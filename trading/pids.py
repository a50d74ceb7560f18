"""Processes named so that a recycled pid is never mistaken for them: pid and start time together."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_START_TIME_FIELD = 22
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process for ever; `started_at` is in seconds since the machine's boot."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """The process that has this pid now, or None when there is none or only its remains."""
        started_at = _started_at(pid)
        return None if started_at is None else cls(pid, started_at)

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return _started_at(self.pid) == self.started_at

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to this process and no other; False when it is gone."""
        handle = self.handle()
        if handle is None:
            return False
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; True when it is gone. One's own children are not reaped by this."""
        handle = self.handle()
        if handle is None:
            return True
        try:
            return bool(readable([handle], timeout_s))
        finally:
            os.close(handle)

    def end(self, patience_s: float = 5) -> bool:
        """Ask it to end, then make it; True when it is gone."""
        if self.signal(signal.SIGTERM) and not self.wait(patience_s):
            self.signal(signal.SIGKILL)
        return self.wait(patience_s)

    def handle(self) -> int | None:
        """An open pidfd on it, for the caller to close; None when it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return None
        if self.is_alive:
            return handle
        os.close(handle)
        return None


def process_of(pid: int | None, started_at: float | None) -> ProcessId | None:
    """The process that was written down, whether it still runs or not."""
    return None if pid is None or started_at is None else ProcessId(pid, started_at)


def readable(handles: Iterable[int], timeout_s: float) -> list[int]:
    """Those of some open files that can be read, waiting for one; however high their numbers are."""
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    return [handle for handle, _ in poll.poll(timeout_s * 1000)]


def _started_at(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name is in brackets and may hold anything, blanks and brackets too.
    rest = text.rpartition(")")[2].split()
    if rest[0] in "ZX":
        return None
    return int(rest[_START_TIME_FIELD - 3]) / _TICKS_A_SECOND


def own_age_s() -> float:
    """How many seconds ago this process was started, which is before it could look at any clock."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return now - (_started_at(os.getpid()) or now)


def undumpable() -> None:
    """Keep other processes of this user from reading our memory or environment."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(4, 0, 0, 0, 0)
