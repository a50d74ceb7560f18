"""Processes are told apart by pid and start time."""

import fcntl
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace

from trading.pids import ProcessId, process_of, readable


def a_process() -> subprocess.Popen[bytes]:
    """Start something that waits until its input closes."""
    return subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def test_a_process_is_alive_until_it_ends() -> None:
    """Ended means gone, a zombie included."""
    child = a_process()
    process = ProcessId.of(child.pid)
    assert process is not None
    assert process.is_alive
    assert process.end(patience_s=10)
    assert not process.is_alive
    assert ProcessId.of(child.pid) is None
    child.wait()


def test_a_recycled_pid_is_another_process() -> None:
    """The same number with another start time is never signalled."""
    child = a_process()
    process = ProcessId.of(child.pid)
    assert process is not None
    former = replace(process, started_at=process.started_at - 1)
    assert not former.is_alive
    assert former.handle() is None
    assert former.end(patience_s=0)
    assert process.is_alive
    process.end()
    child.wait()


def test_what_was_not_written_down_is_no_process() -> None:
    """Half a name names nobody."""
    assert process_of(os.getpid(), None) is None
    assert process_of(None, 1.0) is None


def test_a_file_with_a_high_number_can_be_waited_for() -> None:
    """A process with more than a thousand files open still hears when another one ends."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(4096, before[0]), before[1]))
    out, into = os.pipe()
    high = fcntl.fcntl(out, fcntl.F_DUPFD, 2000)
    try:
        assert readable([high], 0) == []
        os.write(into, b"!")
        assert readable([high], 30) == [high]
    finally:
        for handle in (out, into, high):
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_process_knows_when_it_was_started() -> None:
    """Before it had read a single line of its program, and not before it was asked for."""
    code = "from trading.pids import own_age_s; print(own_age_s())"
    asked_at = time.monotonic()
    age_s = float(subprocess.check_output([sys.executable, "-c", code], text=True))
    tick_s = 0.01
    assert 0 < age_s < time.monotonic() - asked_at + tick_s
