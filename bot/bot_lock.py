"""One bot a home: two would both answer Slack and both watch over the same sessions."""

import fcntl
import os
from pathlib import Path

from bot.errors import BotError
from trading.gateway_files import run_folder


class BotRuns(BotError):
    """Another bot runs in {home} already (process {pid}), so this one was not started.

    Stop that one first, or set PEAK_OPS_HOME to another folder.
    """

    exit_code = 2
    home: Path
    pid: str


class BotLock:
    """Held for the bot's whole life; the kernel lets go of it with the process, however that ends."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(run_folder(home) / "bot.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(self._file, 20).decode(errors="replace").strip()
            os.close(self._file)
            raise BotRuns(home=home, pid=pid or "unknown") from None
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Let another bot be."""
        os.close(self._file)
