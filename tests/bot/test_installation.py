"""What a start goes by: the roster and policy in force, whatever the files say meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import delete, select, update

from approvals.errors import InForceForged, InForceReplaced
from approvals.in_force import Kind
from approvals.rows import IN_FORCE
from bot.clock import system_clock
from bot.demo import write_config
from bot.installation import Installation, read_installation
from bot.settings import Environment
from tests.bot.test_migrations import scripts


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], Installation]:
    """Read the installation as a bot that starts does, from a home with the practice people."""
    write_config(tmp_path / "config", "http://127.0.0.1:9", 50)
    environ = {
        "PEAK_OPS_HOME": str(tmp_path / "home"),
        "PEAK_OPS_CONFIG": str(tmp_path / "config"),
        "PEAK_OPS_SECRET_KEY": "k" * 40,
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
    }

    def read() -> Installation:
        installation = read_installation(Environment.from_environ(environ), system_clock)
        installation.begin()
        return installation

    return read


def sam_is_owner(folder: Path) -> None:
    """Edit people.toml: Sam decides from now on."""
    path = folder / "config" / "people.toml"
    head, sam, tail = path.read_text("utf-8").partition('name = "Sam"')
    path.write_text(head + sam + tail.replace("roles = []", 'roles = ["owner"]', 1), "utf-8")


def test_a_start_goes_by_what_is_in_force_and_not_by_the_files(
    start: Callable[[], Installation], tmp_path: Path
) -> None:
    """An edit and a restart make nobody an owner."""
    start().take_files_as_in_force()
    sam_is_owner(tmp_path)

    after = start()

    assert after.go_by_rules_in_force()
    roles = {person.name: set(person.roles) for person in after.files.roster}
    assert roles["Sam"] == {"owner"}
    assert not next(person for person in after.desk.roster if person.name == "Sam").roles


def test_what_is_taken_from_the_files_is_recorded_as_such(start: Callable[[], Installation]) -> None:
    """Nobody reads later that two people had agreed to it."""
    installation = start()
    installation.take_files_as_in_force()

    with installation.storage().reading() as tx:
        rows = [entry for entry in tx.audit.entries() if entry.kind == "rules.in_force"]
    assert [(row.subject, row.body["origin"]) for row in rows] == [(kind, "the files") for kind in Kind]
    assert installation.desk.roster == installation.files.roster


def test_time_zones_and_contacts_follow_the_files(start: Callable[[], Installation], tmp_path: Path) -> None:
    """They decide nothing, so nobody has to agree to them."""
    start().take_files_as_in_force()
    path = tmp_path / "config" / "people.toml"
    path.write_text(path.read_text("utf-8").replace("Europe/London", "Asia/Tokyo"), "utf-8")

    after = start()
    after.go_by_rules_in_force()

    assert [person for person in after.desk.roster if person.timezone == "Asia/Tokyo"]


def test_a_roster_that_was_edited_in_the_database_stops_the_start(
    start: Callable[[], Installation],
) -> None:
    """A signature that does not fit is told, and nothing goes by it."""
    installation = start()
    installation.take_files_as_in_force()
    with installation.database.writing() as connection:
        connection.execute(update(IN_FORCE).values(version=7))

    with pytest.raises(InForceForged):
        replace(installation).go_by_rules_in_force()


def test_a_roster_that_was_taken_away_is_not_replaced_by_the_files(
    start: Callable[[], Installation],
) -> None:
    """Else one person at the machine would decide who is on it: delete the row, edit the file, start."""
    installation = start()
    installation.take_files_as_in_force()
    with installation.database.writing() as connection:
        connection.execute(delete(IN_FORCE))

    with pytest.raises(InForceReplaced):
        start()


def test_an_older_roster_that_was_put_back_stops_the_start(start: Callable[[], Installation]) -> None:
    """It is signed all the same; the record has the newer one."""
    installation = start()
    installation.take_files_as_in_force()
    with installation.database.writing() as connection:
        older = connection.execute(select(IN_FORCE)).mappings().all()
    installation.take_files_as_in_force()
    with installation.database.writing() as connection:
        connection.execute(delete(IN_FORCE))
        connection.execute(IN_FORCE.insert(), [dict(row) for row in older])

    with pytest.raises(InForceReplaced):
        start()


def test_a_fresh_home_has_no_roster_in_force(start: Callable[[], Installation]) -> None:
    """Its files are read, and count for nothing yet, however often it is started."""
    assert not start().desk.begun
    assert not start().desk.begun


def test_a_database_from_before_keeps_its_roster(start: Callable[[], Installation]) -> None:
    """That of its files is in force from the first start on, and nobody has to begin the desk again."""
    installation = start()
    with installation.database.connection() as connection:
        config = scripts()
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")

    after = start()

    assert after.desk.begun
    with after.storage().reading() as tx:
        found = tx.in_force.get(Kind.ROSTER)
    assert found is not None
    assert found.origin == "the files"
