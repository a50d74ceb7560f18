"""The bot's end of the forkserver: starts it, asks it for processes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trading
from trading.codec import decode, encode
from trading.errors import TradingError
from trading.gateway_files import run_folder
from trading.pids import ProcessId
from trading.preview import Preview, PreviewTask
from trading.process import SessionTask
from trading.sockets import connected

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")
_STARTS_WITHIN_S = 20.0
_FORKS_WITHIN_S = 5.0
_PREVIEW_WITHIN_S = 20.0


class ForkserverSilent(TradingError):
    """The forkserver did not do its job: {detail}. No session starts until it does; see logs/sessions.log."""


class Forks:
    """One forkserver, started when first needed and again when it is gone.

    Its processes, and not it itself, find modules in `strategies`, or where it does when that is empty.
    """

    def __init__(self, home: Path, strategies: tuple[str, ...] = ()) -> None:
        self._home = home
        self._strategies = strategies
        self._socket = run_folder(home) / "forkserver.sock"
        (home / "logs").mkdir(parents=True, exist_ok=True)
        self._log = home / "logs" / "sessions.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def session(self, task: SessionTask) -> ProcessId:
        """Fork the process of a session; a forkserver that hangs is ended, so the next call has a new one."""
        try:
            answer = self._ask({"job": "session", "task": encode(task)}, _FORKS_WITHIN_S)
        except ForkserverSilent:
            self._end()
            raise
        return ProcessId(int(answer["pid"]), float(answer["started_at"]))

    def preview(self, task: PreviewTask) -> Preview:
        """Run a strategy once in a process that ends at once."""
        return decode(Preview, self._ask({"job": "preview", "task": encode(task)}, _PREVIEW_WITHIN_S))

    def close(self) -> None:
        """Let the forkserver end; the processes it forked live on."""
        with self._lock:
            if self._process is not None:
                assert self._process.stdin is not None  # noqa: S101 - opened below
                self._process.stdin.close()
                self._process.wait(timeout=5)
                self._process = None

    def _end(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _ask(self, job: Mapping[str, Any], timeout_s: float) -> Any:
        self._ensure_started()
        common = {"log": str(self._log), "path": self._strategies}
        try:
            with connected(self._socket, timeout_s) as connection:
                connection.sendall(json.dumps({**job, **common}).encode() + b"\n")
                with connection.makefile("rb") as lines:
                    return json.loads(lines.readline())
        except (OSError, ValueError) as error:
            raise ForkserverSilent(detail=str(error) or type(error).__name__) from error

    def _ensure_started(self) -> None:
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._socket.unlink(missing_ok=True)
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-P", "-m", "trading.forkserver", str(self._socket)],
                    env=_clean_environment(),
                    cwd=self._home,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
            self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """The forkserver says one word once it can be asked."""
        assert process.stdout is not None  # noqa: S101 - opened above
        timer = threading.Timer(_STARTS_WITHIN_S, process.kill)
        timer.start()
        try:
            if process.stdout.readline() != b"ready\n":
                raise ForkserverSilent(detail="it ended while starting")
        finally:
            timer.cancel()
            process.stdout.close()


def _clean_environment() -> dict[str, str]:
    """Nothing but what Python needs to find itself and this package."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": str(Path(trading.__file__).resolve().parent.parent)}
