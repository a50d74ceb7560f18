"""The latch: either file halts, only people clear it."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.trading.given import NOON
from trading.errors import AlreadyBegun, LatchStillEngaged
from trading.killswitch import Latch, LatchState

LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def latch(tmp_path: Path) -> Latch:
    """Give the latch of a home that was begun."""
    latch = Latch(tmp_path / "home")
    latch.begin("Olivia", NOON)
    return latch


def test_a_fresh_home_is_halted_until_it_is_begun(tmp_path: Path) -> None:
    """Nothing trades before somebody said so."""
    latch = Latch(tmp_path / "home")
    assert latch.engaged()
    assert "not been begun" in latch.read().reason

    latch.begin("Olivia", NOON)

    assert not latch.engaged()
    assert latch.read() == LatchState(engaged=False)


def test_engaging_halts_with_its_reason(latch: Latch) -> None:
    """Both files are there, and the record can be read."""
    latch.engage("price feed looks wrong", "Sam", LATER)

    assert latch.engaged()
    assert latch.read() == LatchState(True, "price feed looks wrong", "Sam", LATER)
    assert latch.halt_file.exists()
    assert json.loads(latch.latch_file.read_text())["state"] == "halted"


def test_the_halt_file_alone_halts(latch: Latch) -> None:
    """Whatever latch.json says."""
    latch.halt_file.write_text("")

    assert latch.engaged()


def test_latch_json_alone_halts(latch: Latch) -> None:
    """Removing HALT by hand clears nothing."""
    latch.engage("drill", "Sam", LATER)
    latch.halt_file.unlink()

    assert latch.engaged()
    assert latch.read().reason == "drill"


def test_touch_halts(latch: Latch) -> None:
    """A shell is enough, and the time it was done is known."""
    latch.halt_file.touch()
    os.utime(latch.halt_file, (LATER.timestamp(), LATER.timestamp()))

    assert latch.engaged()
    assert latch.read() == LatchState(True, "the file HALT was put into the home folder", "", LATER)


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_anything_named_halt_halts(latch: Latch, kind: str) -> None:
    """It does not have to be a file."""
    if kind == "folder":
        latch.halt_file.mkdir()
    else:
        latch.halt_file.symlink_to("nowhere")

    assert latch.engaged()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b'"active"\n',
        b"{}\n",
        b'{"state": "halted"}\n',
        b'{"state": "ACTIVE"}\n',
        b'{"state": true}\n',
        b'{"state": "active"',
        b"\xff\xfe\x00",
        b"[" * 50_000,
        b'\n{"state": "active"}\n',
    ],
)
def test_a_latch_file_that_does_not_say_active_halts(latch: Latch, content: bytes) -> None:
    """Cut short, garbled, or with another word: halted."""
    latch.latch_file.write_bytes(content)

    assert latch.engaged()
    assert latch.read().engaged


def test_a_latch_file_that_is_gone_halts(latch: Latch) -> None:
    """A lost file is not a permission."""
    latch.latch_file.unlink()

    assert latch.engaged()
    assert "gone" in latch.read().reason


def test_a_latch_file_that_cannot_be_opened_halts(latch: Latch) -> None:
    """A folder in its place is as unreadable as a file without rights."""
    latch.latch_file.unlink()
    latch.latch_file.mkdir()

    assert latch.engaged()
    assert "cannot be read" in latch.read().reason


def test_a_home_that_is_gone_is_halted(latch: Latch) -> None:
    """Nor is a home that is a file."""
    shutil.rmtree(latch.home)
    assert latch.engaged()

    latch.home.write_text("")

    assert latch.engaged()
    assert latch.read().engaged


def test_the_first_reason_stays(latch: Latch) -> None:
    """Halting again neither fails nor writes over who was first."""
    latch.engage("price feed looks wrong", "Sam", NOON)

    state = latch.engage("me too", "Otto", LATER)

    assert state == latch.read() == LatchState(True, "price feed looks wrong", "Sam", NOON)


def test_engaging_after_touch_gives_the_reason(latch: Latch) -> None:
    """An empty HALT has none of its own."""
    latch.halt_file.touch()

    latch.engage("seen from the shell", "Otto", LATER)

    assert latch.read() == LatchState(True, "seen from the shell", "Otto", LATER)


def test_a_halt_cut_short_by_a_crash_is_a_halt(latch: Latch) -> None:
    """Wherever the writing of the record stops, what stands there does not say active."""
    active = latch.latch_file.read_bytes()
    latch.engage("power went", "Sam", LATER)
    halted = latch.latch_file.read_bytes()
    latch.halt_file.unlink()

    for written in range(12, len(halted)):
        latch.latch_file.write_bytes(halted[:written] + active[written:])
        assert latch.engaged(), written


def test_two_halts_at_once_leave_a_record(latch: Latch) -> None:
    """The tail of a longer one behind a shorter one is not read."""
    latch.engage("x" * 500, "Sam", NOON)
    short = json.dumps({"state": "halted", "reason": "short", "by": "Otto", "at": LATER.isoformat()}).encode()
    for path in (latch.latch_file, latch.halt_file):
        content = path.read_bytes()
        path.write_bytes(short + b"\n" + content[len(short) + 1 :])

    assert latch.read() == LatchState(True, "short", "Otto", LATER)


def test_clearing_lets_trading_go_on(latch: Latch) -> None:
    """Both files say so."""
    latch.engage("drill", "Sam", NOON)

    latch.clear("Olivia", LATER)

    assert not latch.engaged()
    assert not latch.halt_file.exists()
    record = json.loads(latch.latch_file.read_text())
    assert (record["state"], record["by"]) == ("active", "Olivia")


def test_a_cleared_latch_can_be_engaged_again(latch: Latch) -> None:
    """With the new reason; the old halt is over."""
    latch.engage("first", "Sam", NOON)
    latch.clear("Olivia", LATER)

    latch.engage("second", "Otto", LATER)

    assert latch.read().reason == "second"


def test_a_restored_old_latch_file_does_not_clear(latch: Latch, tmp_path: Path) -> None:
    """A copy from before the halt says active, and HALT is still there."""
    shutil.copy2(latch.latch_file, tmp_path / "backup.json")
    latch.engage("loss", "Sam", LATER)

    shutil.copy2(tmp_path / "backup.json", latch.latch_file)

    assert latch.engaged()
    assert latch.read().reason == "loss"


def test_a_restored_old_latch_file_does_not_lose_the_halt_when_halted_again(
    latch: Latch, tmp_path: Path
) -> None:
    """Halting again mends the file with the first reason."""
    shutil.copy2(latch.latch_file, tmp_path / "backup.json")
    latch.engage("loss", "Sam", LATER)
    shutil.copy2(tmp_path / "backup.json", latch.latch_file)

    latch.engage("again", "Otto", LATER)
    latch.halt_file.unlink()

    assert latch.engaged()
    assert latch.read().reason == "loss"


@pytest.mark.parametrize("step", ["rename", "replace"])
@pytest.mark.parametrize("how", ["engage", "touch"])
def test_a_halt_during_the_clearing_stands(
    latch: Latch, monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    """Somebody halts again before HALT is put aside, or before active is written: that halt is never lost."""
    latch.engage("first", "Sam", NOON)
    os.utime(latch.halt_file, ns=(0, 0))  # some time ago, as any halt that may be cleared
    real = getattr(Path, step)

    def halting_first(path: Path, target: Path) -> Path:
        monkeypatch.undo()
        if how == "engage":
            Latch(latch.home).engage("second", "Otto", LATER)
        else:
            latch.halt_file.touch()
        moved: Path = real(path, target)
        return moved

    monkeypatch.setattr(Path, step, halting_first)

    with pytest.raises(LatchStillEngaged):
        latch.clear("Olivia", LATER)
    assert latch.engaged()


@pytest.mark.parametrize("how", ["engage", "touch"])
def test_a_halt_since_the_clearing_was_asked_for_stands(latch: Latch, how: str) -> None:
    """The first reason stays, but what is cleared is the halt that was seen and no later one."""
    latch.engage("first", "Sam", NOON)
    os.utime(latch.halt_file, ns=(0, 0))
    seen = latch.mark()
    if how == "engage":
        latch.engage("second", "Otto", LATER)
    else:
        latch.halt_file.touch()

    assert latch.mark() != seen
    with pytest.raises(LatchStillEngaged):
        latch.clear("Olivia", LATER, seen)
    assert latch.engaged()

    latch.clear("Olivia", LATER, latch.mark())
    assert not latch.engaged()


@pytest.mark.parametrize("step", ["rename", "replace"])
@pytest.mark.parametrize("touched", [False, True])
def test_a_clearing_that_dies_half_way_leaves_the_halt(
    latch: Latch, monkeypatch: pytest.MonkeyPatch, step: str, touched: bool
) -> None:
    """HALT goes aside while the other file halts; active is written last."""
    if touched:
        latch.halt_file.touch()
    else:
        latch.engage("first", "Sam", NOON)

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, step, dying)
    with pytest.raises(KeyboardInterrupt):
        latch.clear("Olivia", LATER)

    assert latch.engaged()


@pytest.mark.parametrize("state", ["active", "halted", "touched"])
def test_a_home_is_begun_once(tmp_path: Path, state: str) -> None:
    """Beginning again would be a way around the people who clear a halt."""
    latch = Latch(tmp_path / "home")
    latch.home.mkdir()
    if state == "touched":
        latch.halt_file.touch()
    else:
        latch.begin("Olivia", NOON)
        if state == "halted":
            latch.engage("loss", "Sam", NOON)

    with pytest.raises(AlreadyBegun, match="rearm"):
        latch.begin("Otto", LATER)


def test_the_files_are_private(latch: Latch) -> None:
    """Who halted and why is the desk's business."""
    latch.engage("drill", "Sam", NOON)

    assert [path.stat().st_mode & 0o777 for path in (latch.halt_file, latch.latch_file)] == [0o600, 0o600]


