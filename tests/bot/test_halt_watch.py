"""A halt that nobody has told of is found, told once, and proven even where nothing can be saved."""

from pathlib import Path
from threading import Event

import pytest

from bot.errors import DatabaseUnavailable
from bot.halt_route import HaltOrder, HaltRoute, halt_call
from bot.halt_watch import HaltWatch
from bot.operations.halt import RecordHalt
from tests.bot.intake import DEADLINE_S, open_database
from tests.bot.intake import ROSTER as SLACK_ROSTER
from tests.bot.operations.rig import Rig
from tests.bot.slack_payloads import command


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A desk over a database file."""
    return Rig(open_database(tmp_path), tmp_path)


def watching(rig: Rig) -> HaltWatch:
    """A watch as the bot starts it, looked at by hand."""
    return HaltWatch(rig.latch, RecordHalt(rig.storage, rig.desk, ("kraken",), rig.venue.halt), rig.clock)


def test_a_halt_through_slack_is_told_by_slack(rig: Rig) -> None:
    """The watch sees the latch first and leaves the halt to the way that has measured it."""
    watch = watching(rig)
    rig.halted(by="Sam")
    watch.look()
    assert rig.read(lambda tx: tx.halts.last()) is None

    watch.halted(HaltOrder(by="Sam", reason="price feed looks wrong", at=rig.clock(), cause="c", latch_ms=7))
    rig.clock.passes(seconds=2)
    watch.look()

    halt = rig.read(lambda tx: tx.halts.last())
    assert halt is not None
    assert halt.latch_ms == 7
    assert rig.recorded() == ["halt", "halt.proof"]


def test_a_halt_by_the_shell_is_told_after_a_second(rig: Rig) -> None:
    """Nobody else tells of it."""
    watch = watching(rig)
    rig.halted(by="root at the shell")
    rig.clock.passes(seconds=1)
    watch.look()
    watch.look()

    assert rig.recorded() == ["halt", "halt.proof"]


@pytest.mark.parametrize(("touched", "by"), [(False, "Peak Ops"), (True, "a file in the home folder")])
def test_a_fresh_home_is_halted_by_no_file(rig: Rig, touched: bool, by: str) -> None:
    """Nobody has put one there: the card must not send people to look for it."""
    rig.latch.latch_file.unlink()
    if touched:
        rig.latch.halt_file.touch()
    watching(rig).look()

    halt = rig.read(lambda tx: tx.halts.last())
    assert halt is not None
    assert halt.by == by


def test_a_halt_that_slack_delivers_again_after_a_crash_is_one_halt(rig: Rig) -> None:
    """Killed between the latch and the acknowledgement: the watch of the next bot tells of it first."""
    call = halt_call(command("price feed looks wrong", name="/peak-kill"))
    assert call is not None
    rig.latch.engage(call.reason, "Otto", rig.clock(), call.cause)
    rig.clock.passes(seconds=3)
    watch = watching(rig)
    watch.look()
    told = Event()

    def on_halt(order: HaltOrder) -> None:
        watch.halted(order)
        told.set()

    route = HaltRoute(
        rig.latch,
        lambda: SLACK_ROSTER,
        rig.clock,
        gates=dict,
        on_halt=on_halt,
        on_refused=lambda _: None,
        on_unanswered=lambda *_: None,
    )
    route.answer(call, lambda _: None)

    assert told.wait(DEADLINE_S)
    assert rig.recorded() == ["halt", "halt.proof"]
    assert len(rig.cards()) == 1


def test_every_halt_that_was_not_proven_is_taken_up(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people halted, and the bot died before the venue had answered either."""
    with monkeypatch.context() as patched:
        patched.setattr(RecordHalt, "finish", lambda _, halt: halt)
        for number, by in enumerate(("Sam", "Rita")):
            rig.latch.engage("odd", by, rig.clock(), f"halt:{number}")
            watching(rig).halted(HaltOrder(by=by, reason="odd", at=rig.clock(), cause=f"halt:{number}"))
            rig.clock.passes(seconds=2)

    watching(rig).look()

    assert rig.recorded() == ["halt", "halt", "halt.proof", "halt.proof"]


def test_a_damaged_latch_is_told_once(rig: Rig) -> None:
    """It has no time; neither the next look nor the next start tells of it again."""
    rig.latch.latch_file.write_text("{")
    watch = watching(rig)
    watch.look()
    rig.clock.passes(minutes=5)
    watch.look()
    watching(rig).look()

    assert rig.recorded() == ["halt", "halt.proof"]
    halt = rig.read(lambda tx: tx.halts.last())
    assert halt is not None
    assert "latch.json cannot be read" in halt.reason


def test_a_damaged_latch_is_told_again_after_it_was_mended(rig: Rig) -> None:
    """What broke twice is two halts."""
    watch = watching(rig)
    for _ in range(2):
        rig.latch.latch_file.write_text("{")
        watch.look()
        rig.latch.latch_file.unlink()
        rig.latch.begin("olivia", rig.clock())
        watch.look()
        rig.clock.passes(minutes=1)

    assert rig.venue.halts == ["kraken"] * 2


def test_a_database_that_is_gone_keeps_no_order_at_the_venue(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue is asked at once and once; the record follows when there is one again."""

    def gone() -> None:
        raise DatabaseUnavailable(url="the desk's", reason="disk I/O error")

    watch = watching(rig)
    rig.halted()
    rig.clock.passes(seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(rig.storage, "transaction", gone)
        patched.setattr(rig.storage, "reading", gone)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                watch.look()
        assert rig.venue.halts == ["kraken"]
    watch.look()

    assert rig.venue.halts == ["kraken"]
    assert rig.recorded() == ["halt", "halt.proof"]
