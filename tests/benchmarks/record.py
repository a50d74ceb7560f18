"""What a vote costs, whether a long record makes it slower, and how fast the record is followed."""

import gc
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median

from approvals.anchors import Anchor
from approvals.audit import FIELDS, Entry, Head
from approvals.events import VoteRecorded
from approvals.person import Account, Person, Role, Roster, person_id
from approvals.policy import Rule
from approvals.request import ApprovalRequest, Vote, VoteKind, VoteWord
from approvals.rows import ENTRY, REQUEST, VOTE, entry_values, request_values, signed, vote_values
from approvals.verify import verify, verify_export
from bot.clock import system_clock
from bot.database import Database
from bot.storage import Keys, Storage
from tests.benchmarks.figures import Figure

VOTES = 300
SHORT, LONG = 1_000, 100_000
RUNS = 5
BATCH = 5_000
KEY = b"the key of a benchmark, 32 bytes"
PAYLOAD = {f"field {number}": "x" * 40 for number in range(40)}
OTTO = Person(person_id("Otto"), "Otto", (Account("T1", "U1"),), frozenset({Role.OPERATOR}), "UTC")
OLIVIA = Person(person_id("Olivia"), "Olivia", (Account("T1", "U2"),), frozenset({Role.OWNER}), "UTC")
ROSTER = Roster((OTTO, OLIVIA))
RULE = Rule("live.activate", 2, frozenset(Role), frozenset({Role.OWNER}), 86_400, 600, False)


class Desk:
    """A database with a record of some length, and requests that wait for a vote."""

    def __init__(self, path: Path, rows: int) -> None:
        self.database = Database(f"sqlite:///{path}")
        self.database.upgrade()
        self.storage = Storage(self.database, Keys(KEY, KEY), system_clock)
        self._fill(rows)
        self._waiting = iter(self._ask(VOTES))

    def votes(self) -> float:
        """The seconds of one durable vote: count, decision and row of the record in one commit."""
        request = next(self._waiting)
        began = time.perf_counter()
        with self.storage.transaction() as tx:
            vote = Vote(OLIVIA.id, VoteWord.YES, tx.now, OLIVIA.accounts[0])
            outcome = tx.requests.record_vote(request.id, vote, ROSTER, tx.now)
            if not isinstance(outcome, VoteRecorded):
                raise RuntimeError(f"the vote was refused: {outcome}")
            tx.record(outcome)
        return time.perf_counter() - began

    def bytes_a_vote(self) -> int:
        """How much text one vote leaves: its row, that of the record, and the decision on the request."""
        with self.storage.reading() as tx:
            (entry,) = tx.audit.recent(1)
        return sum(len(str(value)) for value in entry_values(entry).values()) + 300

    def _fill(self, rows: int) -> None:
        entries = a_record(rows, system_clock())
        for start in range(0, rows, BATCH):
            values = [entry_values(entry) for entry in entries[start : start + BATCH]]
            with self.database.writing() as connection:
                connection.execute(ENTRY.insert(), values)

    def _ask(self, count: int) -> list[ApprovalRequest]:
        now = system_clock()
        requests = [
            ApprovalRequest.asked(
                rule=RULE,
                roster=ROSTER,
                requested_by=OTTO.id,
                account=f"kraken:{number}",
                reason="to be measured",
                payload=PAYLOAD,
                cause=f"bench-{number}",
                now=now,
            )
            for number in range(count)
        ]
        asked = Vote(OTTO.id, VoteWord.YES, now, OTTO.accounts[0], kind=VoteKind.REQUESTER)
        with self.database.writing() as connection:
            rows = [signed(REQUEST, request_values(request), KEY) for request in requests]
            connection.execute(REQUEST.insert(), rows)
            votes = [signed(VOTE, vote_values(request.id, asked), KEY) for request in requests]
            connection.execute(VOTE.insert(), votes)
        return requests


