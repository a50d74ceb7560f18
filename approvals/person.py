"""Persons, the Slack accounts bound to them, and the roster of a desk."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NewType, Self
from zoneinfo import ZoneInfo

from approvals.errors import AccountUnreadable, PersonUnusable, RosterAmbiguous

PersonId = NewType("PersonId", str)

ACCOUNT_ID = re.compile(r"[A-Z0-9]{2,32}")
NAME_LENGTH_MAX = 60


class Role(StrEnum):
    """What a person answers for at the desk."""

    OWNER = "owner"
    OPERATOR = "operator"
    RISK_OFFICER = "risk_officer"


@dataclass(frozen=True, slots=True)
class Account:
    """One Slack account: a user of a team, never a display name or an e-mail address."""

    team: str
    user: str

    def __post_init__(self) -> None:
        if not (ACCOUNT_ID.fullmatch(self.team) and ACCOUNT_ID.fullmatch(self.user)):
            raise AccountUnreadable(text=f"{self.team}/{self.user}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `TEAM/USER`; raises AccountUnreadable."""
        team, slash, user = text.partition("/")
        if not slash:
            raise AccountUnreadable(text=text)
        return cls(team, user)

    def __str__(self) -> str:
        return f"{self.team}/{self.user}"


def person_id(name: str) -> PersonId:
    """Derive a person's lasting id from the name: "Olivia Ode" is olivia-ode."""
    return PersonId(re.sub(r"\W+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-"))


@dataclass(frozen=True, slots=True)
class Person:
    """A human being on the roster, whatever number of accounts he has."""

    id: PersonId
    name: str
    accounts: tuple[Account, ...]
    roles: frozenset[Role]
    timezone: str = "UTC"
    contact: str | None = None
    active: bool = True

    def __post_init__(self) -> None:
        if not self.id or not self.name.strip():
            raise PersonUnusable(name=self.name or "(no name)", why="the name has no letter or digit")
        if len(self.name) > NAME_LENGTH_MAX or not self.name.isprintable():
            why = f"a name is one line of at most {NAME_LENGTH_MAX} characters"
            raise PersonUnusable(name=repr(self.name[:20]), why=why)
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            why = f"the timezone {self.timezone!r} is not known; write for example Europe/Berlin"
            raise PersonUnusable(name=self.name, why=why) from error

    @property
    def reachable(self) -> bool:
        """Whether the person can answer in Slack at all: active, with an account."""
        return self.active and bool(self.accounts)

    def as_value(self) -> dict[str, object]:
        """What of a person matters for decisions, ready for `canonical`."""
        return {
            "name": self.name,
            "accounts": sorted(str(account) for account in self.accounts),
            "roles": self.roles,
            "active": self.active,
        }

    @classmethod
    def from_value(cls, ident: str, value: Mapping[str, Any]) -> Self:
        """Read back what `as_value` wrote; time zone and contact stay open."""
        return cls(
            id=PersonId(ident),
            name=value["name"],
            accounts=tuple(Account.parse(text) for text in value["accounts"]),
            roles=frozenset(Role(role) for role in value["roles"]),
            active=value["active"],
        )


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody the desk knows; an account or a name stands for one person only."""

    persons: tuple[Person, ...]

    def __post_init__(self) -> None:
        seen: dict[str, Person] = {}
        for person in self.persons:
            marks = [f"the id {person.id}", f"the name {person.name.casefold()}"]
            for mark in marks + [f"the account {account}" for account in person.accounts]:
                if other := seen.get(mark):
                    raise RosterAmbiguous(what=mark, first=other.name, second=person.name)
                seen[mark] = person

    def __iter__(self) -> Iterator[Person]:
        return iter(self.persons)

    def get(self, wanted: PersonId) -> Person | None:
        """Find a person by id."""
        return next((person for person in self.persons if person.id == wanted), None)

    def by_account(self, account: Account) -> Person | None:
        """Find the person behind a Slack account; None for a stranger."""
        return next((person for person in self.persons if account in person.accounts), None)

    def with_role(self, role: Role) -> tuple[Person, ...]:
        """List the active persons who hold a role."""
        return tuple(person for person in self.persons if person.active and role in person.roles)

    @property
    def desk(self) -> tuple[Person, ...]:
        """The active persons who hold any role."""
        return tuple(person for person in self.persons if person.active and person.roles)

    def as_value(self) -> dict[str, object]:
        """The whole roster, ready for `canonical`; contacts and time zones do not count."""
        return {person.id: person.as_value() for person in self.persons}

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> Self:
        """Read back a roster that was agreed to."""
        return cls(tuple(Person.from_value(ident, person) for ident, person in value.items()))

    def without(self, gone: str | None) -> Self:
        """Everybody but one."""
        return type(self)(tuple(person for person in self.persons if person.id != gone))

    def reached_as_in(self, other: Self) -> Self:
        """The same people, with the time zones and contacts that stand in another roster."""
        found = {person.id: person for person in other}
        return type(self)(
            tuple(
                replace(person, timezone=found[person.id].timezone, contact=found[person.id].contact)
                if person.id in found
                else person
                for person in self.persons
            )
        )
