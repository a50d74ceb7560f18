"""Commands that look change nothing: no folder, no database, no table."""

import json
from pathlib import Path

import pytest

from bot.database import newest_revision
from tests.bot.command_line.conftest import Shell

LOOKING = [
    ("status",),
    ("sessions", "list"),
    ("approvals", "list"),
    ("alerts", "list"),
    ("risk", "show"),
    ("audit", "verify"),
    ("audit", "export"),
    ("orders",),
    ("health",),
    ("readiness",),
]


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_looking_at_a_mistyped_home_makes_none(words: tuple[str, ...], shell: Shell) -> None:
    """It says that there is no database; an empty one would read as a record that is whole."""
    told = shell(*words)

    assert (told.code, told.out) == (2, "")
    assert "There is no desk's database at" in told.err
    assert not shell.home.exists()


def test_looking_at_a_mistyped_url_makes_no_file(shell: Shell, tmp_path: Path) -> None:
    """Nor does it make the folders on the way."""
    shell.sets(DATABASE_URL=f"sqlite:///{tmp_path}/mistyped/desk.db")

    assert shell("status").code == 2
    assert not (tmp_path / "mistyped").exists()


def test_upgrade_makes_the_home_that_can_be_looked_at(shell: Shell) -> None:
    """`db upgrade` is how a home begins before its bot has ever run."""
    assert shell("db", "upgrade").code == 0
    told = shell("audit", "verify")
    assert (told.code, told.out) == (0, "0 rows, head none: whole\n")


def test_every_command_that_ends_knows_json(shell: Shell) -> None:
    """A script may always ask for one document."""
    assert json.loads(shell("db", "upgrade", "--json").out) == {"revision": newest_revision()}
    assert "features" in json.loads(shell("manifest", "--json").out)
    shell("health")
    rows = json.loads(shell("audit", "export", "--json").out)
    assert [row["kind"] for row in rows] == ["health.check"]


def test_without_a_bot_a_look_at_the_venue_says_how_to_start_one(shell: Shell) -> None:
    """Nothing starts the gateway by itself where no bot runs, so nothing says that it will."""
    shell("db", "upgrade")

    told = shell("orders")

    assert (told.code, told.out) == (4, "")
    assert "A bot that runs starts it again" in told.err
    assert "peak-ops run starts it" in told.err
