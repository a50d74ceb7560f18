"""The people of the tests, and short words for what they do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from approvals.person import Account, Person, Role, Roster, person_id
from approvals.policy import Policy, Rule
from approvals.request import ApprovalRequest, Vote, VoteKind, VoteWord

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ONE_SECOND = timedelta(seconds=1)
KEY = b"a key that is kept outside the database"
PAYLOAD = {"strategy": "ma_crossover", "symbol": "BTC/USD", "notional": Decimal("100.00"), "fast": 10}


def a_person(name: str, account: str, *roles: Role, active: bool = True) -> Person:
    """Somebody with the accounts written as `T1/U7 T1/U8`."""
    accounts = tuple(Account.parse(text) for text in account.split())
    return Person(person_id(name), name, accounts, frozenset(roles), "Europe/Berlin", active=active)


OLIVIA = a_person("Olivia", "T1/U7 T1/U8", Role.OWNER)
OTTO = a_person("Otto", "T1/U1", Role.OPERATOR)
RITA = a_person("Rita", "T1/U2", Role.RISK_OFFICER)
SAM = a_person("Sam", "T1/U3")
INA = a_person("Ina", "T1/U4", Role.OWNER, active=False)
XENA = a_person("Xena", "T9/U5", Role.OWNER)
ROSTER = Roster((OLIVIA, OTTO, RITA, SAM, INA))


def roster_with(*changed: Person) -> Roster:
    """The roster with these persons in place of those of the same name."""
    new = {person.id: person for person in changed}
    return Roster(tuple(new.get(person.id, person) for person in ROSTER))


def roster_without(gone: Person) -> Roster:
    """The roster after somebody has left."""
    return Roster(tuple(person for person in ROSTER if person.id != gone.id))


def a_rule(action: str = "live.activate", **changes: object) -> Rule:
    """Two persons, one of them an owner, 15 minutes to answer, 10 minutes to act."""
    values = {
        "action": action,
        "persons": 2,
        "ask": list(Role),
        "among": [Role.OWNER],
        "expires_s": 900,
        "grant_s": 600,
        "step_up": False,
    }
    return Rule.from_value({**values, **changes})


def a_policy(*rules: Rule) -> Policy:
    """A policy with these rules in place of the safe ones."""
    from approvals.policy import PROTECTED_ACTIONS, SOLO_ACTIONS, SoloRule

    given = {rule.action: rule for rule in rules}
    given.setdefault("rearm", a_rule("rearm", cooldown_s=300))
    return Policy(
        tuple(given.get(action, a_rule(action)) for action in sorted(PROTECTED_ACTIONS)),
        tuple(SoloRule(action, frozenset(Role)) for action in sorted(SOLO_ACTIONS)),
    )


def a_request(
    by: Person = OTTO, rule: Rule | None = None, cause: str = "click-1", **changes: object
) -> ApprovalRequest:
    """A request of noon."""
    values = {
        "account": "kraken",
        "reason": "first small run",
        "payload": PAYLOAD,
        "now": NOON,
        "roster": ROSTER,
    }
    return ApprovalRequest.asked(
        rule=rule or a_rule(), requested_by=by.id, cause=cause, **{**values, **changes}
    )


def asked(by: Person = OTTO, at: datetime = NOON) -> Vote:
    """The requester's own yes."""
    return Vote(by.id, VoteWord.YES, at, by.accounts[0], kind=VoteKind.REQUESTER)


def yes(person: Person, account: str = "", at: datetime = NOON, **changes: object) -> Vote:
    """Somebody agrees."""
    return Vote(person.id, VoteWord.YES, at, _account(person, account), **changes)


def no(person: Person, account: str = "", at: datetime = NOON, reason: str = "too large") -> Vote:
    """Somebody rejects."""
    return Vote(person.id, VoteWord.NO, at, _account(person, account), reason=reason)


def _account(person: Person, account: str) -> Account:
    return Account.parse(account) if account else person.accounts[0]
