"""One bot at work: its row in the database, renewed by its holder and looked at by every write of it.

Nobody compares clocks. A bot that stands by takes over once the row has stood still for LIFE_S on its own
clock, or at once when it can know that the holder is gone; the holder counts SAFE_S from before its renewal.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import CLOCK_BOOTTIME, clock_gettime

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from bot.database import Database
from bot.errors import BotError
from bot.home_lock import HomeLock
from bot.tables import LeaseRow
from trading.pids import ProcessId

log = logging.getLogger(__name__)

NAME = "bot"
LIFE_S = 6.0
SAFE_S = 4.0
RENEW_S = 2.0
LOOK_S = 0.5
HANGS_FOR_S = 1.0
HEARD_OF = timedelta(seconds=2 * LIFE_S)

# A plain statement: every write of the bot waits for it.
_HOLDER = select(LeaseRow.holder).where(col(LeaseRow.name) == NAME)


class LeaseLost(BotError):
    """Another bot is at work now (process {pid} on {host}), so this one does nothing more and ends.

    Start it again, as a service manager does by itself: it will stand by.
    """

    exit_code = 75
    pid: int
    host: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The row as it was read: who is at work, or was last."""

    id: str
    turn: int
    host: str
    pid: int
    home: str
    granted_at: datetime
    renewed_at: datetime
    given_back: bool

    @classmethod
    def of(cls, session: Session) -> "Holder | None":
        """Who holds the lease or held it last; None when nobody ever has."""
        row = session.get(LeaseRow, NAME)
        if row is None:
            return None
        return cls(
            id=row.holder,
            turn=row.turn,
            host=row.host,
            pid=row.pid,
            home=row.home,
            granted_at=row.granted_at,
            renewed_at=row.renewed_at,
            given_back=row.given_back,
        )

    def is_heard_of(self, now: datetime) -> bool:
        """Whether it has renewed lately, by two clocks that may differ: good enough to be told to people."""
        return not self.given_back and now - self.renewed_at < HEARD_OF

    def __str__(self) -> str:
        return (
            f"process {self.pid} on {self.host}, home {self.home}, since {self.granted_at:%Y-%m-%d %H:%M} UTC"
        )


def at_work(holder: Holder | None, now: datetime) -> str:
    """Which bot is at work, in words."""
    if holder is None or holder.given_back:
        return "none is at work"
    if not holder.is_heard_of(now):
        return (
            f"none has been heard of since {holder.renewed_at:%Y-%m-%d %H:%M:%S} UTC; the last was {holder}"
        )
    return str(holder)


def running_s() -> float:
    """Seconds since the machine's boot, those in which it slept too; no setting of the clock changes them."""
    return clock_gettime(CLOCK_BOOTTIME)


class Lease:
    """The right to be the bot of one database; over its own connection, so that nothing stands before it.

    `moved_from` is the holder before us when that was a bot of another home.
    """

    def __init__(
        self,
        database: Database,
        home: Path,
        clock: Callable[[], datetime],
        running_s: Callable[[], float] = running_s,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.moved_from: Holder | None = None
        self._database = database
        self._home = str(home.absolute())
        self._lock = HomeLock(home)
        self._clock = clock
        self._running_s = running_s
        self._seen: Holder | None = None
        self._seen_at = 0.0
        self._good_until = float("-inf")
        self._ending = Event()
        self._keeper: Thread | None = None

    @property
    def held(self) -> bool:
        """Whether nobody else can be at work now; False as soon as that is not certain."""
        return self._running_s() < self._good_until

    def take(self) -> bool:
        """Take the lease if it is free; gives whether it is ours. Raises DatabaseUnavailable."""
        with self._database.reading() as session:
            holder = Holder.of(session)
        if self._seen is None or holder != self._seen:
            self._seen, self._seen_at = holder, self._running_s()
        if holder is not None and not holder.given_back and not self._is_over(holder):
            return False
        began = self._running_s()
        with self._database.transaction() as session:
            if Holder.of(session) != holder:
                return False  # somebody was first, or the holder lives after all
            session.merge(self._row((holder.turn if holder else 0) + 1))
        self._good_until = began + SAFE_S
        self._move_in(holder)
        return True

    def wait(self, stopping: Event) -> bool:
        """Stand by until the lease is ours; False when we are to end first."""
        while not stopping.wait(LOOK_S):
            try:
                if self.take():
                    return True
            except BotError as error:
                log.warning("lease: the database cannot be looked at, standing by: %s", error)
        return False

    def keep(self, on_lost: Callable[[LeaseLost], None]) -> None:
        """Renew it from now on; `on_lost` is called once another bot has it."""
        self._keeper = Thread(target=self._keep, args=(on_lost,), name="lease", daemon=True)
        self._keeper.start()

    def check(self, connection: Connection) -> None:
        """Raise LeaseLost unless it is ours in this very transaction; the database's fence."""
        if connection.execute(_HOLDER).scalar() != self.id:
            holder = Holder.of(Session(connection))
            raise LeaseLost(pid=holder.pid if holder else 0, host=holder.host if holder else "unknown")

    def renew(self) -> None:
        """Be sure of it for SAFE_S more; raises LeaseLost or DatabaseUnavailable."""
        began = self._running_s()
        with self._database.transaction() as session:
            self.check(session.connection())
            row = session.get_one(LeaseRow, NAME)
            row.turn += 1
            row.renewed_at = self._clock()
        self._good_until = began + SAFE_S

    def release(self) -> None:
        """Give it back, so that whoever stands by need not wait."""
        self._ending.set()
        if self._keeper is not None:
            self._keeper.join()
        self._good_until = float("-inf")
        try:
            with self._database.transaction() as session:
                self.check(session.connection())
                session.get_one(LeaseRow, NAME).given_back = True
        except BotError as error:
            log.warning("lease: not given back: %s", error)
        self._database.close()
        self._lock.release()

    def _keep(self, on_lost: Callable[[LeaseLost], None]) -> None:
        while not self._ending.wait(RENEW_S):
            try:
                self.renew()
            except LeaseLost as lost:
                on_lost(lost)
                return
            except Exception as error:
                log.warning("lease: not renewed; nothing is begun until it is: %s", error)
            if not self._lock.taken:
                self._sign()

    def _is_over(self, holder: Holder) -> bool:
        """Whether the holder is gone for certain, or silent for so long that it must have stopped."""
        if self._running_s() - self._seen_at > LIFE_S:
            return True
        if not self._lock.take():
            return False
        tenant = self._lock.tenant()
        return tenant is not None and tenant.holder == holder.id

    def _move_in(self, previous: Holder | None) -> None:
        """End a holder of this home that hangs: it has lost everything but its address and its memory."""
        tenant = self._lock.tenant()
        if previous is not None and (tenant is None or tenant.holder != previous.id):
            self.moved_from = previous
        elif tenant is not None and not self._lock.take():
            log.warning("lease: process %d of this home hangs and is ended", tenant.pid)
            ProcessId(tenant.pid, tenant.started_at).end(patience_s=HANGS_FOR_S)
        self._sign()

    def _sign(self) -> None:
        if self._lock.take():
            self._lock.sign(self.id)

    def _row(self, turn: int) -> LeaseRow:
        now = self._clock()
        return LeaseRow(
            name=NAME,
            holder=self.id,
            turn=turn,
            host=socket.gethostname()[:255],
            pid=os.getpid(),
            home=self._home,
            granted_at=now,
            renewed_at=now,
            given_back=False,
        )
