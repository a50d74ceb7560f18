"""Forks one process a session out of a small one that has loaded what sessions need and nothing else.

Started as `python -m trading.forkserver <socket>` with a clean environment, it says `ready` once it can be
asked and ends when its standard input closes, that is with the bot. Its children have sessions of the
operating system of their own and live on.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trading import preview, process
from trading.codec import decode, encode
from trading.pids import ProcessId
from trading.sockets import listening

_LINE_BYTES_MAX = 4_000_000
_PREVIEW_S_MAX = 20


def serve(path: Path) -> None:
    """Take jobs from the socket until standard input closes."""
    listener = listening(path)
    signal.signal(signal.SIGCHLD, _reap)
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        ready = select.select([listener, sys.stdin.fileno()], [], [])[0]
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 1):
            return
        if listener in ready:
            connection, _ = listener.accept()
            with connection:
                _take(listener, connection)


def _take(listener: socket.socket, connection: socket.socket) -> None:
    """Read one job and fork for it; a caller that talks nonsense or hangs up costs nothing."""
    connection.settimeout(5)
    with contextlib.suppress(OSError, ValueError, KeyError):
        with connection.makefile("rb") as lines:
            job = json.loads(lines.readline(_LINE_BYTES_MAX))
        if job["job"] == "session":
            pid = _forked(listener, job, lambda: _session(job["task"]), connection)
            started = ProcessId.of(pid)
            answer = {"pid": pid, "started_at": started.started_at if started else 0.0}
            connection.sendall(json.dumps(answer).encode() + b"\n")
        elif job["job"] == "preview":
            _forked(listener, job, lambda: _preview(job["task"], connection), None)


def _forked(
    listener: socket.socket, job: dict[str, Any], work: Callable[[], int], unwanted: socket.socket | None
) -> int:
    """Fork; the child works and never comes back from here."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        listener.close()
        if unwanted is not None:
            unwanted.close()
        _redirect(job["log"])
        sys.path[:] = job["path"] or sys.path
        code = work()
    except Exception as error:
        process.say("process failed", detail=f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def _session(task: dict[str, Any]) -> int:
    return process.run_session(decode(process.SessionTask, task))


def _preview(task: dict[str, Any], connection: socket.socket) -> int:
    signal.alarm(_PREVIEW_S_MAX)  # nobody waits any longer, and a strategy may never end
    result = preview.foresee(decode(preview.PreviewTask, task))
    connection.sendall(json.dumps(encode(result)).encode() + b"\n")
    return 0


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