def a_record(rows: int, at: datetime) -> list[Entry]:
    """A chain of votes, as the desk writes them."""
    chain: list[Entry] = []
    head: Head | None = None
    body = {
        "account": "T1/U2",
        "at": at,
        "counted": ["otto", "olivia"],
        "digest": "d" * 64,
        "kind": "approver",
        "person": "olivia",
        "reason": "",
        "state": "approved",
        "step_up": "totp",
        "vote": "yes",
    }
    for number in range(rows):
        moment = at - timedelta(seconds=rows - number)  # by a clock that was set back nobody votes
        entry = Entry.following(
            head, at=moment, kind="request.vote", actor="olivia", subject=f"req-{number}", body=body, key=KEY
        )
        head = entry.head
        chain.append(entry)
    return chain


class Bare:
    """A SQLite file with the same settings and one table, written to by the driver alone."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE vote (number INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        ):
            self._connection.execute(statement)

    def commits(self, size: int) -> float:
        """The seconds of one durable commit of so many bytes."""
        text = "x" * size
        began = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO vote (text) VALUES (?)", (text,))
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def run(say: Callable[[str], None]) -> list[Figure]:
    """Votes beside bare commits, on a short record and a long one in turn; then the long one is followed."""
    with tempfile.TemporaryDirectory(prefix="peak-ops-record-") as folder:
        say(f"writing {LONG:,} rows")
        short, long = Desk(Path(folder) / "short.db", SHORT), Desk(Path(folder) / "long.db", LONG)
        with closing(Bare(Path(folder) / "bare.db")) as bare:
            size = short.bytes_a_vote()
            say("voting")
            turns = [(short.votes(), long.votes(), bare.commits(size)) for _ in range(VOTES)]
        on_short, on_long, committed = (1_000 * median(column) for column in zip(*turns, strict=True))
        say("following")
        followed = _followed(long)
        short.database.close()
        long.database.close()
    return [
        Figure("one vote, durable", on_short, "ms", 6 * committed, committed),
        Figure(f"one vote, {LONG:,} rows of record", on_long, "ms", 1.2 * on_short, on_short),
        *followed,
    ]


def _followed(desk: Desk) -> list[Figure]:
    """The processor time a row of following the whole record: 5 µs are 200,000 rows a second."""
    with desk.storage.reading() as tx:
        anchor = Anchor.of(tx.audit.head(), "export", tx.now, KEY)
        lines = [*(entry.as_line() for entry in tx.audit.entries()), anchor.as_line()]
        ways: dict[str, tuple[float | None, Callable[[], bool]]] = {
            "audit verify, the chain alone": (5.0, lambda: verify(tx.audit.rows(), None).ok),
            "audit verify, with the key": (10.0, lambda: tx.audit.verify().ok),
            "audit verify of an export, with the key": (None, lambda: verify_export(lines, KEY).ok),
        }
        path = desk.database.path
        bare = 1_000_000 * min(_timed(lambda: _read_and_hash(path))) / len(lines)
        return [
            Figure(name, 1_000_000 * min(_timed(way)) / len(lines), "µs a row", target, bare)
            for name, (target, way) in ways.items()
        ]


def _read_and_hash(path: Path | None) -> bool:
    """The least that following can cost: the driver reads the rows, and each text is hashed once."""
    columns = ", ".join(FIELDS)
    with closing(sqlite3.connect(str(path))) as connection:
        rows = connection.execute(f"SELECT {columns} FROM audit_entry ORDER BY sequence")
        for row in rows:
            sha256("\n".join(row[1:7]).encode()).hexdigest()
    return True


def _timed(way: Callable[[], bool]) -> Iterator[float]:
    gc.disable()  # as in a command
    for _ in range(RUNS):
        began = time.thread_time()
        if not way():
            raise RuntimeError("the record of the benchmark is broken")
        yield time.thread_time() - began
    gc.enable()
