"""`peak-ops audit` names what was edited, moved, taken out or cut off, in the database and in an export."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.anchor_file import AnchorFile
from bot.clock import system_clock
from bot.command_line.looking import read_here
from bot.installation import Installation
from tests.bot.command_line.conftest import Shell

ROWS = 5


@pytest.fixture
def desk(shell: Shell) -> Installation:
    """A desk whose record has some rows, and whose home has noted the fourth of them."""
    shell("db", "upgrade")
    installation: Installation = read_here()
    with installation.storage().transaction() as tx:
        for number in range(ROWS):
            tx.note("halt", "sam", f"halt-{number}", reason="price feed looks wrong")
            if number == ROWS - 2:
                anchors(installation).add(tx.audit.head(), "health report", system_clock())
    return installation


def anchors(installation: Installation) -> AnchorFile:
    """The heads that the home has noted."""
    return AnchorFile(installation.environment.home_folder, installation.keys.record)


def damages(installation: Installation, *statements: str) -> None:
    """Write to the database as somebody with a client would."""
    with installation.database.transaction() as session:
        for statement in statements:
            session.connection().execute(text(statement))


def verdict(shell: Shell, *words: str) -> dict[str, object]:
    """What `audit verify` prints, once its exit code is seen to agree."""
    told = shell("audit", "verify", "--json", *words)
    found: dict[str, object] = json.loads(told.out)
    assert told.code == (0 if found["ok"] else 1)
    return found


DAMAGE = {
    "edited": ("UPDATE audit_entry SET actor = 'rita' WHERE sequence = 3", 3, "row 3 was changed"),
    "removed": ("DELETE FROM audit_entry WHERE sequence = 3", 3, "row 3 is missing"),
    "beheaded": ("DELETE FROM audit_entry WHERE sequence = 1", 1, "row 1 is missing"),
    "cut off": ("DELETE FROM audit_entry WHERE sequence > 2", 3, "ends with row 2, and row 4 was anchored"),
    "emptied": ("DELETE FROM audit_entry", 1, "ends with row 0, and row 4 was anchored"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_was_done_to_the_database_is_named(shell: Shell, desk: Installation, damage: str) -> None:
    """The first bad row, and a sentence that names it; the noted head finds what was cut off."""
    assert verdict(shell)["ok"] is True
    statement, row, why = DAMAGE[damage]
    damages(desk, statement)

    found = verdict(shell)

    assert (found["ok"], found["first_bad"]) == (False, row)
    assert why in str(found["why"])


def test_rows_that_changed_places_are_found(shell: Shell, desk: Installation) -> None:
    """The numbers are right again, the hashes are not."""
    moves = [(2, 99), (3, 2), (99, 3)]
    damages(desk, *(f"UPDATE audit_entry SET sequence = {new} WHERE sequence = {old}" for old, new in moves))

    assert verdict(shell)["first_bad"] == 2


def test_a_head_from_a_report_finds_a_tail_that_nothing_else_would(shell: Shell, desk: Installation) -> None:
    """The newest row was never noted in the home; the reports channel has it."""
    with desk.storage().reading() as tx:
        head = str(tx.audit.head())
    assert verdict(shell, "--anchor", head)["ok"] is True
    damages(desk, f"DELETE FROM audit_entry WHERE sequence = {ROWS}")

    assert verdict(shell)["ok"] is True
    assert verdict(shell, "--anchor", head)["first_bad"] == ROWS
    assert shell("audit", "verify", "--anchor", "yesterday's").code == 2


def test_noted_heads_that_somebody_has_edited_are_a_no(shell: Shell, desk: Installation) -> None:
    """They are signed, so a file that was made to fit a shorter record does not pass."""
    path = anchors(desk).path
    path.write_text(path.read_text().replace('"sequence":4', '"sequence":2'))

    told = shell("audit", "verify")

    assert (told.code, told.out) == (1, "")
    assert "Line 1 of the anchors cannot be relied on" in told.err


def test_an_export_is_followed_without_the_database(
    shell: Shell, desk: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the key it is whole; without it the chain is followed all the same, and a cut shows."""
    file = tmp_path / "record.jsonl"
    written = json.loads(shell("audit", "export", str(file), "--json").out)
    assert (written["rows"], file.stat().st_mode & 0o777) == (ROWS, 0o600)
    assert shell("audit", "export").out.splitlines()[:ROWS] == file.read_text().splitlines()[:ROWS]
    desk.database.close()
    (shell.home / "peak-ops.db").unlink()

    assert verdict(shell, str(file))["rows"] == ROWS
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:3]))
    assert "without its last line: rows were cut off" in str(verdict(shell, str(file))["why"])
    file.write_text("".join([*lines[:3], lines[-1]]))
    monkeypatch.delenv("PEAK_OPS_SECRET_KEY")
    assert "its last line names row 5" in str(verdict(shell, str(file))["why"])


def test_an_export_that_cannot_be_written_leaves_the_one_before(
    shell: Shell, desk: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an export is none, and nothing is left beside it."""
    file = tmp_path / "exports" / "record.jsonl"
    assert shell("audit", "export", str(file)).code == 2
    file.parent.mkdir()
    file.write_text("the one of last week")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trading.whole_file.os.fsync", full)
    told = shell("audit", "export", str(file))

    assert (told.code, told.out) == (2, "")
    assert "No space left on device" in told.err
    assert [path.read_text() for path in file.parent.iterdir()] == ["the one of last week"]


def test_a_note_that_a_crash_has_cut_short_is_written_over(desk: Installation) -> None:
    """The next one takes its place, and the file can be read again."""
    noted = anchors(desk)
    with noted.path.open("a") as file:
        file.write('{"at":"2026-11-2')
    with desk.storage().reading() as tx:
        noted.add(tx.audit.head(), "health report", system_clock())

    assert [anchor.sequence for anchor in noted.read()] == [ROWS - 1, ROWS]
    assert noted.path.stat().st_mode & 0o777 == 0o600
