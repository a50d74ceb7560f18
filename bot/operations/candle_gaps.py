"""A gap in the candles that a person takes as it is: said with a reason, and kept in the record alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from approvals.person import Person
from bot.operations.desk import Refused
from bot.storage import Storage, Transaction
from trading.candles import Gap

ACCEPTED = "candles.accept"
REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who took which stretch of a series as it is, and why."""

    began_at: datetime
    until: datetime
    by: str
    reason: str
    at: datetime

    def covers(self, gap: Gap) -> bool:
        """Whether the whole gap lies in what was accepted."""
        return self.began_at <= gap.began_at and gap.until <= self.until


class AcceptGap:
    """Have a gap count as accepted; a person with a role at the desk may, alone: nothing starts by it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def __call__(self, person: Person, series: str, gap: Gap, reason: str) -> Acceptance | Refused:
        """Write it into the record; the same gap again is one more row, with its own reason."""
        if not (person.active and person.roles):
            return Refused(f"{person.name} has no role at the desk; an owner, operator or risk officer may.")
        said = " ".join(reason.split())[:REASON_MAX]
        if not said:
            return Refused("Say why this gap does no harm: the record keeps it.")
        with self._storage.transaction() as tx:
            facts = {"from": gap.began_at.isoformat(), "to": gap.until.isoformat(), "missing": gap.missing}
            tx.note(ACCEPTED, person.id, series, **facts, reason=said)
            return Acceptance(gap.began_at, gap.until, person.id, said, tx.now)


def acceptances(tx: Transaction, series: str) -> list[Acceptance]:
    """What was accepted of a series, oldest first."""
    return [
        Acceptance(
            datetime.fromisoformat(entry.body["from"]),
            datetime.fromisoformat(entry.body["to"]),
            entry.actor,
            entry.body["reason"],
            entry.time,
        )
        for entry in tx.audit.of_kind(ACCEPTED)
        if entry.subject == series
    ]


def accepted_by(gap: Gap, given: Iterable[Acceptance]) -> Acceptance | None:
    """The newest acceptance of a gap; None while nobody has taken it as it is."""
    return next((each for each in reversed(list(given)) if each.covers(gap)), None)
