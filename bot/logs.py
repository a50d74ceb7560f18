"""What is written down beside the database: one JSON line an event, one plain line an act or alert."""

import fcntl
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from pydantic import SecretStr

from bot.escape import plain
from bot.redaction import Redactor

BYTES_PER_FILE_MAX = 10 * 1024 * 1024
OLD_FILES_MAX = 5

# Libraries that write whole requests, addresses with tickets, or every poll, at INFO.
QUIET = ("httpx", "httpcore", "urllib3", "asyncio", "websockets", "uvicorn.access", "apscheduler")

# Slack's library logs the body of a request whose signature is wrong.
BAD_SIGNATURE = "Invalid request signature detected"


class SharedFile:
    """A file that several processes append whole lines to, and that is set aside when it is full."""

    def __init__(self, path: Path, bytes_max: int | None = None, old_files_max: int = OLD_FILES_MAX) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._old_files_max = old_files_max
        self._lock = threading.Lock()
        self._file: int | None = None

    def append(self, line: str) -> None:
        """Write one line; raises OSError when the disk does not take it."""
        data = f"{line}\n".encode("utf-8", "replace")
        with self._lock:
            file = self._current() or self._opened()
            os.write(file, data)
            if self._bytes_max and os.fstat(file).st_size >= self._bytes_max:
                self._set_aside(file)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def _current(self) -> int | None:
        """The open file, if it is still the one of that name: another process may have set it aside."""
        if self._file is None:
            return None
        with suppress(OSError):
            return self._file if os.path.samestat(os.fstat(self._file), self._path.stat()) else None
        return None

    def _opened(self) -> int:
        self._close()
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _set_aside(self, file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)  # two processes may both find it full
        if self._current() is not None:
            for number in range(self._old_files_max, 0, -1):
                younger = self._path if number == 1 else self._old(number - 1)
                with suppress(FileNotFoundError):
                    younger.replace(self._old(number))
        self._close()

    def _old(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class LineLog:
    """A file with one line an act or alert, for people and for `grep`: time, then fields between tabs."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._file = SharedFile(path)
        self._redactor = redactor

    def write(self, at: datetime, *fields: str) -> None:
        """Write one line; whatever the fields hold, it stays one."""
        safe = (plain(self._redactor.text(field)) or "-" for field in fields)
        self._file.append("\t".join((f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", *safe)))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class JsonLines(logging.Handler):
    """Every record of every library as one JSON line, without secrets and without local variables."""

    def __init__(self, write: Callable[[str], None], redactor: Redactor, process: str) -> None:
        super().__init__()
        self._write = write
        self._redactor = redactor
        self._process = process

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a disk that is full is told on the standard error stream, never raised."""
        try:
            self._write(json.dumps(self._line(record)).replace("\x7f", "\\u007f"))
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a line was lost, but not what it held."""
        kind = sys.exc_info()[0]
        # Often a file of the same full disk. Whoever logs may be in the middle of a halt.
        with suppress(OSError, ValueError):
            sys.stderr.write(
                f"A log line of {record.name} was lost: {kind.__name__ if kind else 'unknown'}\n"
            )

    def _line(self, record: logging.LogRecord) -> dict[str, Any]:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
        }
        if isinstance(record.msg, dict):  # structlog's event with its facts
            facts = {f"{name}_" if name in line else str(name): fact for name, fact in record.msg.items()}
            line |= self._redactor.value(facts)
        else:
            message = record.getMessage()
            shown = f"{BAD_SIGNATURE}; refused" if message.startswith(BAD_SIGNATURE) else message
            line["event"] = self._redactor.text(shown)
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            line["exception"] = self._redactor.text(trace)
        return line


class Logs:
    """The three files of a home folder, for one process."""

    def __init__(self, home: Path, redactor: Redactor, process: str = "bot") -> None:
        folder = home / "logs"
        self.redactor = redactor
        self.operations = LineLog(folder / "operations.log", redactor)
        self.alerts = LineLog(folder / "alerts.log", redactor)
        self._events = SharedFile(folder / "peak-ops.log", BYTES_PER_FILE_MAX)
        self._process = process
        self._handlers: list[logging.Handler] = []

    def start(self, *, to_stderr: bool = False) -> None:
        """Take over all logging of this process, uncaught exceptions included."""
        self._handlers = [JsonLines(self._events.append, self.redactor, self._process)]
        if to_stderr:
            self._handlers.append(JsonLines(_to_stderr, self.redactor, self._process))
        _take_over(self._handlers, logging.INFO)
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_thread

    def stop(self) -> None:
        """Give logging back and let go of the files."""
        for handler in self._handlers:
            logging.getLogger().removeHandler(handler)
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        structlog.reset_defaults()
        for file in (self.operations, self.alerts, self._events):
            file.close()


def start_logs(
    home: Path, secrets: Iterable[SecretStr], process: str = "bot", *, to_stderr: bool = False
) -> Logs:
    """Open the logs of a home folder and take over all logging of this process."""
    logs = Logs(home, Redactor(secrets), process)
    logs.start(to_stderr=to_stderr)
    return logs


def warnings_to_stderr(secrets: Iterable[SecretStr]) -> None:
    """Log for a command of the shell: warnings only, nothing on standard output, no file."""
    _take_over([JsonLines(_to_stderr, Redactor(secrets), "shell")], logging.WARNING)


def _take_over(handlers: list[logging.Handler], level: int) -> None:
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            _as_record,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _as_record(_: Any, __: str, event: structlog.typing.EventDict) -> tuple[tuple[Any], dict[str, Any]]:
    """Hand structlog's event to logging whole, so that one handler writes everything."""
    exc_info = event.pop("exc_info", None)
    return (dict(event),), {"exc_info": exc_info}


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("peak-ops").critical("The program ended on an error", exc_info=(kind, error, trace))


def _uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is None or issubclass(failure.exc_type, SystemExit):
        return
    name = failure.thread.name if failure.thread else "unknown"
    error = (failure.exc_type, failure.exc_value, failure.exc_traceback)
    logging.getLogger("peak-ops").critical("The thread %s ended on an error", name, exc_info=error)
