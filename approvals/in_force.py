"""What counts now of the files: agreed to, stored and signed, whatever they say meanwhile."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from approvals.errors import InForceForged
from approvals.payload import canonical, parsed
from approvals.person import Roster
from approvals.policy import Policy
from approvals.rows import IN_FORCE, insert

LOOSEN, TIGHTEN = "limits.loosen", "limits.tighten"


class Kind(StrEnum):
    """What takes effect only when it was agreed to."""

    ROSTER = "roster"
    POLICY = "policy"
    CONFIG = "config"
    LIMITS = "limits"

    @property
    def action(self) -> str:
        """The row of the policy by which it is changed; limits that are only tightened have another."""
        return LOOSEN if self is Kind.LIMITS else f"{self}.change"

    @classmethod
    def of(cls, action: str) -> Self:
        """Which one an act changes; raises ValueError for any other act."""
        return cls(cls.LIMITS if action == LOOSEN else action.removesuffix(".change"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is who, and who must say yes to what; `settings` is what else takes two, a table of tables each."""

    roster: Roster
    policy: Policy
    settings: Mapping[Kind, Mapping[str, Any]] = field(default_factory=dict)

    def value(self, kind: Kind) -> dict[str, Any]:
        """One of them, ready for `canonical`."""
        match kind:
            case Kind.ROSTER:
                return self.roster.as_value()
            case Kind.POLICY:
                return self.policy.as_value()
        return dict(self.settings.get(kind, {}))

    def changed(self, kind: Kind, value: Mapping[str, Any]) -> Self:
        """The rules with one of them replaced, safe together; raises PolicyUnsafe, naming the row."""
        match kind:
            case Kind.ROSTER:
                after = replace(self, roster=Roster.from_value(value).reached_as_in(self.roster))
            case Kind.POLICY:
                after = replace(self, policy=Policy.from_value(value))
            case _:
                after = replace(self, settings={**self.settings, kind: value})
        after.policy.check(after.roster)
        return after


@dataclass(frozen=True, slots=True)
class InForce:
    """One of them as it was agreed to; `origin` is the request, or what else it came from."""

    kind: str
    version: int
    body_text: str
    since: datetime
    origin: str

    @property
    def value(self) -> dict[str, Any]:
        """What was agreed to."""
        value: dict[str, Any] = parsed(self.body_text)
        return value

    def mac(self, key: bytes) -> str:
        """The signature over all of it."""
        signed = canonical({name: getattr(self, name) for name in self.__slots__})
        return hmac.new(key, b"in force:" + signed.encode(), sha256).hexdigest()


class InForceStore:
    """What is in force, one of a kind, inside the caller's transaction."""

    def __init__(self, session: Session, key: bytes) -> None:
        self._session = session
        self._key = key

    def get(self, kind: Kind) -> InForce | None:
        """What was agreed to last; None before anything was. Raises InForceForged."""
        row = self._connection.execute(select(IN_FORCE).where(IN_FORCE.c.kind == kind)).mappings().first()
        if row is None:
            return None
        found = InForce(**{name: row[name] for name in InForce.__slots__})
        if not hmac.compare_digest(row["mac"], found.mac(self._key)):
            raise InForceForged(kind=kind)
        return found

    def put(self, kind: Kind, value: Mapping[str, object], origin: str, now: datetime) -> InForce:
        """Let this one count from now on; the caller's transaction holds the write lock."""
        before = self.get(kind)
        after = InForce(kind, before.version + 1 if before else 1, canonical(value), now, origin)
        row = {**{name: getattr(after, name) for name in InForce.__slots__}, "mac": after.mac(self._key)}
        if not insert(self._connection, IN_FORCE, row):
            self._connection.execute(update(IN_FORCE).where(IN_FORCE.c.kind == kind).values(row))
        return after

    def rules(self) -> Rules | None:
        """All that is in force; None while the desk has no roster or no policy. Raises InForceForged."""
        found = {kind: stored.value for kind in Kind if (stored := self.get(kind)) is not None}
        roster, policy = found.pop(Kind.ROSTER, None), found.pop(Kind.POLICY, None)
        if roster is None or policy is None:
            return None
        return Rules(Roster.from_value(roster), Policy.from_value(policy), found)

    @property
    def _connection(self) -> Connection:
        return self._session.connection()


def changed_fields(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """What differs, a line for each field: comments, order and spacing of a file are no difference."""
    old, new = parsed(canonical(before)), parsed(canonical(after))
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            lines.append(f"{name} is added: {_facts(new[name])}")
        elif name not in new:
            lines.append(f"{name} is removed: {_facts(old[name])}")
        else:
            lines += [
                f"{name}, {field}: {_shown(old[name].get(field))} → {_shown(new[name].get(field))}"
                for field in sorted(old[name].keys() | new[name].keys())
                if old[name].get(field) != new[name].get(field)
            ]
    return tuple(lines)


def _facts(entry: Mapping[str, Any]) -> str:
    return "; ".join(f"{field} {_shown(value)}" for field, value in sorted(entry.items()))


def _shown(value: object) -> str:
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case list() as many:
            return ", ".join(map(str, many)) or "none"
    return str(value)
