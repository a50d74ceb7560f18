"""Second factors in the database: enrolled once, each code taken once, wrong ones counted for each request.

What is accepted is written by a conditional statement in the caller's transaction, so that of two answers
with one code only one can have it.
"""

from datetime import datetime

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.orm import Session

from approvals.errors import FactorEnrolled
from approvals.factor import (
    DRIFT_STEPS,
    TRIES_MAX,
    Code,
    Factor,
    Seal,
    Secret,
    new_phrase,
    new_recovery_codes,
    step_at,
)
from approvals.person import PersonId
from approvals.quorum import SENTENCES, Reason, Refusal
from approvals.request import Assurance
from approvals.rows import FACTOR, FACTOR_TRY, RECOVERY_CODE, insert

# What a recovery code was used by that nobody used; no subject and cause read so.
_VOID = "void"


class FactorStore:
    """The second factors of the desk; the key opens what they are sealed with."""

    def __init__(self, session: Session, key: bytes) -> None:
        self._session = session
        self._key = key

    def get(self, person: PersonId) -> Factor | None:
        """A person's factor, without its secret; None for somebody who has none."""
        columns = (FACTOR.c.person, FACTOR.c.phrase, FACTOR.c.enrolled_at, FACTOR.c.good_from)
        row = self._connection.execute(select(*columns).where(FACTOR.c.person == person)).first()
        return None if row is None else Factor(*row)

    def enrol(
        self, person: PersonId, secret: Secret, proven_step: int, good_from: datetime, now: datetime
    ) -> tuple[str, ...]:
        """Keep a new factor and give its recovery codes, which are shown once; raises FactorEnrolled.

        `proven_step` is the time step of the code that proved it: that one, and all before, are used up.
        """
        values = {
            "person": person,
            "sealed_secret": Seal(self._key).close(person, secret),
            "phrase": new_phrase(),
            "enrolled_at": now,
            "good_from": good_from,
            "last_step": proven_step,
            "last_subject": "",
            "last_cause": "",
        }
        if not insert(self._connection, FACTOR, values):
            before = self.get(person)
            raise FactorEnrolled(person=person, at=before.enrolled_at if before else now)
        codes = new_recovery_codes()
        rows = [
            {"person": person, "digest": Code(code).digest(person, self._key), "used_by": ""}
            for code in codes
        ]
        self._connection.execute(RECOVERY_CODE.insert(), rows)
        return codes

    def remove(self, person: PersonId) -> None:
        """Forget a person's factor with its recovery codes, so that another can be enrolled."""
        for table in (RECOVERY_CODE, FACTOR):
            self._connection.execute(delete(table).where(table.c.person == person))

    def use_up(self, now: datetime) -> frozenset[PersonId]:
        """Let no code count that could have been used until now: after a restore nobody knows which were.

        That is every recovery code; gives those who had one left.
        """
        newest = step_at(now) + DRIFT_STEPS
        values = {"last_step": newest, "last_subject": "", "last_cause": ""}
        self._connection.execute(update(FACTOR).where(FACTOR.c.last_step <= newest).values(values))
        left = RECOVERY_CODE.c.used_at.is_(None)
        persons = self._connection.execute(select(RECOVERY_CODE.c.person).where(left)).scalars()
        had_one = frozenset(map(PersonId, persons))
        void = {"used_at": now, "used_by": _VOID}
        self._connection.execute(update(RECOVERY_CODE).where(left).values(void))
        return had_one

    def may_prove(self, person: PersonId, now: datetime) -> Refusal | None:
        """Why this person's codes count for nothing now, whatever they are; None when they do."""
        factor = self.get(person)
        if factor is None:
            return _refusal(Reason.NOT_ENROLLED, person=person)
        if now < factor.good_from:
            return _refusal(Reason.FACTOR_WAITS, good_from=factor.good_from)
        return None

    def prove(
        self, person: PersonId, code: Code, subject: str, cause: str, now: datetime
    ) -> Assurance | Refusal:
        """Take one code of a person for one subject, a request or an asking; a wrong one is counted.

        The same code from the same act (`cause`) is taken again, so that an act that a crash interrupted can
        be finished.
        """
        if refused := self.may_prove(person, now):
            return refused
        if self._tries(person, subject) >= TRIES_MAX:
            return _refusal(Reason.TOO_MANY_TRIES, tries=TRIES_MAX)
        taken = (
            self._by_clock(person, code, subject, cause, now)
            if code.is_by_the_clock
            else self._recovery(person, code, f"{subject} {cause}", now)
        )
        if isinstance(taken, Refusal):
            self._count_try(person, subject)
        return taken

    def _by_clock(
        self, person: PersonId, code: Code, subject: str, cause: str, now: datetime
    ) -> Assurance | Refusal:
        query = select(FACTOR).where(FACTOR.c.person == person).with_for_update()
        row = self._connection.execute(query).mappings().one()
        step = Seal(self._key).open(person, row["sealed_secret"]).step_of(code, now)
        if step is None:
            return _refusal(Reason.CODE_WRONG)
        mine = and_(FACTOR.c.person == person, FACTOR.c.last_step < step)
        values = {"last_step": step, "last_subject": subject, "last_cause": cause}
        if self._connection.execute(update(FACTOR).where(mine).values(values)).rowcount == 1:
            return Assurance.TOTP
        if (row["last_step"], row["last_subject"], row["last_cause"]) == (step, subject, cause):
            return Assurance.TOTP
        another = row["last_step"] == step and row["last_subject"] not in ("", subject)
        return _refusal(Reason.CODE_OF_ANOTHER if another else Reason.CODE_USED)

    def _recovery(self, person: PersonId, code: Code, use: str, now: datetime) -> Assurance | Refusal:
        mine = and_(
            RECOVERY_CODE.c.person == person, RECOVERY_CODE.c.digest == code.digest(person, self._key)
        )
        row = self._connection.execute(select(RECOVERY_CODE.c.used_by).where(mine)).first()
        if row is None:
            return _refusal(Reason.CODE_WRONG)
        free = and_(mine, RECOVERY_CODE.c.used_at.is_(None))
        values = {"used_at": now, "used_by": use}
        if self._connection.execute(update(RECOVERY_CODE).where(free).values(values)).rowcount == 1:
            return Assurance.RECOVERY
        if row.used_by == _VOID:
            return _refusal(Reason.CODE_VOID)
        return Assurance.RECOVERY if row.used_by == use else _refusal(Reason.CODE_USED)

    def _tries(self, person: PersonId, subject: str) -> int:
        mine = and_(FACTOR_TRY.c.person == person, FACTOR_TRY.c.subject == subject)
        return self._connection.execute(select(FACTOR_TRY.c.count).where(mine)).scalar() or 0

    def _count_try(self, person: PersonId, subject: str) -> None:
        insert(self._connection, FACTOR_TRY, {"person": person, "subject": subject, "count": 0})
        mine = and_(FACTOR_TRY.c.person == person, FACTOR_TRY.c.subject == subject)
        self._connection.execute(update(FACTOR_TRY).where(mine).values(count=FACTOR_TRY.c.count + 1))

    @property
    def _connection(self) -> Connection:
        return self._session.connection()


def _refusal(reason: Reason, **facts: object) -> Refusal:
    return Refusal(reason, SENTENCES[reason].format(**facts))
