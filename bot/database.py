"""The database: short write transactions, full sync, one writer at a time, SQLite or PostgreSQL."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlmodel import Session

from bot.errors import (
    DatabaseMissing,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseUnavailable,
    DatabaseUnusable,
)

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 5_000
CONNECTIONS_MAX = 20

# PostgreSQL lets writers run side by side, SQLite never does. Every write transaction takes this
# lock first, so that "read, decide, write" means the same on both.
WRITER_LOCK = 7_325_011


_POSTGRESQL_SETTINGS = {
    "timezone": "UTC",
    "synchronous_commit": "on",
    "lock_timeout": BUSY_TIMEOUT_MS,
    # A statement or a silence of this length is no work of ours: the server ends it and frees the lock.
    "statement_timeout": 30_000,
    "idle_in_transaction_session_timeout": 60_000,
}
# A server that is gone without a word is noticed after some twenty seconds.
_KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}


class Database:
    """One database, opened on first use; a file is made by migrations alone, never by looking for one.

    `fence` looks at each write transaction as it begins, and raises to refuse it: whoever may not write any
    more then cannot, whatever time it is.
    """

    def __init__(self, url: str) -> None:
        self.fence: Callable[[Connection], None] | None = None
        self._url = _usable(url)
        self._engine = _sqlite(self._url) if self.is_sqlite else _postgresql(self._url)
        self._writing = self._engine.execution_options(peak_access="write", **self._write_as())
        self._reading = self._engine.execution_options(peak_access="read", **self._read_only())

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self._url.database or "") if self.is_sqlite else None

    @property
    def url(self) -> str:
        """The URL with its password hidden."""
        return _shown(self._url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that holds the write lock; commits at the end, rolls back on any exception.

        Raises DatabaseUnavailable when the lock, the disk or the server is not to be had.
        """
        with self.writing() as connection, Session(connection) as session:
            yield session
            session.commit()  # what is left to flush; the connection's own commit ends it

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same for plain statements: a connection that holds the write lock, without the ORM."""
        with self._unavailable_told(), self._writing.begin() as connection:
            if self.fence is not None:
                self.fence(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment and cannot write."""
        with self._unavailable_told(), Session(self._reading) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in one write transaction, for migrations; makes the file when it is not there."""
        if self.path is not None:
            _make_private(self.path)
        with self._unavailable_told(), self._writing.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a large table takes its time
            yield connection

    def current(self) -> str | None:
        """The revision the tables are at; None when there are none yet."""
        if self.path is not None and not self.path.exists():
            return None
        with self._unavailable_told(), self._reading.connect() as connection:
            return _revision(connection)

    def upgrade(self) -> str:
        """Bring the tables to this program's revision and return it; free when they are there already.

        Raises DatabaseNewer when a newer program has been at work.
        """
        head = newest_revision()
        found = self.current()
        if found == head:
            return head
        if found is not None and found > head:
            raise DatabaseNewer(found=found, known=head)
        self._migrate(head)
        return head

    def require_current(self) -> str:
        """Return the revision when it is this program's; changes nothing.

        Raises DatabaseMissing, DatabaseOlder or DatabaseNewer, which say what to do.
        """
        head = newest_revision()
        found = self.current()
        if found is None:
            raise DatabaseMissing(url=self.url)
        if found != head:
            raise (
                DatabaseNewer(found=found, known=head)
                if found > head
                else DatabaseOlder(found=found, known=head)
            )
        return head

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _migrate(self, revision: str) -> None:
        from alembic import command  # slow to import, seldom needed
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.connection() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def _write_as(self) -> dict[str, Any]:
        # What is read after the lock must be what the writer before has left, whatever the server's default.
        return {} if self.is_sqlite else {"isolation_level": "READ COMMITTED"}

    def _read_only(self) -> dict[str, Any]:
        return {} if self.is_sqlite else {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}

    @contextmanager
    def _unavailable_told(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError, ProgrammingError):
            raise  # the caller's own business
        except (DBAPIError, PoolTimeoutError) as error:
            raise DatabaseUnavailable(url=self.url, reason=_first_line(error)) from error


def newest_revision() -> str:
    """The last migration by its file name: `0001_first_tables.py` is revision 0001."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _usable(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(url="given", reason="it is not a URL") from None
    shown = _shown(parsed)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:") or parsed.query:
            raise DatabaseUnusable(url=shown, reason="it names no file that outlives the program")
        return parsed.set(drivername="sqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise DatabaseUnusable(url=shown, reason=f"{backend} is not supported")


def _shown(url: URL) -> str:
    """The URL without its parameters, for a password may stand among them as well."""
    return url.set(query={}).render_as_string(hide_password=True)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _sqlite(url: URL) -> Engine:
    # isolation_level=None: the driver begins nothing by itself, `begin` below does.
    engine = create_engine(
        url,
        connect_args={
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_MS / 1000,
            "check_same_thread": False,
        },
        hide_parameters=True,  # an error tells the statement, never the text of a command or reason
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
    )

    @event.listens_for(engine, "do_connect")
    def there(*_: Any) -> None:
        _require_file(Path(url.database or ""))

    @event.listens_for(engine, "connect")
    def durable(connection: Any, _: Any) -> None:
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("peak_access") == "write"
        if connection.info.get("writes") is not writes:  # it is kept with the connection: one statement less
            connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
            connection.info["writes"] = writes
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _require_file(path: Path) -> None:
    """Let SQLite open nothing but a file that is there: it would make one, or spoil what is none.

    The file is looked at and never opened here: closing any handle on it would drop the locks that SQLite
    holds in this process, and another program could then take the log for left over and delete it.
    """
    shown = f"sqlite:///{path}"
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise DatabaseMissing(url=shown) from None
    except OSError as error:
        raise DatabaseUnavailable(url=shown, reason=str(error)) from error
    if not stat.S_ISREG(mode):
        raise DatabaseUnusable(url=shown, reason="it leads to a folder or a device, not to a file")


def _make_private(path: Path) -> None:
    """Make the file, for its owner alone, unless it is there; SQLite gives the same mode to its log."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(url=f"sqlite:///{path}", reason=str(error)) from error


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": BUSY_TIMEOUT_MS // 1000,
            "options": " ".join(f"-c {name}={value}" for name, value in _POSTGRESQL_SETTINGS.items()),
            **_KEEPALIVES,
        },
        hide_parameters=True,  # an error tells the statement, never the text of a command or reason
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("peak_access") == "write":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine
