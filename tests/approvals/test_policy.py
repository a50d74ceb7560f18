"""A policy that could let one person through is no policy."""

import pytest

from approvals.errors import PolicyUnsafe, RuleMissing
from approvals.payload import canonical, parsed
from approvals.person import Role, Roster
from approvals.policy import PROTECTED_ACTIONS, SOLO_ACTIONS, Policy, Rule, SoloRule, unfilled_roles
from tests.approvals.desk import INA, OLIVIA, OTTO, RITA, ROSTER, SAM, a_person, a_policy, a_request, a_rule


def refusal_of(rule: Rule, roster: Roster = ROSTER) -> str:
    """Why this row is refused for these people."""
    with pytest.raises(PolicyUnsafe) as told:
        rule.check(roster)
    assert f"[{rule.action}]" in str(told.value)
    return told.value.why


def test_a_safe_policy_passes() -> None:
    """Two persons, one an owner, for everything that is protected."""
    a_policy().check(ROSTER)


@pytest.mark.parametrize("action", sorted(PROTECTED_ACTIONS))
def test_no_protected_act_passes_with_one_person(action: str) -> None:
    """Fewer than two persons is refused in every protected row, by its name."""
    with pytest.raises(PolicyUnsafe, match="two different persons") as told:
        a_policy(a_rule(action, persons=1)).check(ROSTER)
    assert told.value.action == action


@pytest.mark.parametrize("action", sorted(PROTECTED_ACTIONS))
def test_no_protected_row_may_be_missing(action: str) -> None:
    """A forgotten table does not open what it should protect."""
    rules = tuple(rule for rule in a_policy().rules if rule.action != action)
    with pytest.raises(PolicyUnsafe) as told:
        Policy(rules).check(ROSTER)
    assert told.value.why == "the row is missing, and nobody could say who may do this"


def test_rule_05_empty_means_nobody() -> None:
    """An empty list of roles lets nobody in, so it is refused rather than read as anybody."""
    assert refusal_of(a_rule(ask=[])) == "ask is empty, so nobody may ask; name the roles that may"
    assert refusal_of(a_rule(among=[])) == (
        "among is empty, so nobody would have to agree; name at least one role"
    )


def test_a_role_that_nobody_holds_is_refused() -> None:
    """Nobody could ever fill the risk officer's place."""
    assert "holds the role risk_officer" in refusal_of(
        a_rule(among=[Role.RISK_OFFICER]), Roster((OLIVIA, OTTO))
    )


def test_an_inactive_holder_does_not_count() -> None:
    """Ina's ownership has ended; a desk with her alone has no owner."""
    assert "holds the role owner" in refusal_of(a_rule(), Roster((INA, OTTO, RITA)))


def test_a_holder_without_account_does_not_count() -> None:
    """Who cannot press a button cannot agree."""
    unlinked = a_person("Olivia", "", Role.OWNER)
    assert "holds the role owner" in refusal_of(a_rule(), Roster((unlinked, OTTO, RITA)))


def test_a_desk_of_one_is_refused() -> None:
    """One person in all roles is still one person, and Sam cannot be the second."""
    assert "only 1 could answer" in refusal_of(a_rule(), Roster((a_person("Olivia", "T1/U7", *Role), SAM)))


def test_nobody_to_ask_is_refused() -> None:
    """A row whose askers are not there can never begin."""
    rule = a_rule(ask=[Role.OPERATOR, Role.OWNER], among=[Role.RISK_OFFICER])
    two = Roster((RITA, a_person("Paul", "T1/U6", Role.RISK_OFFICER)))
    assert refusal_of(rule, two) == "nobody active on the roster may ask for it (operator, owner)"


def test_two_roles_want_two_persons() -> None:
    """Olivia as owner and risk officer fills one of the two places."""
    rule = a_rule(among=[Role.OWNER, Role.RISK_OFFICER])
    both = a_person("Olivia", "T1/U7", Role.OWNER, Role.RISK_OFFICER)
    assert "two roles want two persons" in refusal_of(rule, Roster((both, OTTO)))
    three = a_rule(among=list(Role), persons=2)
    alone = Roster((a_person("Olivia", "T1/U7", *Role), a_person("Paul", "T1/U6", Role.OWNER)))
    assert refusal_of(three, alone).endswith("nobody is left for risk_officer")
    several = Roster((a_person("Olivia", "T1/U7", *Role), RITA))
    assert unfilled_roles(set(Role), (several.persons[0],)) == {Role.OWNER, Role.RISK_OFFICER}
    rule.check(Roster((both, RITA)))


