"""The file of a home that tells which bot of it still lives: the kernel lets go of it with the process."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from trading.gateway_files import run_folder
from trading.pids import ProcessId


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who wrote itself into the file: by what it calls itself in the lease, and as a process."""

    holder: str
    pid: int
    started_at: float


class HomeLock:
    """Whoever has it knows that the one who is written in it is gone, and need not wait and see."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(run_folder(home) / "bot.lock", os.O_CREAT | os.O_RDWR, 0o600)
        self.taken = False

    def take(self) -> bool:
        """Take it if nobody has it; gives whether it is ours."""
        if not self.taken:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            self.taken = True
        return True

    def tenant(self) -> Tenant | None:
        """Who is written in it, living or not; None when nobody is."""
        try:
            written = json.loads(os.pread(self._file, 1024, 0))
            return Tenant(str(written["holder"]), int(written["pid"]), float(written["started_at"]))
        except (ValueError, KeyError, TypeError):
            return None

    def sign(self, holder: str) -> None:
        """Write ourselves into it; only for whoever has it."""
        process = ProcessId.of(os.getpid())
        tenant = Tenant(holder, os.getpid(), process.started_at if process else 0)
        data = json.dumps(asdict(tenant)).encode()
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, data, 0)

    def release(self) -> None:
        """Let another bot of this home have it."""
        os.close(self._file)
