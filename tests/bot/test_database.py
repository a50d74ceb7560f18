"""Write transactions are short, exclusive, synced; nothing half-done stays."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from bot.database import Database
from bot.errors import DatabaseMissing, DatabaseUnavailable, DatabaseUnusable


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database with one table and one row, of each kind."""
    with empty_database.connection() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0)"))
    return empty_database


@pytest.fixture
def file(tmp_path: Path) -> Database:
    """A file database with one table, in a folder that was not there."""
    database = Database(f"sqlite:///{tmp_path}/home/peak-ops.db")
    with database.connection() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER)"))
    return database


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
        session.connection().execute(text("INSERT INTO counter (value) VALUES (1)"))
        assert file.path is not None
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()}
        assert modes == {f"peak-ops.db{end}": 0o600 for end in ("", "-wal", "-shm")}
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_program_that_looks_in_takes_nothing_away(file: Database) -> None:
    """`peak-ops status` beside a running bot ends as one reader among others, not as the last one."""
    write = "INSERT INTO counter (value) VALUES (1)"
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


def test_postgresql_ends_what_hangs_and_writers_see_the_writer_before(postgres_url: str) -> None:
    """Whatever the server's own defaults are: a peer that is gone must not keep the lock."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        name = server.info.dbname
        server.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    database = Database(postgres_url)
    names = ("transaction_isolation", "statement_timeout", "idle_in_transaction_session_timeout")
    with database.transaction() as session:
        found = {name: session.execute(text(f"SHOW {name}")).scalar() for name in names}
    database.close()
    assert found == {
        "transaction_isolation": "read committed",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "1min",
    }


def test_looking_makes_no_file(tmp_path: Path) -> None:
    """A mistyped path is told, and nothing comes to be there: neither file nor folder."""
    database = Database(f"sqlite:///{tmp_path}/mistyped/peak-ops.db")

    assert database.current() is None
    with pytest.raises(DatabaseMissing, match=r"no desk's database.*db upgrade"):
        database.require_current()
    with pytest.raises(DatabaseMissing), database.transaction():
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "device"])
def test_what_is_no_file_is_left_alone(kind: str, tmp_path: Path) -> None:
    """A URL that leads to a folder or a pipe is refused, and its rights stay as they were."""
    path = tmp_path / kind
    path.mkdir(0o755) if kind == "folder" else os.mkfifo(path, 0o644)
    before = path.stat().st_mode

    with pytest.raises(DatabaseUnusable, match="not to a file"):
        Database(f"sqlite:///{path}").upgrade()

    assert path.stat().st_mode == before


def test_a_file_that_was_there_keeps_its_rights(file: Database) -> None:
    """Whoever let others read it had a reason; only what we make is made private."""
    assert file.path is not None
    file.path.chmod(0o640)
    with file.reading() as session:
        session.connection()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640
