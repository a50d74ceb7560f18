"""policy.toml and people.toml: who may decide what, and who everybody is."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from approvals.errors import ApprovalError, PolicyUnsafe
from approvals.in_force import Kind, Rules
from approvals.person import Account, Person, Role, Roster, person_id
from approvals.policy import (
    ACTIVE_S_MAX,
    PERSONS_MIN,
    PROTECTED_ACTIONS,
    SOLO_ACTIONS,
    Policy,
    Rule,
    SoloRule,
)
from bot.configuration import FILE as CONFIG_FILE
from bot.configuration import ZONE_ALLOWED, Table, Zone
from bot.errors import ConfigError
from bot.mistakes import closest, config_error, shown
from bot.toml import read_toml

POLICY_FILE = "policy.toml"
PEOPLE_FILE = "people.toml"
FILES = {
    Kind.ROSTER: PEOPLE_FILE,
    Kind.POLICY: POLICY_FILE,
    Kind.CONFIG: CONFIG_FILE,
    Kind.LIMITS: CONFIG_FILE,
}
REARM = "rearm"
LIVE = "live.activate"
HALT = "halt"
ACTIONS = PROTECTED_ACTIONS | SOLO_ACTIONS | {HALT}
# What the record and the cards call those who are nobody: a person of that name could not be told apart.
NOBODY = frozenset(
    person_id(name)
    for name in ("peak-ops", "the schedule", "the demo", "a file in the home folder", "unknown", "nobody")
)
SHELL = "at-the-shell"
CONTACT_LENGTH_MAX = 200
ROLES_ALLOWED = "it must be a list of roles, of " + ", ".join(f'"{role}"' for role in Role)


def _roles(value: object) -> frozenset[Role]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return frozenset(Role(role) for role in value)


def _accounts(value: object) -> tuple[Account, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("no list of texts")
    try:
        accounts = tuple(Account.parse(text) for text in value)
    except ApprovalError as error:
        raise ValueError(str(error)) from error
    if not all(account.team[0] in "TE" and account.user[0] in "UW" for account in accounts):
        raise ValueError("no user of a team")
    return accounts


def _contact(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > CONTACT_LENGTH_MAX:
        raise ValueError("no line of text")
    return value


Roles = Annotated[frozenset[Role], BeforeValidator(_roles)]
Accounts = Annotated[tuple[Account, ...], BeforeValidator(_accounts)]


class PolicyRow(Table):
    """One act's rule, as written in the file."""

    persons: int = Field(ge=1, le=9, description="it must be a whole number, 1 to 9")
    ask: Roles = Field(description=ROLES_ALLOWED)
    among: Roles = Field(description=ROLES_ALLOWED)
    expires_s: int = Field(ge=1, le=604_800, description="it must be a whole number of seconds, 1 to 604800")
    grant_s: int = Field(ge=1, le=86_400, description="it must be a whole number of seconds, 1 to 86400")
    step_up: bool = Field(description="it must be true or false")


class RearmRow(PolicyRow):
    """The rule for clearing a halt, which also has to have cooled down."""

    cooldown_s: int = Field(
        ge=0, le=86_400, description="it must be a whole number of seconds, 0 to 86400, since the halt"
    )


class LiveRow(PolicyRow):
    """The rule for a live start, whose session ends after its time."""

    active_s: int | None = Field(
        None,
        ge=60,
        le=ACTIVE_S_MAX,
        description=f"it must be a whole number of seconds, 60 to {ACTIVE_S_MAX} (7 days)",
    )


class SoloRow(Table):
    """The rule of an act that needs nobody else, as written in the file."""

    persons: Literal[1] = Field(description="it must be 1: nobody else has to agree to this")
    ask: Roles = Field(description=ROLES_ALLOWED)


class HaltRow(Table):
    """The one row that nothing can be changed in."""

    persons: Literal[1] = Field(description="it must be 1: a halt waits for nobody")
    ask: list[Literal["anybody"]] = Field(
        min_length=1,
        max_length=1,
        description='it must be ["anybody"]: nobody on the roster can be kept from halting',
    )


class PersonRow(Table):
    """One human being, as written in the file."""

    name: str = Field(min_length=1, max_length=60, description="it must be a name of 1 to 60 characters")
    slack: Accounts = Field(
        (),
        description='it must be a list of "TEAM/USER" ids, such as ["T024BE7LD/U2147483697"]: '
        "a team's begins with T or E, a user's with U or W",
    )
    roles: Roles = Field(frozenset(), description=ROLES_ALLOWED)
    timezone: Zone = Field("UTC", description=ZONE_ALLOWED)
    contact: Annotated[str, BeforeValidator(_contact)] | None = Field(
        None, description=f"it must be one line of text, at most {CONTACT_LENGTH_MAX} characters"
    )


class PeopleTable(Table):
    """The whole of people.toml."""

    people: list[PersonRow] = Field(
        default_factory=list, description="it must be a list of [[people]] tables"
    )


