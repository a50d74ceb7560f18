"""The stores of all three packages in one transaction, and the wake-up that follows its commit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from approvals.audit import Signer
from approvals.audit_store import AuditStore
from approvals.events import Recordable
from approvals.factor_store import FactorStore
from approvals.in_force import InForceStore
from approvals.payload import canonical
from approvals.store import GrantStore, RequestStore
from bot.database import Database
from bot.outbox import OutboxWriter
from bot.records import AlertStore, HaltStore, ReportStore
from trading.store import EquityStore, EventStore, FillStore, OrderStore, SessionStore


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs the record, and what second factors are sealed with; shown nowhere."""

    record: bytes = field(repr=False)
    factors: bytes = field(repr=False)


class HighestTime:
    """The highest time that this process has seen, or that stood in the record before."""

    def __init__(self) -> None:
        self._highest: datetime | None = None
        self._is_from_record = False

    def saw(self, now: datetime) -> None:
        """Note a time that the clock has told."""
        if self._highest is None or now > self._highest:
            self._highest = now

    def found(self, record: AuditStore) -> datetime | None:
        """The highest; the record is asked once."""
        if not self._is_from_record:
            # Not the newest row: one that was written by a clock set back has the low time.
            if (highest := record.highest_time()) is not None:
                self.saw(highest)
            self._is_from_record = True
        return self._highest


class Transaction:
    """Everything an operation may read and write, as one step; `highest` is the highest time seen."""

    def __init__(
        self, session: Session, keys: Keys, now: datetime, practice: bool, highest: HighestTime
    ) -> None:
        self.session = session
        self.now = now
        self._keys = keys
        self._practice = practice
        self._highest = highest

    @property
    def highest(self) -> datetime:
        """The highest time that was seen, now included."""
        return max(self.now, self._highest.found(self.audit) or self.now)

    @cached_property
    def requests(self) -> RequestStore:
        """Approval requests and votes."""
        return RequestStore(self.session, self._keys.record, self.highest)

    @cached_property
    def grants(self) -> GrantStore:
        """Grants."""
        return GrantStore(self.session)

    @cached_property
    def audit(self) -> AuditStore:
        """The hash-chained record."""
        return AuditStore(self.session, self._keys.record)

    @cached_property
    def in_force(self) -> InForceStore:
        """Roster and policy as they count now."""
        return InForceStore(self.session, self._keys.record)

    @cached_property
    def factors(self) -> FactorStore:
        """Second factors."""
        return FactorStore(self.session, self._keys.factors)

    @cached_property
    def sessions(self) -> SessionStore:
        """Trading sessions."""
        return SessionStore(self.session)

    @cached_property
    def orders(self) -> OrderStore:
        """Orders of our sessions."""
        return OrderStore(self.session)

    @cached_property
    def fills(self) -> FillStore:
        """Fills."""
        return FillStore(self.session)

    @cached_property
    def events(self) -> EventStore:
        """What trading reported."""
        return EventStore(self.session)

    @cached_property
    def equity(self) -> EquityStore:
        """Equity marks."""
        return EquityStore(self.session)

    @cached_property
    def alerts(self) -> AlertStore:
        """Alerts."""
        return AlertStore(self.session)

    @cached_property
    def halts(self) -> HaltStore:
        """Halts."""
        return HaltStore(self.session)

    @cached_property
    def reports(self) -> ReportStore:
        """Health reports."""
        return ReportStore(self.session)

    @cached_property
    def outbox(self) -> OutboxWriter:
        """Messages that leave with this transaction."""
        return OutboxWriter(self.session, self.now, practice=self._practice)

    def mark(self, *parts: str) -> str:
        """What only this desk can make of these texts: it shows that something comes from here."""
        return Signer(self._keys.record)(canonical({"mark": parts}))

    def record(self, event: Recordable) -> None:
        """Add what happened to the record."""
        self.audit.record(event, self.now)

    def note(self, kind: str, actor: str, subject: str, **facts: object) -> None:
        """Add an act that is no approval to the record; text only."""
        self.audit.append(kind, actor, subject, facts, self.now)


class Storage:
    """Opens transactions; time is read once for each."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Callable[[], datetime],
        *,
        practice: bool = False,
        committed: Callable[[], None] = lambda: None,
        highest: HighestTime | None = None,
    ) -> None:
        self._database = database
        self._highest = highest or HighestTime()
        self._keys = keys
        self._clock = clock
        self._practice = practice
        self._committed = committed

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: commits at the end and wakes the outbox, rolls back on any exception."""
        with self._database.transaction() as session:
            yield self._transaction(session)
        self._committed()

    def require_current(self) -> str:
        """The revision of the tables; raises DatabaseError when it is not the one of this program."""
        return self._database.require_current()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read one moment; nothing can be written."""
        with self._database.reading() as session:
            yield self._transaction(session)

    def _transaction(self, session: Session) -> Transaction:
        now = self._clock()
        self._highest.saw(now)
        return Transaction(session, self._keys, now, self._practice, self._highest)
