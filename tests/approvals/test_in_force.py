"""Roster and policy in force: stored whole, signed, and compared field by field."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from approvals.errors import InForceForged, PolicyUnsafe
from approvals.in_force import InForce, InForceStore, Kind, Rules, changed_fields
from approvals.payload import canonical, parsed
from approvals.person import Role, Roster
from approvals.policy import Policy
from approvals.rows import IN_FORCE
from bot import schema
from bot.database import Database
from tests.approvals.desk import (
    KEY,
    NOON,
    OLIVIA,
    OTTO,
    RITA,
    ROSTER,
    XENA,
    a_policy,
    a_rule,
    roster_with,
    roster_without,
)

RULES = Rules(ROSTER, a_policy())


@pytest.fixture
def session(empty_database: Database) -> Iterator[Session]:
    """A transaction on both kinds of database."""
    with empty_database.connection() as connection:
        schema.metadata.create_all(connection)
    with empty_database.transaction() as session:
        yield session


def stored(value: dict[str, object]) -> dict[str, object]:
    """A value as it is read back."""
    found: dict[str, object] = parsed(canonical(value))
    return found


def test_what_was_agreed_to_is_read_back_whole(session: Session) -> None:
    """Names, accounts, roles, and every field of every row."""
    store = InForceStore(session, KEY)
    assert store.rules() is None
    rules = replace(RULES, settings={Kind.LIMITS: {"desk": {"orders_hour_max": "9"}}})
    for kind in (Kind.LIMITS, Kind.ROSTER, Kind.POLICY):
        assert store.rules() is None
        store.put(kind, rules.value(kind), "req-1", NOON)

    found = store.rules()

    assert found is not None
    assert found.roster.as_value() == ROSTER.as_value()
    assert found.policy.as_value() == RULES.policy.as_value()
    assert found.settings == rules.settings
    assert RULES.value(Kind.CONFIG) == {}


def test_the_newest_counts_and_is_numbered(session: Session) -> None:
    """One roster at a time, and nobody can put back an older one unseen."""
    store = InForceStore(session, KEY)
    store.put(Kind.ROSTER, ROSTER.as_value(), "req-1", NOON)
    after = store.put(Kind.ROSTER, roster_without(RITA).as_value(), "req-2", NOON)

    assert store.get(Kind.ROSTER) == after
    assert (after.version, after.origin) == (2, "req-2")


@pytest.mark.parametrize(
    "edit",
    [{"body_text": canonical(roster_without(RITA).as_value())}, {"version": 9}, {"origin": "the files"}],
)
def test_a_roster_that_was_edited_in_the_database_is_refused(
    session: Session, edit: dict[str, object]
) -> None:
    """Whoever can write to the database still cannot say that two people agreed."""
    store = InForceStore(session, KEY)
    store.put(Kind.ROSTER, ROSTER.as_value(), "req-1", NOON)
    session.connection().execute(update(IN_FORCE).values(edit))

    with pytest.raises(InForceForged, match="roster in force"):
        store.get(Kind.ROSTER)


def test_each_field_that_differs_is_a_line_of_its_own() -> None:
    """Somebody comes, somebody leaves, somebody's roles change."""
    other = replace(OTTO, roles=frozenset({Role.OPERATOR, Role.OWNER}))
    after = Roster((*(person for person in roster_with(other) if person.id != RITA.id), XENA))

    assert changed_fields(ROSTER.as_value(), after.as_value()) == (
        "otto, roles: operator → operator, owner",
        "rita is removed: accounts T1/U2; active yes; name Rita; roles risk_officer",
        "xena is added: accounts T9/U5; active yes; name Xena; roles owner",
    )


def test_a_changed_row_of_the_policy_is_named_with_its_field() -> None:
    """Before and after stand beside each other."""
    after = a_policy(a_rule("rearm", cooldown_s=0), a_rule(persons=3, among=["owner", "operator"]))

    assert changed_fields(a_policy().as_value(), after.as_value()) == (
        "live.activate, among: owner → operator, owner",
        "live.activate, persons: 2 → 3",
        "rearm, cooldown_s: 300 → 0",
    )


def test_what_is_not_set_and_what_is_switched_off_is_said_so() -> None:
    """Nothing, no, and an empty list are three different things."""
    before = {"otto": {"active": True, "roles": ["operator"]}}
    after = {"otto": {"active": False, "roles": [], "desk": "fx"}}

    assert changed_fields(before, after) == (
        "otto, active: yes → no",
        "otto, desk: not set → fx",
        "otto, roles: operator → none",
    )


def test_an_act_of_change_names_what_it_changes() -> None:
    """By the row of the policy, and no other act does."""
    assert [kind.action for kind in Kind] == [
        "roster.change",
        "policy.change",
        "config.change",
        "limits.loosen",
    ]
    assert [Kind.of(kind.action) for kind in Kind] == list(Kind)
    with pytest.raises(ValueError, match=r"factor"):
        Kind.of("factor.change")


def test_order_time_zones_and_contacts_are_no_difference() -> None:
    """Only what matters for a decision needs two people."""
    moved = tuple(replace(person, timezone="Asia/Tokyo", contact="+81 3") for person in ROSTER)
    accounts = replace(moved[0], accounts=tuple(reversed(moved[0].accounts)))
    after = Roster((*reversed(moved[1:]), accounts))

    assert changed_fields(ROSTER.as_value(), after.as_value()) == ()
    assert (
        changed_fields(a_policy().as_value(), Policy(a_policy().rules[::-1], a_policy().solo).as_value())
        == ()
    )


@pytest.mark.parametrize(
    ("kind", "value", "row"),
    [
        (Kind.ROSTER, roster_without(OLIVIA).as_value(), "config.change"),
        (Kind.POLICY, a_policy(a_rule("rearm", persons=1)).as_value(), "rearm"),
        (Kind.POLICY, a_policy(a_rule("stage.live", among=[])).as_value(), "stage.live"),
        (Kind.POLICY, Policy(a_policy().rules[1:], a_policy().solo).as_value(), "config.change"),
    ],
)
def test_rules_that_could_not_be_passed_by_two_are_refused_by_the_rows_name(
    kind: Kind, value: dict[str, object], row: str
) -> None:
    """A change that would leave a row without its people cannot be agreed to."""
    with pytest.raises(PolicyUnsafe, match=rf"\[{row}\]"):
        RULES.changed(kind, stored(value))


def test_what_an_earlier_version_signed_still_counts() -> None:
    """The form of the signature is part of every database."""
    kept = InForce("roster", 1, "{}", NOON, "req-1")
    assert kept.mac(KEY) == "9d82ce5e2466aa5ee2cf3433eb6a289c10891019d6028782c647e37c0d205cde"


def test_changed_settings_leave_the_others_as_they_were() -> None:
    """Limits are replaced whole; roster, policy and config stay."""
    rules = replace(RULES, settings={Kind.CONFIG: {"venue": {"name": "kraken"}}})
    after = rules.changed(Kind.LIMITS, {"desk": {"orders_hour_max": "9"}})

    assert (after.roster, after.policy) == (rules.roster, rules.policy)
    assert after.settings == {**rules.settings, Kind.LIMITS: {"desk": {"orders_hour_max": "9"}}}
