"""Rule 20: a database that does not hold what its home has noted starts halted, with nothing open."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from approvals.anchors import RESTORED
from approvals.factor import Code
from approvals.quorum import Refusal
from approvals.request import ExecutionState, RequestState
from bot.anchor_file import AnchorFile
from bot.operations.anchoring import CompareAnchors, NoteHead
from bot.operations.health import CheckHealth, Machine
from tests.approvals.desk import KEY, OLIVIA
from tests.bot.operations.rig import ETH, Rig
from tests.bot.operations.test_health import desk_checks


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    """The heads that this home has noted."""
    return AnchorFile(tmp_path, KEY)


def starts(rig: Rig, file: AnchorFile) -> bool:
    """A bot is started."""
    return CompareAnchors(rig.storage, rig.desk, rig.latch, file)()


def went_on(rig: Rig, file: AnchorFile) -> None:
    """A desk with two requests, whose home has noted the head, and which went on."""
    rig.enrols(OLIVIA)
    rig.approved(cause="a")
    rig.asked(cause="b", symbol=ETH)
    assert starts(rig, file)


def loses_rows(rig: Rig, behind: int) -> None:
    """An older copy of the database is put in its place: the newest rows are not in it."""
    with rig.storage.transaction() as tx:
        tx.session.connection().execute(text(f"DELETE FROM audit_entry WHERE sequence > {behind}"))


def test_rule_20_an_older_database_starts_halted_and_voids_what_waits(rig: Rig, file: AnchorFile) -> None:
    """The latch and an alert say which row is missing; no request and no used code leads to anything."""
    went_on(rig, file)
    newest = file.read()[-1].sequence
    loses_rows(rig, newest - 1)

    assert not starts(rig, file)

    state = rig.latch.read()
    assert (state.engaged, state.by) == (True, "Peak Ops")
    assert f"does not hold row {newest} of the record" in state.reason
    found = {request.cause: request for request in rig.read(lambda tx: tx.requests.recent(9))}
    assert found["a"].execution is ExecutionState.VOID
    assert found["b"].state is RequestState.VOID
    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert (alert.kind, alert.severity) == ("record.restored", "high")
    with rig.storage.transaction() as tx:
        code = Code(rig.code(OLIVIA))
        assert isinstance(tx.factors.prove(OLIVIA.id, code, "req-1", "c", tx.now), Refusal)


def test_rule_20_a_record_made_anew_starts_halted(rig: Rig, file: AnchorFile) -> None:
    """As long as the old one, and another."""
    went_on(rig, file)
    newest = file.read()[-1].sequence
    loses_rows(rig, newest - 1)
    with rig.storage.transaction() as tx:
        tx.note("halt", "sam", "halt-1", reason="made anew")

    assert not starts(rig, file)
    assert "holds another row in place of row" in rig.latch.read().reason


def test_what_was_found_once_is_not_found_again(rig: Rig, file: AnchorFile) -> None:
    """The record goes on from there; two people clear the halt, and the next start is as any other."""
    went_on(rig, file)
    loses_rows(rig, 2)
    assert not starts(rig, file)
    rig.latch.clear("olivia", rig.clock())

    assert starts(rig, file)
    assert not rig.latch.engaged()
    assert [anchor.why for anchor in file.read()] == [RESTORED, "start"]
    heads = [anchor.head for anchor in file.read()]
    assert rig.read(lambda tx: tx.audit.verify(heads)).ok


def test_noted_heads_that_cannot_be_relied_on_start_halted(rig: Rig, file: AnchorFile) -> None:
    """Somebody has written to the file; it is kept, and a new one begins."""
    went_on(rig, file)
    file.path.write_text("{}\n")

    assert not starts(rig, file)
    assert "Line 1 of the anchors cannot be relied on" in rig.latch.read().reason
    assert [path.read_text() for path in file.path.parent.glob("*.unusable")] == ["{}\n"]


def test_a_desk_that_went_on_is_not_halted(rig: Rig, file: AnchorFile) -> None:
    """Neither a fresh one nor one whose record has grown since."""
    assert starts(rig, file)
    went_on(rig, file)
    with rig.storage.transaction() as tx:
        tx.note("health.check", "sam", "report-1")

    assert starts(rig, file)
    assert not rig.latch.engaged()


def test_each_scheduled_report_notes_the_head(rig: Rig, file: AnchorFile, tmp_path: Path) -> None:
    """Once a day, in the home's file; the report itself has it in short."""
    machine = Machine(tmp_path)
    note = NoteHead(rig.storage, rig.desk, file)
    health = CheckHealth(rig.storage, rig.desk, desk_checks(rig, tmp_path), machine, rig.gateway, note)
    rig.asked()

    health.scheduled(date(2026, 11, 23))
    health.scheduled(date(2026, 11, 23))

    (anchor,) = file.read()
    assert anchor.head == rig.read(lambda tx: tx.audit.head())
    assert "head 1:" in str(rig.outgoing("image")[0].body["blocks"])


def test_a_full_disk_stops_no_report_and_is_an_alert(
    rig: Rig, file: AnchorFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be noted is told to the desk."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.anchor_file.os.pwrite", full)
    NoteHead(rig.storage, rig.desk, file)("health report")

    (alert,) = rig.read(lambda tx: tx.alerts.recent(9))
    assert (alert.kind, alert.title) == ("report.unwritten", "The head of the record could not be written")
    assert "No space left" in alert.detail
