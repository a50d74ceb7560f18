"""The head of the record, noted outside the database; and what follows when the database is an older one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from approvals.anchors import RESTORED
from approvals.audit import GENESIS, Head
from approvals.errors import AnchorUnusable
from approvals.events import ExecutionChanged, RequestDecided
from bot.anchor_file import AnchorFile
from bot.operations.alerts import raise_alert
from bot.operations.desk import Desk
from bot.operations.request_card import subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence
from trading.killswitch import Latch

log = logging.getLogger(__name__)


# Told a title, a text, and who hears in words of each outlet that did not take it; returns at once.
Tell = Callable[[str, str, Callable[[tuple[str, ...]], None]], None]


@dataclass(frozen=True, slots=True)
class NoteHead:
    """Note where the record ends now; what takes no note stops nobody, and is an alert.

    `tell` sends it through the outlets, where there are any.
    """

    storage: Storage
    desk: Desk
    file: AnchorFile
    tell: Tell = lambda title, text, failed: None

    def __call__(self, why: str) -> None:
        """Add a line to the home's file, and tell the outlets."""
        with self.storage.reading() as tx:
            head, now = tx.audit.head(), tx.now
        try:
            self.file.add(head, why, now)
        except OSError as error:
            log.exception("the head of the record was not noted in %s", self.file.path)
            tell_unwritten(self.storage, self.desk, "The head of the record", error)
        title, text = head_in_words(head, why, now, practice=self.desk.practice)
        self.tell(title, text, self._untold)

    def _untold(self, outlets: tuple[str, ...]) -> None:
        log.error("the head of the record was not told: %s", "; ".join(outlets))
        with self.storage.transaction() as tx:
            raise_alert(
                tx,
                self.desk,
                f"untold:{tx.now:%Y-%m-%dT%H}",
                "report.unwritten",
                "medium",
                "The head of the record could not be told to an outlet",
                "; ".join(outlets),
                "Trading goes on, and the home and the report have it. peak-ops doctor tries each one.",
            )


def head_in_words(head: Head | None, why: str, at: datetime, *, practice: bool) -> tuple[str, str]:
    """What an outlet is told, title and text: the whole head, ready to be compared."""
    whole = f"{head.sequence}:{head.hash}" if head else f"0:{GENESIS}"
    title = f"{'PRACTICE ' if practice else ''}Peak Ops: where the record ends"
    return title, (
        f"{whole}\n{at:%Y-%m-%d %H:%M:%S} UTC, {why}. To compare: peak-ops audit verify --anchor {whole}"
    )


def tell_unwritten(storage: Storage, desk: Desk, what: str, error: OSError) -> None:
    """Raise an alert: something that stands in the database could not be written beside it."""
    with storage.transaction() as tx:
        raise_alert(
            tx,
            desk,
            f"unwritten:{what}:{tx.now:%Y-%m-%dT%H}",
            "report.unwritten",
            "medium",
            f"{what} could not be written",
            f"{error.filename or desk.channels.reports}: {error.strerror or error}",
            "Trading goes on, and the database has it. Free some room, or give the folder reports back.",
        )


class CompareAnchors:
    """At a start: a database that does not hold what this home has noted was restored, swapped or cut."""

    def __init__(self, storage: Storage, desk: Desk, latch: Latch, file: AnchorFile) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch
        self._file = file

    def __call__(self) -> bool:
        """Halt and void what waits when it is so, and note the head from which the record goes on.

        Gives whether the database is the one that it should be.
        """
        why = self._difference()
        with self._storage.reading() as tx:
            now = tx.now
        if why:
            log.critical("record: %s", why)
            self._latch.engage(why, "Peak Ops", now)
            with self._storage.transaction() as tx:
                void_what_waits(tx, self._desk, why)
                tell_restored(tx, self._desk, why)
        NoteHead(self._storage, self._desk, self._file)(RESTORED if why else "start")
        return not why

    def _difference(self) -> str:
        try:
            noted = self._file.read()
        except AnchorUnusable as error:
            self._file.set_aside()
            return str(error)
        if not noted or noted[-1].sequence == 0:
            return ""
        newest = noted[-1]
        with self._storage.reading() as tx:
            found: Head | None = tx.audit.at(newest.sequence)
        if found == newest.head:
            return ""
        is_there = "does not hold" if found is None else "holds another row in place of"
        return (
            f"the database {is_there} row {newest.sequence} of the record, which this home noted at "
            f"{newest.at[:16].replace('T', ' ')} UTC: it was restored, swapped or cut"
        )


def tell_restored(tx: Transaction, desk: Desk, why: str) -> None:
    """Raise an alert: somebody has put another database in the place of this desk's."""
    raise_alert(
        tx,
        desk,
        f"restored:{tx.now.isoformat()}",
        "record.restored",
        "high",
        "The database is not the one that this home knows",
        f"{why[:1].upper()}{why[1:]}. Everything is halted, and what waited for approval is void.",
        "Find out who changed it and why before you clear the halt: /peak orders, peak-ops audit verify.",
    )


def void_what_waits(tx: Transaction, desk: Desk, why: str) -> list[str]:
    """Close every request that could still lead to something, and use up every code; gives their names."""
    closed = []
    for request in [*tx.requests.open_requests(tx.now), *tx.requests.executable_requests(tx.now)]:
        after = request.void(tx.now, why)
        if after.execution is request.execution and tx.requests.decide(after):
            tx.record(RequestDecided(after))
        elif tx.requests.void_execution(after):
            tx.record(ExecutionChanged(after))
        tx.outbox.card(subject(request.id), desk.channels.approvals, Urgency.FIRST)
        closed.append(request.name)
    _void_codes(tx, desk)
    tx.note("record.restored", "peak-ops", "record", reason=why, void=closed)
    return closed


def _void_codes(tx: Transaction, desk: Desk) -> None:
    """Let no code of before count, and tell everybody whose recovery codes are gone by it."""
    had_one = tx.factors.use_up(tx.now)
    told = sentence(
        "The database was restored, so nobody knows which codes were used since, and your recovery codes "
        "count no more. The six digits of your app do. For new ones, have somebody else ask for a new "
        "factor of yours: /peak factor <person> <reason>."
    )
    for person in desk.roster:
        if person.id in had_one and person.reachable:
            key = f"recovery-codes:{tx.now.isoformat()}:{person.id}"
            tx.outbox.dm(key, person.accounts[0], told)
