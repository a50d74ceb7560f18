"""What a start goes by: the roster and policy in force, whatever the files say meanwhile."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import delete, select, update

from approvals.errors import InForceForged, InForceReplaced
from approvals.in_force import Kind, changed_fields
from approvals.payload import canonical
from approvals.rows import IN_FORCE
from bot.clock import system_clock
from bot.config_in_force import as_in_force
from bot.configuration import load_config
from bot.demo import write_config
from bot.installation import Installation, read_installation
from bot.operations.in_force import put_in_force
from bot.settings import Environment
from tests.bot.test_migrations import scripts
from trading.order_caps import OrderCaps


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


def test_a_desk_and_its_gateway_count_orders_as_agreed(
    start: Callable[[], Installation], tmp_path: Path
) -> None:
    """Also while the file says otherwise, and after limits were tightened: what a card shows is what runs."""
    start().take_files_as_in_force()
    path = tmp_path / "config" / "config.toml"
    path.write_text(path.read_text("utf-8").replace("max_orders_per_hour = 20", "max_orders_per_hour = 900"))

    after = start()
    after.go_by_rules_in_force()
    after.go_by_settings({Kind.LIMITS: after.desk.settings[Kind.LIMITS]})

    gateway = as_in_force(load_config(tmp_path / "config"), after.settings_in_use())
    assert after.desk.caps == gateway.live_risk.caps() == OrderCaps(an_hour=20, a_day=100)
    told = changed_fields(after.desk.rules.value(Kind.CONFIG), after.files.value(Kind.CONFIG))
    assert told == ("live_risk, max_orders_per_hour: 20 → 900",)


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
    with installation.storage().transaction() as tx:
        for kind in Kind:
            put_in_force(tx, kind, installation.files.value(kind), "the test", "olivia")
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


def edits_config(folder: Path, *changes: tuple[str, str]) -> None:
    """Edit config.toml at the machine."""
    path = folder / "config" / "config.toml"
    text = path.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


def test_an_edit_of_limits_venue_and_strategies_counts_for_nothing(
    start: Callable[[], Installation], tmp_path: Path
) -> None:
    """After a restart too: bot and gateway go by what is in force, and the digest on the cards is that."""
    installation = start()
    installation.take_files_as_in_force()
    edits_config(
        tmp_path,
        ("max_order_notional = 100", "max_order_notional = 100000"),
        ("fast = 5", "fast = 2"),
        ('symbols = ["BTC/USD", "ETH/USD"]', 'symbols = ["DOGE/USD"]'),
    )

    after = start()

    for name in ("limits", "symbols", "strategies", "venue_url", "settings_digest"):
        assert getattr(after.desk, name) == getattr(installation.desk, name), name
    told = as_in_force(load_config(tmp_path / "config"), json.loads(canonical(after.settings_in_use())))
    assert told.settings_digest("kraken") == installation.desk.settings_digest
    assert {kind for kind in Kind if after.read_files().value(kind) != after.desk.rules.value(kind)} >= {
        Kind.LIMITS,
        Kind.CONFIG,
    }


def test_what_the_file_says_is_in_force_once_nothing_was_before(
    start: Callable[[], Installation],
) -> None:
    """A desk from before this took two people keeps its configuration, and the record says whose it is."""
    installation = start()
    with installation.storage().transaction() as tx:
        for kind in (Kind.ROSTER, Kind.POLICY):
            put_in_force(tx, kind, installation.files.value(kind), "the test", "olivia")

    after = start()

    with after.storage().reading() as tx:
        stored = [tx.in_force.get(kind) for kind in (Kind.CONFIG, Kind.LIMITS)]
    assert [each and each.origin for each in stored] == ["the files", "the files"]
    assert after.config == load_config(after.environment.config_folder)


def test_hours_channels_and_a_port_of_this_machine_follow_the_file(
    start: Callable[[], Installation], tmp_path: Path
) -> None:
    """The practice exchange has another port at each start, and nobody has to agree to that."""
    start().take_files_as_in_force()
    edits_config(tmp_path, ("http://127.0.0.1:9", "http://127.0.0.1:8"), ("07:30", "08:30"))

    after = start()

    assert after.desk.venue_url == "http://127.0.0.1:8"
    assert after.config.schedule.health_report == "08:30"
    rules = after.desk.rules
    assert [kind for kind in Kind if changed_fields(rules.value(kind), after.read_files().value(kind))] == []


def test_a_venue_that_left_the_file_is_still_the_one_in_force(
    start: Callable[[], Installation], tmp_path: Path
) -> None:
    """Another account under `live` in the file is a proposal like any other."""
    start().take_files_as_in_force()
    edits_config(tmp_path, ('live = "kraken"', 'live = "kraken_testnet"'))

    assert start().desk.live_exchange == "kraken"