def load_rules(folder: Path) -> Rules:
    """Read both files of a folder, safe together; raises ConfigError."""
    rules = Rules(load_roster(folder), load_policy(folder))
    check_people(folder, rules.policy, rules.roster)
    return rules


def load_policy(folder: Path) -> Policy:
    """Read policy.toml of a folder; raises ConfigError naming file, key, value and what is allowed."""
    path = folder / POLICY_FILE
    rules: list[Rule] = []
    solo: list[SoloRule] = []
    tables = _actions(str(path), read_toml(path))
    for action, table in tables.items():
        row = _row(str(path), action, table)
        if isinstance(row, PolicyRow):
            rules.append(_rule(action, row))
        elif isinstance(row, SoloRow):
            solo.append(SoloRule(action, row.ask))
    if HALT not in tables:
        allowed = 'the row is missing: write [halt] with persons = 1 and ask = ["anybody"]'
        raise ConfigError(file=str(path), key=HALT, value="(not set)", allowed=allowed)
    return Policy(tuple(rules), tuple(solo))


def load_roster(folder: Path) -> Roster:
    """Read people.toml of a folder; raises ConfigError naming file, key, value and what is allowed."""
    path = folder / PEOPLE_FILE
    try:
        rows = PeopleTable.model_validate(read_toml(path)).people
    except ValidationError as error:
        raise config_error(str(path), PeopleTable, error) from None
    persons = tuple(_person(str(path), number, row) for number, row in enumerate(rows, 1))
    try:
        return Roster(persons)
    except ApprovalError as error:
        names = ", ".join(person.name for person in persons)
        raise ConfigError(file=str(path), key="people", value=shown(names), allowed=str(error)) from error


def check_people(folder: Path, policy: Policy, roster: Roster) -> None:
    """Raise ConfigError unless every protected act needs two persons, and they exist."""
    active = [person.name for person in roster.persons if person.active]
    if len(active) < PERSONS_MIN:
        raise ConfigError(
            file=str(folder / PEOPLE_FILE),
            key="[[people]]",
            value=shown(", ".join(active)) if active else "(nobody active)",
            allowed=f"at least {PERSONS_MIN} active persons, one of them with the role owner;"
            " each is a [[people]] table with id, name, accounts and roles",
        )
    try:
        policy.check(roster)
    except PolicyUnsafe as error:
        path = str(folder / POLICY_FILE)
        value = f"(with {len(roster.persons)} people in {PEOPLE_FILE})"
        raise ConfigError(file=path, key=f"[{error.action}]", value=value, allowed=error.why) from error


def _row(file: str, action: str, table: dict[str, Any]) -> PolicyRow | SoloRow | HaltRow:
    special: dict[str, type[PolicyRow | SoloRow | HaltRow]] = {REARM: RearmRow, LIVE: LiveRow, HALT: HaltRow}
    model = special.get(action, SoloRow if action in SOLO_ACTIONS else PolicyRow)
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise config_error(file, model, error, below=action) from None


def _actions(file: str, tables: dict[str, Any], below: str = "") -> dict[str, dict[str, Any]]:
    """Flatten [live.activate] into the action live.activate."""
    actions: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        action = f"{below}.{name}" if below else name
        if isinstance(table, dict) and action in ACTIONS:
            actions[action] = table
        elif action in ACTIONS:
            allowed = f"it must be a table: a line [{action}] with its keys below it"
            raise ConfigError(file=file, key=action, value=shown(table), allowed=allowed)
        elif isinstance(table, dict) and any(known.startswith(f"{action}.") for known in ACTIONS):
            actions |= _actions(file, table, action)
        else:
            allowed = f"no such act; {closest(action, sorted(ACTIONS))}"
            raise ConfigError(file=file, key=action, value=shown(table), allowed=allowed)
    return actions


def _rule(action: str, row: PolicyRow) -> Rule:
    cooldown_s = row.cooldown_s if isinstance(row, RearmRow) else 0
    active_s = (row.active_s or 0) if isinstance(row, LiveRow) else 0
    return Rule(
        action,
        row.persons,
        row.ask,
        row.among,
        row.expires_s,
        row.grant_s,
        row.step_up,
        cooldown_s,
        active_s,
    )


def _person(file: str, number: int, row: PersonRow) -> Person:
    ident = person_id(row.name)
    if ident in NOBODY or ident.endswith(SHELL):
        allowed = "the record calls something that is no person by this name; choose another"
        raise ConfigError(file=file, key=f"people[{number}].name", value=shown(row.name), allowed=allowed)
    try:
        return Person(ident, row.name, row.slack, row.roles, row.timezone, row.contact)
    except ApprovalError as error:
        why = getattr(error, "why", str(error))
        raise ConfigError(file=file, key=f"people[{number}]", value=shown(row.name), allowed=why) from error
