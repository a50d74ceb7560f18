"""Write transactions are short, exclusive, synced; nothing half-done stays."""

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.database import Database
from bot.errors import DatabaseUnavailable, DatabaseUnusable


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database with one table and one row, of each kind."""
    with empty_database.transaction() as session:
        session.connection().execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
        session.connection().execute(text("INSERT INTO counter VALUES (1, 0)"))
    return empty_database


@pytest.fixture
def file(tmp_path: Path) -> Database:
    """A file database in a folder that is not there yet."""
    return Database(f"sqlite:///{tmp_path}/home/peak-ops.db")


def value(database: Database) -> int:
    """The counter as a reader sees it."""
    with database.reading() as session:
        return int(session.connection().execute(text("SELECT value FROM counter")).scalar_one())


def test_every_connection_is_durable_and_strict(file: Database) -> None:
    """Write-ahead log, full sync and foreign keys hold on each connection, not on the first alone."""
    with file.reading() as one, file.reading() as two:
        for session in (one, two):
            pragmas = [
                session.connection().execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert pragmas == ["wal", 2, 1, 5000]


def test_the_file_is_its_owners_alone(file: Database) -> None:
    """Database and log hold who did what: nobody else on the machine reads them."""
    with file.transaction() as session:
        session.connection().execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
    assert file.path is not None
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_program_that_looks_in_takes_nothing_away(file: Database) -> None:
    """`peak-ops status` beside a running bot ends as one reader among others, not as the last one."""
    write = "INSERT INTO counter (value) VALUES (1)"
    with file.transaction() as session:
        session.connection().execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
    with file.reading() as one, file.reading() as two:
        one.connection()  # both stay in the pool, as in any bot that has been at work
        two.connection()
    shell = (
        "import sys; from sqlalchemy import text; from bot.database import Database\n"
        "database = Database(sys.argv[1])\n"
        "with database.reading() as session:\n"
        "    print(session.connection().execute(text('SELECT count(*) FROM counter')).scalar())\n"
        "database.close()\n"
    )
    seen = []
    for _ in range(3):
        with file.transaction() as session:
            session.connection().execute(text(write))
        told = subprocess.run(
            [sys.executable, "-c", shell, f"sqlite:///{file.path}"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        seen.append(int(told.stdout))

    assert seen == [1, 2, 3]
    assert Path(f"{file.path}-wal").exists()


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    """Half a change is no change."""

    def half_a_change() -> None:
        with database.transaction() as session:
            session.connection().execute(text("UPDATE counter SET value = 7"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_a_change()
    assert value(database) == 0


def test_writers_take_turns_from_the_first_read_on(database: Database) -> None:
    """Four writers that read, add one and write lose none of their steps."""

    def count() -> None:
        for _ in range(25):
            with database.transaction() as session:
                seen = session.connection().execute(text("SELECT value FROM counter")).scalar_one()
                session.connection().execute(text("UPDATE counter SET value = :new"), {"new": seen + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert value(database) == 100


def test_a_reader_cannot_write(database: Database) -> None:
    """What was opened for reading refuses to write, and the connection writes again afterwards."""
    with pytest.raises(DatabaseUnavailable, match=r"read-?only"), database.reading() as session:
        session.connection().execute(text("UPDATE counter SET value = 7"))
    with database.transaction() as session:
        session.connection().execute(text("UPDATE counter SET value = 8"))
    assert value(database) == 8


def test_a_reader_sees_one_moment(database: Database) -> None:
    """What is committed while somebody reads does not change what that somebody sees."""
    with database.reading() as reader:
        before = reader.connection().execute(text("SELECT value FROM counter")).scalar_one()
        with database.transaction() as session:
            session.connection().execute(text("UPDATE counter SET value = 9"))
        assert reader.connection().execute(text("SELECT value FROM counter")).scalar_one() == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://desk@host/peak", "nonsense"])
def test_a_database_that_cannot_serve_is_refused(url: str) -> None:
    """What would be forgotten, or is not supported, is refused before the first use."""
    with pytest.raises(DatabaseUnusable, match="Give a file"):
        Database(url)


def test_a_password_among_the_parameters_is_not_shown() -> None:
    """Neither in what is refused nor in what is not reached."""
    for url in ("mysql://desk@host/peak?password=hunter2", "sqlite:////tmp/x.db?password=hunter2"):
        with pytest.raises(DatabaseUnusable) as caught:
            Database(url)
        assert "hunter2" not in str(caught.value)
    gone = Database("postgresql://127.0.0.1:1/peak?user=u&password=hunter2")
    with pytest.raises(DatabaseUnavailable) as lost:
        gone.current()
    assert "hunter2" not in str(lost.value) + gone.url
    assert "127.0.0.1:1/peak" in gone.url


def test_a_password_is_not_shown() -> None:
    """The URL that goes into messages hides the password."""
    assert "hunter2" not in Database("postgresql://desk:hunter2@127.0.0.1/peak").url


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """A damaged file gives one sentence that says what to do next."""
    (tmp_path / "peak-ops.db").write_bytes(b"these are not the pages you are looking for" * 100)
    with (
        pytest.raises(DatabaseUnavailable, match=r"not a database.*Check the disk"),
        Database(f"sqlite:///{tmp_path}/peak-ops.db").transaction(),
    ):
        pass
