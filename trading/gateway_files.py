"""Where a gateway's socket, pid and lock are, below the home folder."""

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path

from trading.errors import TradingError
from trading.pids import ProcessId


class GatewayRuns(TradingError):
    """A gateway for {exchange} runs already, and two would spoil each other's nonces. Let that one be."""


def run_folder(home: Path) -> Path:
    """The folder that only this user may enter."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def socket_path(home: Path, exchange: str) -> Path:
    """The gateway's socket."""
    return home / "run" / f"gateway-{exchange}.sock"


def gateway_process(home: Path, exchange: str) -> ProcessId | None:
    """The gateway that runs now, or None."""
    try:
        written = json.loads((home / "run" / f"gateway-{exchange}.json").read_text())
        process = ProcessId(int(written["pid"]), float(written["started_at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if process.is_alive else None


def running_gateways(home: Path) -> tuple[str, ...]:
    """The exchanges whose gateway runs now."""
    names = sorted(path.stem.removeprefix("gateway-") for path in (home / "run").glob("gateway-*.json"))
    return tuple(name for name in names if gateway_process(home, name) is not None)


def timer_note(home: Path, exchange: str) -> Path:
    """Where a gateway notes when it set the venue's dead-man timer."""
    return home / "run" / f"timer-{exchange}"


def note_proof(home: Path, exchange: str, mark: str) -> None:
    """Write down which halt an account has proven, by the latch's mark of it."""
    with suppress(OSError):  # a full disk: the next gateway proves it again
        (run_folder(home) / f"halted-{exchange}").write_text(mark)


def proven_halt(home: Path, exchange: str) -> str:
    """The mark of the halt that this account has proven last, or nothing."""
    try:
        return (home / "run" / f"halted-{exchange}").read_text()
    except (OSError, ValueError):
        return ""


def note_session(home: Path, session_id: str, process: ProcessId) -> None:
    """Write down which process a session is, for whoever has to end what a killed bot left behind."""
    text = json.dumps({"pid": process.pid, "started_at": process.started_at})
    (run_folder(home) / f"session-{session_id}.json").write_text(text)


def forget_session(home: Path, session_id: str) -> None:
    """The session's process is gone."""
    (home / "run" / f"session-{session_id}.json").unlink(missing_ok=True)


class GatewayLock:
    """Held for a gateway's whole life, so that a second one cannot be.

    With `announced=False` nobody is told who holds it: for a process that stands in for a gateway a moment.
    """

    def __init__(self, home: Path, exchange: str, *, announced: bool = True) -> None:
        folder = run_folder(home)
        self._file = os.open(folder / f"gateway-{exchange}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise GatewayRuns(exchange=exchange) from None
        self._pid_file = folder / f"gateway-{exchange}.json"
        if not announced:
            return
        process = ProcessId.of(os.getpid())
        fresh = self._pid_file.with_suffix(".new")
        fresh.write_text(json.dumps({"pid": os.getpid(), "started_at": process.started_at if process else 0}))
        fresh.replace(self._pid_file)

    def release(self) -> None:
        """Let another gateway be."""
        self._pid_file.unlink(missing_ok=True)
        os.close(self._file)
