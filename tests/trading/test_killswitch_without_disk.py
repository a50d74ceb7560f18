"""The latch on a disk that is full, read-only or gone: a halt is a halt all the same."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.given import NOON
from trading.errors import LatchUnwritable
from trading.killswitch import Latch, LatchState

LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    """Give the latch of a home that was begun."""
    latch = Latch(tmp_path / "home")
    latch.begin("Olivia", NOON)
    return latch


def refuse_opening(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let files of these names be opened for writing no more, as on a full or read-only disk."""
    real_open = os.open

    def failing(path: os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        if Path(path).name in names and flags & os.O_WRONLY:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", failing)


@pytest.mark.parametrize("unwritable", ["HALT", "latch.json"])
def test_engaging_with_one_file_unwritable_still_halts(
    latch: Latch, unwritable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either is enough, also for the reason."""
    refuse_opening(monkeypatch, unwritable)

    latch.engage("disk full", "Sam", LATER)

    assert latch.engaged()
    assert latch.read() == LatchState(True, "disk full", "Sam", LATER)


@pytest.mark.parametrize("afterwards", ["nothing", "touched", "cleared by others"])
def test_a_halt_that_left_only_an_empty_file_keeps_its_words(
    latch: Latch, monkeypatch: pytest.MonkeyPatch, afterwards: str
) -> None:
    """A disk that takes a name and no byte: whoever halted is not called a file in the home folder."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        latch.engage("disk full", "Sam", LATER)
    assert latch.halt_file.read_bytes() == b""
    assert not latch.held
    assert latch.read() == LatchState(True, "disk full", "Sam", LATER)

    if afterwards == "touched":
        os.utime(latch.halt_file, (0, 0))
        assert latch.read().by == ""
    if afterwards == "cleared by others":
        Latch(latch.home).clear("Olivia", LATER)
        assert not latch.engaged()
        latch.halt_file.touch()
        assert latch.read().by == ""


def test_engaging_with_no_file_writable_says_so(latch: Latch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Halted is never claimed when nothing was written."""
    refuse_opening(monkeypatch, "HALT", "latch.json")

    with pytest.raises(LatchUnwritable, match="No space left"):
        latch.engage("disk full", "Sam", LATER)


def test_engaging_what_is_halted_needs_no_disk(latch: Latch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The halt stands already."""
    latch.engage("first", "Sam", NOON)
    refuse_opening(monkeypatch, "HALT", "latch.json")

    assert latch.engage("second", "Otto", LATER).reason == "first"


def test_engaging_needs_no_room_for_a_second_file(latch: Latch) -> None:
    """latch.json is written over where it stands; no new file appears but HALT."""
    before = latch.latch_file.stat().st_ino

    latch.engage("x" * 5_000, "Sam", LATER)

    assert latch.latch_file.stat().st_ino == before
    assert {path.name for path in latch.home.iterdir()} == {"HALT", "latch.json"}
