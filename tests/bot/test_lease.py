"""One bot at work: whoever holds the lease acts, whoever does not cannot write."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from bot.database import Database
from bot.errors import DatabaseUnavailable
from bot.lease import LIFE_S, NAME, RENEW_S, SAFE_S, Holder, Lease, LeaseLost
from bot.tables import LeaseRow
from tests.bot.intake import DEADLINE_S, Clock, until

# A bot of the same home in a process of its own: takes the lease, says so, and lives until it is ended.
OTHER_BOT = """
import sys, time
from pathlib import Path
from bot.clock import system_clock
from bot.database import Database
from bot.lease import Lease
lease = Lease(Database(sys.argv[1]), Path(sys.argv[2]), system_clock)
print(lease.take(), flush=True)
time.sleep(600)
"""


class Seconds:
    """The seconds since boot, as a test wants them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell them."""
        return self.now


class Bots:
    """Leases on one database, each as a bot of some home would have it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.seconds = Seconds()
        self.clock = Clock()
        self.database = Database(url)

    def lease(self, home: str) -> Lease:
        """A bot of this home that has not asked for anything yet."""
        return Lease(Database(self.url), self.folder / home, self.clock, self.seconds)

    def other_bot(self, home: str) -> "subprocess.Popen[bytes]":
        """A bot in another process that has the lease."""
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER_BOT, self.url, str(self.folder / home)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        return process

    def pass_by(self, seconds: float) -> None:
        """Let time go by, for bots and people alike."""
        self.seconds.now += seconds
        self.clock.passes(seconds=seconds)

    def holder(self) -> Holder:
        """Who is in the row."""
        with self.database.reading() as session:
            holder = Holder.of(session)
        assert holder is not None
        return holder


@pytest.fixture
def bots(empty_database: Database, database_url: str, tmp_path: Path) -> Iterator[Bots]:
    """A desk's database, once a file and once on PostgreSQL."""
    empty_database.upgrade()
    bots = Bots(database_url, tmp_path)
    yield bots
    bots.database.close()


def test_one_bot_has_the_lease_and_another_stands_by(bots: Bots) -> None:
    """In the same home or in another, as long as the first renews."""
    first, neighbour, stranger = bots.lease("one"), bots.lease("one"), bots.lease("two")
    assert first.take()
    for _ in range(10):
        assert not neighbour.take()
        assert not stranger.take()
        bots.pass_by(RENEW_S)
        first.renew()

    assert first.held
    assert not neighbour.held


def test_a_lease_given_back_is_taken_at_once(bots: Bots) -> None:
    """A bot that ends politely leaves no gap."""
    first, second = bots.lease("one"), bots.lease("two")
    assert first.take()
    assert not second.take()
    first.release()

    assert not first.held
    assert second.take()


def test_a_holder_that_falls_silent_has_stopped_before_another_begins(bots: Bots) -> None:
    """Its own time is over first; the other one waits longer than that."""
    first, second = bots.lease("one"), bots.lease("two")
    assert first.take()
    assert not second.take()
    bots.pass_by(SAFE_S)
    assert not first.held
    assert not second.take()
    bots.pass_by(LIFE_S - SAFE_S + 0.1)

    assert second.take()
    assert second.held


def test_whoever_lost_the_lease_cannot_write(bots: Bots) -> None:
    """Whatever a bot still has in its hands, the database refuses it, and its renewal tells it why."""
    first, second = bots.lease("one"), bots.lease("two")
    mine = Database(bots.url)
    mine.fence = first.check
    assert first.take()
    with mine.transaction() as session:
        assert session.is_active
    assert not second.take()
    bots.pass_by(LIFE_S + 0.1)
    assert second.take()

    with pytest.raises(LeaseLost, match="Another bot is at work now"), mine.transaction():
        pass
    with pytest.raises(LeaseLost, match="it will stand by"):
        first.renew()
    mine.close()


def test_a_holder_that_was_late_but_first_goes_on(bots: Bots) -> None:
    """Nobody has taken over in between, so nothing is lost."""
    first = bots.lease("one")
    assert first.take()
    bots.pass_by(LIFE_S * 10)
    assert not first.held
    first.renew()

    assert first.held


def test_a_clock_that_jumps_gives_the_lease_to_nobody(bots: Bots) -> None:
    """Hours forward or back: who waits counts the seconds that pass, not what the clock says."""
    first, second = bots.lease("one"), bots.lease("two")
    assert first.take()
    for hours in (5, -9, 24):
        bots.clock.passes(hours=hours)
        assert not second.take()

    assert first.held


