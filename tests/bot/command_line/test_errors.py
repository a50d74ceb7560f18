"""Whatever is wrong on the machine is one sentence and exit code 2, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from bot.database import Database
from tests.bot.command_line.conftest import Shell


def test_a_home_that_is_a_file_is_told(shell: Shell) -> None:
    """The bot cannot make its folder there; the sentence names it."""
    shell.home.write_text("")
    told = shell("run")

    assert (told.code, told.out) == (2, "")
    assert str(shell.home) in told.err
    assert len(told.err.splitlines()) == 1
    assert shell("status").code == 2


def test_a_table_that_is_missing_is_told(shell: Shell) -> None:
    """Whoever spoiled the database learns it from a sentence."""
    shell("db", "upgrade")
    with Database(f"sqlite:///{shell.home}/peak-ops.db").connection() as connection:
        connection.execute(text("DROP TABLE audit_entry"))

    told = shell("audit", "verify")

    assert (told.code, told.out) == (2, "")
    assert "no such table" in told.err


def test_bytes_in_the_record_are_a_bad_row(shell: Shell) -> None:
    """Somebody who edits the database can store what is no text, and the verdict names the row."""
    shell("db", "upgrade")
    shell("health")
    with Database(f"sqlite:///{shell.home}/peak-ops.db").connection() as connection:
        connection.execute(text("UPDATE audit_entry SET body_text = CAST('{}' AS BLOB)"))

    told = shell("audit", "verify", "--json")

    assert told.code == 1
    assert json.loads(told.out)["first_bad"] == 1


def test_an_export_that_is_no_text_is_a_bad_row(shell: Shell, tmp_path: Path) -> None:
    """A damaged file gets a verdict like any other."""
    (tmp_path / "record.jsonl").write_bytes(b"\xff\xfe\x00\n")

    told = shell("audit", "verify", "--json", str(tmp_path / "record.jsonl"))

    assert told.code == 1
    assert json.loads(told.out)["first_bad"] == 1


def test_a_reader_that_goes_is_no_error() -> None:
    """`peak-ops manifest | true` prints no traceback."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "manifest"],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=False,
    )
    os.close(write)
    assert ran.stderr == b""
