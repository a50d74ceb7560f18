"""Persons, not accounts."""

import pytest

from approvals.errors import AccountUnreadable, PersonUnusable, RosterAmbiguous
from approvals.payload import canonical, parsed
from approvals.person import Account, Person, PersonId, Role, Roster, person_id
from tests.approvals.desk import INA, OLIVIA, OTTO, ROSTER, SAM, XENA, a_person, roster_with


def test_an_account_is_a_team_and_a_user() -> None:
    """The written form and the value are one."""
    assert Account.parse("T1/U7") == Account("T1", "U7")
    assert str(Account("T1", "U7")) == "T1/U7"


@pytest.mark.parametrize(
    "text", ["", "U7", "T1/", "/U7", "t1/u7", "T1/U7/X", "T1/U7\n", "@olivia", "T1/olivia@desk"]
)
def test_what_is_no_account_is_refused(text: str) -> None:
    """A display name or an e-mail address is never taken for an account."""
    with pytest.raises(AccountUnreadable, match="TEAM/USER") as refused:
        Account.parse(text)
    assert refused.value.text == text


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("Olivia Ode", "olivia-ode"),
        (" Jörg  Müller ", "jörg-müller"),
        ("Xerxes X", "xerxes-x"),
        ("OTTO", "otto"),
    ],
)
def test_a_name_gives_a_lasting_id(name: str, identity: str) -> None:
    """The id is the name in small letters, so that it can be read in the record."""
    assert person_id(name) == identity


def test_two_accounts_lead_to_one_person() -> None:
    """Whichever account Olivia uses, she is Olivia."""
    assert ROSTER.by_account(Account.parse("T1/U7")) == ROSTER.by_account(Account.parse("T1/U8")) == OLIVIA


def test_a_user_id_of_another_team_is_a_stranger() -> None:
    """The same user id in another team is somebody else."""
    assert ROSTER.by_account(Account.parse("T9/U7")) is None
    assert ROSTER.get(XENA.id) is None


def test_a_person_without_a_role_is_on_the_roster_but_not_on_the_desk() -> None:
    """Sam is known, and decides nothing."""
    assert ROSTER.get(SAM.id) == SAM
    assert SAM not in ROSTER.desk


def test_an_inactive_person_holds_no_role() -> None:
    """Ina was an owner; today only Olivia is."""
    assert ROSTER.with_role(Role.OWNER) == (OLIVIA,)
    assert INA not in ROSTER.desk


def test_an_account_bound_twice_is_refused() -> None:
    """One account cannot stand for two persons."""
    with pytest.raises(RosterAmbiguous, match="account T1/U7 stands for both Olivia and Paul"):
        Roster((OLIVIA, a_person("Paul", "T1/U7", Role.OWNER)))


def test_an_account_written_twice_in_one_entry_is_refused() -> None:
    """A slip in an entry is told rather than guessed at."""
    with pytest.raises(RosterAmbiguous, match="T1/U7"):
        Roster((a_person("Paul", "T1/U7 T1/U7"),))


@pytest.mark.parametrize("twin", ["Otto", "OTTO", "otto"])
def test_two_persons_of_one_name_are_refused(twin: str) -> None:
    """A card that says Otto must mean one Otto."""
    with pytest.raises(RosterAmbiguous, match=f"both Otto and {twin}"):
        Roster((OTTO, a_person(twin, "T1/U9")))


@pytest.mark.parametrize(
    ("name", "shown", "why"),
    [
        ("", "(no name)", "the name has no letter or digit"),
        ("  ", "  ", "the name has no letter or digit"),
        ("---", "---", "the name has no letter or digit"),
        ("Ot\nto", "'Ot\\nto'", "a name is one line of at most 60 characters"),
        ("Otto\u202e", "'Otto\\u202e'", "a name is one line of at most 60 characters"),
        ("x" * 61, f"'{'x' * 20}'", "a name is one line of at most 60 characters"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(name: str, shown: str, why: str) -> None:
    """A name is one readable line with a letter in it."""
    with pytest.raises(PersonUnusable, match=r"people\.toml") as refused:
        a_person(name, "T1/U9")
    assert (refused.value.name, refused.value.why) == (shown, why)
    assert a_person("x" * 60, "T1/U9").name == "x" * 60


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd"])
def test_an_unknown_timezone_is_refused(zone: str) -> None:
    """Night and day of a person must be known."""
    with pytest.raises(PersonUnusable, match="entry of Paul cannot be used: the timezone"):
        Person(PersonId("paul"), "Paul", (), frozenset(), zone)


def test_only_what_matters_for_decisions_is_in_the_rosters_text() -> None:
    """A new phone number is not a new roster; a new account or role is."""
    moved = Person(OTTO.id, OTTO.name, OTTO.accounts, OTTO.roles, "Asia/Tokyo", "+81 3 1234")
    promoted = a_person("Otto", "T1/U1", Role.OWNER)
    assert canonical(roster_with(moved).as_value()) == canonical(ROSTER.as_value())
    assert canonical(roster_with(promoted).as_value()) != canonical(ROSTER.as_value())


def test_a_roster_is_read_back_with_its_roles_and_who_is_active() -> None:
    """What was agreed to is who may decide; zone and contact come from where they are known."""
    moved = Person(OTTO.id, OTTO.name, OTTO.accounts, OTTO.roles, "Asia/Tokyo", "+81 3 1234")
    agreed = Roster.from_value(parsed(canonical(ROSTER.as_value())))

    assert agreed.as_value() == ROSTER.as_value()
    assert [person.timezone for person in agreed] == ["UTC"] * len(ROSTER.persons)
    reached = agreed.reached_as_in(Roster((moved, XENA)))
    assert reached.get(OTTO.id) == moved
    assert reached.get(OLIVIA.id) == agreed.get(OLIVIA.id)