def test_two_bots_never_hold_it_together(tmp_path: Path) -> None:
    """Whatever order looks, renewals, silences and jumps of the clock come in."""
    url = f"sqlite:///{tmp_path}/peak-ops.db"
    Database(url).upgrade()
    bots = Bots(url, tmp_path)
    leases = [bots.lease(str(number)) for number in range(3)]
    chance = random.Random(7)
    taken = 0
    for _ in range(400):
        lease = chance.choice(leases)
        if not lease.held:
            taken += lease.take()
        elif chance.random() < 0.7:
            lease.renew()
        bots.seconds.now += chance.choice([0.1, 0.5, 2.0, SAFE_S, LIFE_S])
        bots.clock.passes(hours=chance.uniform(-3, 3))
        assert sum(each.held for each in leases) <= 1
    assert taken > 10


def test_a_killed_bot_of_the_same_home_is_not_waited_for(bots: Bots) -> None:
    """The kernel says that it is gone, so no time has to pass."""
    process = bots.other_bot("one")
    second = bots.lease("one")
    assert not second.take()
    process.kill()
    process.wait(DEADLINE_S)

    assert second.take()
    assert second.moved_from is None


def test_a_bot_of_the_same_home_that_hangs_is_ended(bots: Bots) -> None:
    """It holds the address to listen on and would act again when it wakes."""
    process = bots.other_bot("one")
    process.send_signal(signal.SIGSTOP)
    second = bots.lease("one")
    assert not second.take()
    bots.pass_by(LIFE_S + 0.1)

    assert second.take()
    assert process.wait(DEADLINE_S) == -signal.SIGKILL


def test_another_home_is_told_of(bots: Bots) -> None:
    """What ran there cannot be seen from here, so somebody has to look."""
    first, second = bots.lease("one"), bots.lease("two")
    assert first.take()
    assert first.moved_from is None
    first.release()
    assert second.take()

    assert second.moved_from is not None
    assert second.moved_from.home == str(bots.folder / "one")


def test_a_restart_in_the_same_home_is_no_move(bots: Bots) -> None:
    """The home's own file says that the one before was here."""
    for _ in range(2):
        lease = bots.lease("one")
        assert lease.take()
        assert lease.moved_from is None
        lease.release()


def test_the_row_names_the_bot_at_work(bots: Bots) -> None:
    """People read who, where and since when; one that is silent is not heard of."""
    lease = bots.lease("one")
    assert lease.take()
    holder = bots.holder()

    assert f"home {bots.folder / 'one'}, since 2026-11-23 12:00 UTC" in str(holder)
    assert holder.is_heard_of(bots.clock.now)
    assert not holder.is_heard_of(bots.clock.now + timedelta(minutes=1))
    lease.release()
    assert not bots.holder().is_heard_of(bots.clock.now)


def test_a_database_that_is_away_ends_the_right_and_not_the_bot(tmp_path: Path) -> None:
    """Nobody else can take over either; once the database is back, the same bot goes on."""
    url = f"sqlite:///{tmp_path}/peak-ops.db"
    database = Database(url)
    database.upgrade()
    bots = Bots(url, tmp_path)
    lease = bots.lease("one")
    assert lease.take()
    rename(database, "lease", "away")
    bots.pass_by(SAFE_S)
    with pytest.raises(DatabaseUnavailable):
        lease.renew()
    assert not lease.held
    rename(database, "away", "lease")
    lease.renew()

    assert lease.held


def rename(database: Database, before: str, after: str) -> None:
    """Take the table away, or bring it back."""
    with database.transaction() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")


@pytest.mark.parametrize("ends", [True, False])
def test_standing_by_ends_with_the_lease_or_with_the_bot(bots: Bots, ends: bool) -> None:
    """The first gives it back, or the one that waits is told to end."""
    first, second = bots.lease("one"), bots.lease("two")
    assert first.take()
    stopping = Event()
    (first.release if ends else stopping.set)()

    assert second.wait(stopping) is ends


def test_a_bot_that_lost_the_lease_hears_of_it(bots: Bots, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that renews says so, once, to whoever ends the process."""
    monkeypatch.setattr("bot.lease.RENEW_S", 0.01)
    first = bots.lease("one")
    lost: list[LeaseLost] = []
    assert first.take()
    first.keep(lost.append)
    until(lambda: bots.holder().turn > 3, "it renews")
    with bots.database.transaction() as session:
        session.get_one(LeaseRow, NAME).holder = "another"

    until(lambda: lost, "it was told")
    assert [error.exit_code for error in lost] == [75]
