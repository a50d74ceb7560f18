"""The latch that halts everything: two files, either of which is enough, and only people clear it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from trading.errors import AlreadyBegun, LatchStillEngaged, LatchUnwritable

_ACTIVE = "active"
# The reason of an active latch that has ended a halt; one that was only begun has none.
_CLEARED = "a halt was cleared"
_HALTED = "halted"
_FILE_BYTES_MAX = 64 * 1024
_TRIES = 3


@dataclass(frozen=True, slots=True)
class LatchState:
    """Whether everything is halted, and who said so, when and why as far as that is known.

    `cause` is the key of the one click or command that halted, if it was one.
    """

    engaged: bool
    reason: str = ""
    by: str = ""
    at: datetime | None = None
    cause: str = ""


class Latch:
    """The halt of one home folder.

    The presence of `HALT` halts, so `touch HALT` works without any program. `latch.json` halts unless it
    is there, can be read and says active: a home that nobody began is halted. Both files hold the record
    in their first line, so that it can be written over in place, without needing room on the disk. A halt
    that neither file takes still holds for whoever asks this very object, which also knows the words of one
    that left only an empty `HALT`.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.halt_file = home / "HALT"
        self.latch_file = home / "latch.json"
        self._unwritten: dict[str, str] | None = None
        self._unwritten_words: tuple[str, dict[str, str]] | None = None

    def engaged(self) -> bool:
        """Whether nothing may be sent: true whenever either file says so or cannot be read."""
        return self._unwritten is not None or self.written()

    def written(self) -> bool:
        """Whether the files say so, which outlives this process."""
        return self._halt_file_present() or not self._latch_says_active()

    def read(self) -> LatchState:
        """The latch with what is known of the halt; never raises."""
        if not self.engaged():
            return LatchState(engaged=False)
        if record := self._halt_record():
            return _halted(record)
        said_at = self.said_at()
        if said_at is None:
            return LatchState(True, self._why_not_active())
        return LatchState(True, "the file HALT was put into the home folder", at=said_at)

    def said_at(self) -> datetime | None:
        """When `HALT` was written or touched last; each halt does, though the first reason and time stay."""
        try:
            return datetime.fromtimestamp(self.halt_file.lstat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            return None

    def engage(self, reason: str, by: str, at: datetime, cause: str = "") -> LatchState:
        """Halt; said again, the first reason stays. Raises `LatchUnwritable` only if neither file took it."""
        record = self._halt_record() or _record(_HALTED, reason, by, at, cause)
        failures: list[str] = []
        for _ in range(_TRIES):
            failures = self._write_halted({**record, "mark": token_hex(8)})
            if self._halt_file_present():
                break  # else it was being cleared at this very moment, and this halt came last
        self._unwritten = None if self.written() else record
        self._unwritten_words = (self.mark(), record)
        if self._unwritten is not None:
            raise LatchUnwritable(home=self.home, detail="; ".join(failures))
        return _halted(record)

    def hold(self, reason: str, by: str, at: datetime, cause: str = "") -> None:
        """Halt whoever asks this object, without touching the disk; `engage` has to follow."""
        self._unwritten = self._unwritten or _record(_HALTED, reason, by, at, cause)

    @property
    def held(self) -> bool:
        """Whether the halt holds in memory and still waits to be engaged."""
        return self._unwritten is not None

    @property
    def untouched(self) -> bool:
        """Whether nobody has ever begun this home or halted it: it is halted, but by no one."""
        return not (self._halt_file_present() or os.path.lexists(self.latch_file))

    def spread(self, at: datetime) -> None:
        """Let latch.json say what `HALT` alone says, so that removing that file ends nothing.

        Who halted, why and when stay as they are read; `at` stands in for a time that is not known.
        """
        if self._halt_file_present() and self._latch_says_active():
            state = self.read()
            record = _record(_HALTED, state.reason, state.by, state.at or at, state.cause)
            _keep(_write_over(self.latch_file, record))

    def active_since(self) -> datetime | None:
        """When the halt was cleared, or the home begun; None while halted, or when it is not known."""
        record = None if self.engaged() else _first_line(self.latch_file)
        return _time(str(record.get("at", ""))) if record else None

    def rearmed_at(self) -> datetime | None:
        """When a halt was cleared last; None while halted, and for a home that was only begun."""
        record = None if self.engaged() else _first_line(self.latch_file)
        return _time(str(record.get("at", ""))) if record and record.get("reason") == _CLEARED else None

    def mark(self) -> str:
        """What changes each time anybody halts, though the first reason stays: also with `touch HALT`."""
        return _mark(self.halt_file)

    def clear(self, by: str, at: datetime, mark: str | None = None) -> None:
        """Let trading go on; the caller has made sure that the policy's people want it.

        `mark` is that of the halt they have seen. Raises `LatchStillEngaged` when somebody halted since.
        """
        mark = self.mark() if mark is None else mark
        ends = _CLEARED if self._halt_record() or self._halt_file_present() else ""
        aside = self.halt_file.with_name("HALT.cleared")
        if self._halt_file_present():
            self.spread(at)  # else a halt by `touch` alone would be gone with the file
            self.halt_file.rename(aside)
            if _mark(aside) != mark:
                aside.rename(self.halt_file)
                raise LatchStillEngaged(reason=self.read().reason)
        elif mark:
            raise LatchStillEngaged(reason=self.read().reason)
        self._write_active(by, at, ends)
        self._unwritten = self._unwritten_words = None
        state = self.read()
        if state.engaged:
            raise LatchStillEngaged(reason=state.reason)

    def begin(self, by: str, at: datetime) -> None:
        """Let a fresh home trade for the first time; raises `AlreadyBegun` for any other."""
        if not self.untouched:
            raise AlreadyBegun(home=self.home)
        self.home.mkdir(parents=True, exist_ok=True)
        self._write_active(by, at)

    def _write_halted(self, record: Mapping[str, str]) -> list[str]:
        """Write both files, then have both survive a power cut; gives what went wrong."""
        failures = []
        open_files: list[int] = []
        for path in (self.halt_file, self.latch_file):
            try:
                open_files.append(_write_over(path, record))
            except OSError as error:
                failures.append(f"{path.name}: {error.strerror}")
        for descriptor in open_files:
            _keep(descriptor)
        _keep_names(self.home)
        return failures

    def _halt_file_present(self) -> bool:
        try:
            self.halt_file.lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def _latch_says_active(self) -> bool:
        record = _first_line(self.latch_file)
        return record is not None and record.get("state") == _ACTIVE

    def _halt_record(self) -> dict[str, str] | None:
        for path in (self.latch_file, self.halt_file):
            record = _first_line(path)
            if record is not None and record.get("state") == _HALTED:
                return {key: str(record.get(key, "")) for key in ("state", "reason", "by", "at", "cause")}
        if self._unwritten is None and self._unwritten_words is not None:
            mark, record = self._unwritten_words
            return record if mark and mark == self.mark() else None
        return self._unwritten

    def _why_not_active(self) -> str:
        if not os.path.lexists(self.latch_file):
            return "this home has not been begun, or its latch.json is gone"
        return "latch.json cannot be read or does not say active"

    def _write_active(self, by: str, at: datetime, reason: str = "") -> None:
        """Put the new file in place whole: half an active file must never be there."""
        fresh = self.latch_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _keep(_write_over(fresh, _record(_ACTIVE, reason, by, at)))
        fresh.replace(self.latch_file)
        _keep_names(self.home)


def _record(state: str, reason: str, by: str, at: datetime, cause: str = "") -> dict[str, str]:
    return {"state": state, "reason": reason, "by": by, "at": at.isoformat(), "cause": cause}


def _halted(record: Mapping[str, str]) -> LatchState:
    return LatchState(True, record["reason"], record["by"], _time(record["at"]), record["cause"])


def _mark(halt_file: Path) -> str:
    try:
        changed_ns = halt_file.lstat().st_mtime_ns
    except OSError:
        return ""
    return f"{changed_ns} {(_first_line(halt_file) or {}).get('mark', '')}"


def _first_line(path: Path) -> Mapping[str, Any] | None:
    try:
        with path.open("rb") as file:
            record = json.loads(file.readline(_FILE_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _time(text: str) -> datetime | None:
    """A time as it was written, by a program or by hand; one without a zone is meant in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.utcoffset() is not None else at.replace(tzinfo=UTC)


def _write_over(path: Path, record: Mapping[str, str]) -> int:
    """Write the record over the head of a file and hand back the open file, still to be synced."""
    line = json.dumps(record).encode() + b"\n"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, line)
        os.ftruncate(descriptor, len(line))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _keep(descriptor: int) -> None:
    """Make a written file survive a power cut; what cannot be synced still counts while the machine runs."""
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _keep_names(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    _keep(descriptor)