def test_a_record_with_a_garbled_time_is_still_a_halt(latch: Latch) -> None:
    """Reading never raises."""
    latch.latch_file.write_text('{"state": "halted", "reason": "by hand", "at": "noonish"}\n')

    assert latch.read() == LatchState(True, "by hand", "", None)


def test_a_time_without_a_zone_is_meant_in_utc(latch: Latch) -> None:
    """Whoever writes the file by hand writes no offset; every time can be compared with the clock's."""
    latch.latch_file.write_text('{"state": "halted", "reason": "by hand", "at": "2026-11-20T12:30:00"}\n')

    assert latch.read().at == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def test_another_process_sees_a_halt_at_once(latch: Latch) -> None:
    """Nothing is remembered between two looks."""
    other = Latch(latch.home)
    assert not other.engaged()

    latch.engage("drill", "Sam", datetime(2026, 11, 20, 13, tzinfo=UTC))

    assert other.engaged()


def test_the_latch_knows_the_click_that_halted_first(latch: Latch) -> None:
    """Delivered again after a crash, it is the same halt; what others said since does not change it."""
    latch.engage("odd", "Sam", NOON, "halt:1")
    latch.engage("odd too", "Rita", LATER, "halt:2")
    latch.latch_file.unlink()

    assert latch.read().cause == "halt:1"