def test_places_are_filled_in_the_way_that_works() -> None:
    """A person of two roles takes the place that nobody else can."""
    both = a_person("Olivia", "T1/U7", Role.OWNER, Role.OPERATOR)
    assert unfilled_roles({Role.OWNER, Role.OPERATOR}, (both, OTTO)) == frozenset()
    assert unfilled_roles({Role.OWNER, Role.OPERATOR}, (OTTO, both)) == frozenset()
    assert unfilled_roles({Role.OWNER, Role.OPERATOR, Role.RISK_OFFICER}, (both, OTTO)) == {Role.RISK_OFFICER}


@pytest.mark.parametrize("field", ["persons", "expires_s", "grant_s"])
@pytest.mark.parametrize("value", [0, -1, True, "2", 2.0, None])
def test_numbers_out_of_range_are_refused(field: str, value: object) -> None:
    """Zero, negative, or no whole number at all."""
    with pytest.raises(PolicyUnsafe, match=field):
        a_rule(**{field: value})


def test_an_action_stands_once() -> None:
    """Two rows for one act would be two answers."""
    with pytest.raises(PolicyUnsafe, match=r"\[live\.activate\] cannot be used: it stands there twice\."):
        Policy((a_rule(), a_rule(persons=3)))


def test_an_action_without_a_row_is_refused() -> None:
    """What no row allows is not allowed."""
    with pytest.raises(RuleMissing, match=r"\[live\.fire\]"):
        a_policy().rule("live.fire")
    with pytest.raises(RuleMissing, match=r"\[live\.fire\]"):
        a_policy().alone("live.fire")


def test_a_rule_comes_back_from_its_frozen_text() -> None:
    """What is copied into a request is the whole rule."""
    rule = a_rule(among=[Role.OWNER, Role.RISK_OFFICER], step_up=True)
    assert Rule.from_value(parsed(canonical(rule.as_value()))) == rule


@pytest.mark.parametrize("rule", [a_rule(persons=1), a_rule(among=[]), a_rule(ask=[])])
def test_an_unsafe_rule_is_refused_at_request_creation(rule: Rule) -> None:
    """A rule that slipped past the start is stopped where it would be used."""
    with pytest.raises(PolicyUnsafe):
        a_request(rule=rule)


@pytest.mark.parametrize("action", sorted(SOLO_ACTIONS))
def test_an_act_of_one_person_needs_somebody_who_may_do_it(action: str) -> None:
    """No row, no role, or a role that nobody holds: refused by its name."""
    policy = a_policy()
    others = tuple(rule for rule in policy.solo if rule.action != action)
    for rest in ((), (SoloRule(action, frozenset()),), (SoloRule(action, frozenset({Role.RISK_OFFICER})),)):
        with pytest.raises(PolicyUnsafe, match=rf"\[{action}\]"):
            Policy(policy.rules, (*others, *rest)).check(Roster((OLIVIA, OTTO)))


def test_who_could_do_it_alone_is_named() -> None:
    """Whoever corrects the file is told which roles stand there."""
    roles = frozenset({Role.RISK_OFFICER, Role.OWNER})
    for asked_of, who in ((roles, "owner, risk_officer"), (frozenset(), "ask is empty")):
        with pytest.raises(PolicyUnsafe) as told:
            SoloRule("session.stop", asked_of).check(Roster((OTTO,)))
        assert told.value.why == f"nobody active on the roster may do it ({who})"
    assert SoloRule("session.stop", roles).as_value() == {
        "action": "session.stop",
        "persons": 1,
        "ask": roles,
    }


def test_only_a_change_of_a_factor_takes_any_two() -> None:
    """Whoever they are: an owner who lost her phone would else be shut out by her own row."""
    a_rule("factor.change", among=[]).check(ROSTER)


def test_a_policy_is_read_back_as_it_was_agreed_to() -> None:
    """With the rows of one person too."""
    policy = a_policy()
    assert Policy.from_value(parsed(canonical(policy.as_value()))).as_value() == policy.as_value()
