"""A SQLite database copied while it is at work, and a copy put back in its place: halted, nothing open."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from approvals.anchors import RESTORED
from approvals.audit import Head
from bot.anchor_file import AnchorFile
from bot.database import Database
from bot.errors import BotError
from bot.home_lock import HomeLock
from bot.installation import Installation
from bot.lease import Holder
from bot.operations.anchoring import void_what_waits
from bot.storage import Storage
from trading.gateway_files import gateway_process, running_gateways
from trading.whole_file import keep_names

Walked = Callable[[int], None]

PAGES = 2_000
GATEWAY_ENDS_WITHIN_S = 5


class NotOurs(BotError):
    """{url} is no file, so it is not copied from here. Use the server's own tools: pg_dump, pg_restore."""

    exit_code = 2
    url: str


class CopyUnusable(BotError):
    """{file} cannot take the place of the database: {why}. Nothing was changed."""

    exit_code = 2
    file: Path
    why: str


class DeskAtWork(BotError):
    """{who}, so the database was left as it is. Stop the bot, and whoever stands by, then try again."""

    who: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: where the record ends now, where the replaced database is, what is void."""

    head: Head | None
    replaced: Path | None
    void: tuple[str, ...]


def back_up(installation: Installation, target: Path, walked: Walked) -> Head | None:
    """Copy the database into a file, whole or not at all; gives the head of its record."""
    source = _file_of(installation)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        _copy(source, fresh, walked)
        copied = Database(_url(fresh))
        try:
            with _storage(installation, copied).reading() as tx:
                head = tx.audit.head()
        finally:
            copied.close()
        _settle(fresh)
        fresh.replace(target)
    finally:
        _forget(fresh)
    keep_names(target.parent)
    return head


def restore(installation: Installation, file: Path, by: str, walked: Walked) -> Restored:
    """Put a copy in the place of the database; the desk is halted, and what waited is void.

    Raises CopyUnusable, DeskAtWork or NotOurs before anything is changed. The replaced database is kept.
    """
    target = _file_of(installation)
    home = installation.environment.home_folder
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = HomeLock(home)
    if not lock.take():
        raise DeskAtWork(who="A bot of this home is at work or stands by")
    staged = target.with_name(f".{target.name}.restoring")
    try:
        _refuse_while_at_work(installation)
        _forget(staged)
        _staged(file, staged, walked)
        copied = Database(_url(staged))
        try:
            return _put_in_place(installation, copied, staged, target, file, by)
        finally:
            copied.close()
    finally:
        _forget(staged)
        lock.release()


def _put_in_place(
    installation: Installation, copied: Database, staged: Path, target: Path, file: Path, by: str
) -> Restored:
    home, now = installation.environment.home_folder, installation.clock()
    storage = _storage(installation, copied)
    anchors = AnchorFile(home, installation.keys.record)
    try:
        copied.upgrade()
        _check_record(storage, file)
    except (BotError, sqlite3.Error) as error:
        raise error if isinstance(error, CopyUnusable) else CopyUnusable(file=file, why=str(error)) from None
    why = f"the database was restored from {file.name} by {by}; look at the venue before you clear this"
    installation.latch.engage(why, by, now)
    for exchange in running_gateways(home):
        if gateway := gateway_process(home, exchange):
            gateway.end(patience_s=GATEWAY_ENDS_WITHIN_S)  # it works on the database that goes
    with storage.transaction() as tx:
        void = void_what_waits(tx, installation.desk, why)
        head = tx.audit.head()
    copied.close()
    _settle(staged)
    replaced = None
    if target.exists():
        replaced = target.with_name(f"{target.name}.replaced-{now:%Y%m%d-%H%M%S}")
        _settle(target)
        os.link(target, replaced)  # at no moment is there none: a bot would make an empty one
    staged.replace(target)
    keep_names(target.parent)
    anchors.add(head, RESTORED, now)
    return Restored(head, replaced, tuple(void))


def _refuse_while_at_work(installation: Installation) -> None:
    database = installation.database
    if database.current() is None:
        return
    with database.reading() as session:
        holder = Holder.of(session)
    database.close()
    if holder is not None and holder.is_heard_of(installation.clock()):
        raise DeskAtWork(who=f"At work is {holder}")


def _check_record(storage: Storage, file: Path) -> None:
    with storage.reading() as tx:
        verdict = tx.audit.verify()
    if not verdict.ok:
        raise CopyUnusable(file=file, why=f"its record is broken: {verdict.why}")


def _staged(file: Path, staged: Path, walked: Walked) -> None:
    """Copy the file beside the database, once it is seen to be a whole SQLite database of ours."""
    try:
        if not file.is_file():
            raise CopyUnusable(file=file, why="there is no such file")
        _copy(file, staged, walked)
        with closing(sqlite3.connect(staged)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            is_ours = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_entry'").fetchone()
    except sqlite3.Error as error:
        raise CopyUnusable(file=file, why=f"it is no SQLite database that can be read ({error})") from None
    if found != "ok":
        raise CopyUnusable(file=file, why=f"it is damaged ({found})")
    if is_ours is None:
        raise CopyUnusable(file=file, why="it is no desk's database")


def _copy(source: Path, target: Path, walked: Walked) -> None:
    """Copy a database while others write to it, for its owner alone."""
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
    remaining: list[int] = []

    def step(_: int, left: int, total: int) -> None:
        walked((remaining[-1] if remaining else total) - left)
        remaining.append(left)

    reading = sqlite3.connect(f"file:{quote(str(source.absolute()))}?mode=ro", uri=True)
    with closing(reading), closing(sqlite3.connect(target)) as writing:
        reading.backup(writing, pages=PAGES, progress=step)


def _settle(path: Path) -> None:
    """Bring what is still in a database's log into its file, and have it survive a power cut."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _forget(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _file_of(installation: Installation) -> Path:
    path = installation.database.path
    if path is None:
        raise NotOurs(url=installation.database.url)
    return path


def _storage(installation: Installation, database: Database) -> Storage:
    return Storage(database, installation.keys, installation.clock, practice=installation.desk.practice)


def _url(path: Path) -> str:
    return f"sqlite:///{quote(str(path.absolute()))}"
