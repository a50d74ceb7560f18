"""Who counts, who does not, and what each is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.person import Account, Person, Role, Roster
from approvals.quorum import Reason, Tally, awaited, could_complete, may_ask, may_vote, tally
from approvals.request import RequestState, Vote, VoteKind
from tests.approvals.desk import (
    INA,
    NOON,
    OLIVIA,
    OTTO,
    RITA,
    ROSTER,
    SAM,
    XENA,
    a_person,
    a_request,
    a_rule,
    asked,
    no,
    roster_with,
    roster_without,
    yes,
)

BOTH_ROLES = a_rule(among=[Role.OWNER, Role.RISK_OFFICER])


def count(*votes: Vote, roster: Roster = ROSTER, rule: object = None) -> Tally:
    """The tally of a request by Otto, just after noon."""
    return tally(a_request(rule=rule or a_rule()), votes, roster, NOON + timedelta(minutes=5))


def test_two_persons_of_whom_one_is_an_owner_reach_the_quorum() -> None:
    """Otto asked, Olivia agrees."""
    result = count(asked(), yes(OLIVIA))
    assert result.counted == (OTTO, OLIVIA)
    assert result.reached
    assert result.missing == "nobody"


def test_rule_06_two_accounts_of_one_person_count_once() -> None:
    """A second Slack account does not make a second person."""
    result = count(asked(), yes(OLIVIA, "T1/U7"), yes(OLIVIA, "T1/U8"), rule=a_rule(persons=3))
    assert result.counted == (OTTO, OLIVIA)
    assert result.set_aside == ((OLIVIA.id, Reason.ALREADY_VOTED),)
    assert not result.reached


def test_the_requester_cannot_approve_his_own_request() -> None:
    """A yes of his beside the asking is set aside, and so is one instead of it."""
    assert count(asked(), yes(OTTO)).missing_persons == 1
    alone = count(yes(OTTO), yes(OLIVIA))
    assert alone.set_aside == ((OTTO.id, Reason.REQUESTER),)
    assert not alone.reached


def test_an_owner_who_asks_still_needs_another_person() -> None:
    """The owner's place is filled, the second person is not."""
    request = a_request(by=OLIVIA)
    result = tally(request, [asked(OLIVIA)], ROSTER, NOON)
    assert (result.missing_roles, result.missing_persons) == (frozenset(), 1)
    assert tally(request, [asked(OLIVIA), yes(RITA)], ROSTER, NOON).reached


def test_the_named_role_must_be_among_them() -> None:
    """Two persons without an owner are not enough."""
    result = count(asked(), yes(RITA))
    assert (result.missing_roles, result.missing_persons) == ({Role.OWNER}, 0)
    assert not result.reached
    assert result.missing == "an owner"


def test_where_two_roles_are_named_two_persons_fill_them() -> None:
    """Olivia, holding both, fills one; Rita the other."""
    both = a_person("Olivia", "T1/U7", Role.OWNER, Role.RISK_OFFICER)
    roster = roster_with(both)
    assert not count(asked(), yes(both), roster=roster, rule=BOTH_ROLES).reached
    assert count(asked(), yes(both), yes(RITA), roster=roster, rule=BOTH_ROLES).reached


@pytest.mark.parametrize(
    ("roster", "vote", "reason"),
    [
        (ROSTER, yes(SAM), Reason.NO_ROLE),
        (ROSTER, yes(INA), Reason.INACTIVE),
        (ROSTER, yes(XENA), Reason.NOT_ON_ROSTER),
        (roster_without(OLIVIA), yes(OLIVIA), Reason.NOT_ON_ROSTER),
        (roster_with(replace(OLIVIA, active=False)), yes(OLIVIA), Reason.INACTIVE),
        (roster_with(replace(OLIVIA, roles=frozenset())), yes(OLIVIA), Reason.NO_ROLE),
        (roster_with(replace(OLIVIA, accounts=())), yes(OLIVIA), Reason.NOT_ON_ROSTER),
        (ROSTER, yes(OLIVIA, "T1/U1"), Reason.NOT_ON_ROSTER),
        (ROSTER, replace(yes(OLIVIA), kind=VoteKind.REQUESTER), Reason.REQUESTER),
        (ROSTER, yes(OLIVIA, at=NOON - timedelta(seconds=1)), Reason.UNTIMELY),
        (ROSTER, yes(OLIVIA, at=NOON + timedelta(minutes=15)), Reason.UNTIMELY),
        (ROSTER, yes(OLIVIA, at=NOON + timedelta(minutes=6)), Reason.UNTIMELY),
    ],
)
def test_rule_01_only_votes_good_today_count(roster: Roster, vote: Vote, reason: Reason) -> None:
    """The people are those of today: who left, lost the role or the account is set aside, with the reason."""
    result = count(asked(), vote, roster=roster)
    assert result.counted == (OTTO,)
    assert result.set_aside == ((vote.person, reason),)
    assert not result.reached


@pytest.mark.parametrize("changed", [{"active": False}, {"roles": frozenset()}, {"accounts": ()}])
def test_without_its_requester_a_request_is_never_reached(changed: dict[str, object]) -> None:
    """Two others who agree do not replace the one who stands behind it."""
    assert not count(asked(), yes(OLIVIA), yes(RITA), roster=roster_with(replace(OTTO, **changed))).reached


def test_a_requester_who_may_no_longer_ask_does_not_count() -> None:
    """The role that let him ask is checked again."""
    rule = a_rule(ask=[Role.OPERATOR])
    roster = roster_with(
        replace(OTTO, roles=frozenset({Role.RISK_OFFICER})), a_person("Paul", "T1/U6", Role.OPERATOR)
    )
    result = count(asked(), yes(OLIVIA), yes(RITA), roster=roster, rule=rule)
    assert result.set_aside == ((OTTO.id, Reason.MAY_NOT_ASK),)
    assert not result.reached


def test_rule_07_a_yes_without_the_second_factor_does_not_count_where_one_is_asked_for() -> None:
    """The requester's own yes needs it too."""
    rule = a_rule(step_up=True)
    proven = replace(asked(), step_up="totp")
    assert count(asked(), yes(OLIVIA, step_up="totp"), rule=rule).set_aside == (
        (OTTO.id, Reason.NO_SECOND_FACTOR),
    )
    assert count(proven, yes(OLIVIA), rule=rule).set_aside == ((OLIVIA.id, Reason.NO_SECOND_FACTOR),)
    assert count(proven, yes(OLIVIA, step_up="totp"), rule=rule).reached


def test_rule_18_a_request_from_a_shell_carries_no_yes() -> None:
    """Without a vote from Slack the requester counts as little as anybody."""
    result = count(yes(OLIVIA), yes(RITA))
    assert not result.reached
    assert result.missing == "1 more person"


def told(
    person: Person | None, *votes: Vote, at: timedelta = timedelta(minutes=1), **state: object
) -> str | None:
    """What this person is told about a request by Otto; None if he may vote."""
    request = replace(a_request(), **state)
    refusal = may_vote(request, person, votes, ROSTER, NOON + at)
    return None if refusal is None else f"{refusal.reason}: {refusal}"


def test_everybody_else_of_the_desk_may_answer() -> None:
    """Olivia and Rita are not stopped."""
    assert told(OLIVIA, asked()) is None
    assert told(RITA, asked(), yes(OLIVIA)) is None


def test_rule_10_refusals_are_distinct() -> None:
    """Each is told his own reason, and what to do."""
    answers = {
        "requester": told(OTTO, asked()),
        "no_role": told(SAM, asked()),
        "not_on_roster": told(XENA, asked()),
        "inactive": told(INA, asked()),
        "already_voted": told(RITA, asked(), yes(RITA)),
        "closed": told(OLIVIA, asked(), state=RequestState.REJECTED, decided_at=NOON),
        "expired": told(OLIVIA, asked(), at=timedelta(minutes=15)),
        "void": told(OLIVIA, asked(), state=RequestState.VOID, decided_at=NOON, note="notional 100 -> 250"),
    }
    for reason, answer in answers.items():
        assert answer is not None
        assert answer.startswith(f"{reason}: ")
        assert "{" not in answer
    assert len({str(answer).split(": ", 1)[1] for answer in answers.values()}) == len(answers)
    assert "somebody else has to answer" in str(answers["requester"])
    assert "already rejected (at 12:00 UTC)" in str(answers["closed"])
    assert "expired at 12:15 UTC" in str(answers["expired"])
    assert "notional 100 -> 250" in str(answers["void"])
    assert told(None, asked()) == answers["not_on_roster"]
    unsaid = told(OLIVIA, asked(), state=RequestState.VOID, decided_at=NOON)
    assert (
        unsaid == "void: This request is void: what was asked for has changed. Ask again for what holds now."
    )


def test_a_cancelled_and_an_approved_request_are_closed() -> None:
    """Whoever comes late is told how it ended."""
    for state in (RequestState.CANCELLED, RequestState.APPROVED):
        assert f"already {state}" in str(told(RITA, asked(), state=state, decided_at=NOON))


def test_rule_06_the_person_is_looked_up_again_at_the_click() -> None:
    """A person object from before the change of the roster gives nobody a vote."""
    refusal = may_vote(a_request(), OLIVIA, [asked()], roster_without(OLIVIA), NOON)
    assert refusal is not None
    assert refusal.reason is Reason.NOT_ON_ROSTER


def test_rule_18_the_requester_of_a_shell_request_says_yes_in_slack() -> None:
    """He has not voted yet, so he is let through to do it."""
    assert told(OTTO) is None


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (OTTO, None),
        (SAM, Reason.NO_ROLE),
        (INA, Reason.INACTIVE),
        (None, Reason.NOT_ON_ROSTER),
        (RITA, Reason.MAY_NOT_ASK),
    ],
)
def test_only_the_roles_of_the_rule_may_ask(person: Person | None, reason: Reason | None) -> None:
    """Asking is checked like answering, and told as clearly."""
    refusal = may_ask(a_rule(ask=[Role.OWNER, Role.OPERATOR]), person)
    assert (refusal.reason if refusal else None) == reason
    if reason is Reason.MAY_NOT_ASK:
        assert "operator or owner" in str(refusal)


def test_who_may_not_ask_is_told_who_may() -> None:
    """In words, as people say them."""
    assert "it takes risk officer. Ask" in str(may_ask(a_rule(ask=[Role.RISK_OFFICER]), OTTO))
    assert "it takes a role that nobody holds. Ask" in str(may_ask(a_rule(ask=[]), OTTO))


def test_an_account_of_another_person_is_no_vote() -> None:
    """Olivia's yes through Otto's account is nobody's yes."""
    assert count(asked(), replace(yes(OLIVIA), account=Account.parse("T1/U1"))).counted == (OTTO,)


def test_whom_it_is_about_decides_nothing() -> None:
    """A yes of Rita's to her own factor is refused, and set aside if it stands there all the same."""
    request = a_request(payload={"concerns": RITA.id})
    refusal = may_vote(request, RITA, [asked()], ROSTER, NOON)

    assert str(refusal) == "This is about yourself, so two others have to ask for it and agree to it."
    assert may_vote(request, OLIVIA, [asked()], ROSTER, NOON) is None
    assert tally(request, [asked(), yes(RITA)], ROSTER, NOON).set_aside == ((RITA.id, Reason.CONCERNED),)


def test_a_no_counts_for_nobody() -> None:
    """A reject is not a yes, and not a mistake either; a yes behind it is still seen."""
    result = count(asked(), no(RITA), yes(OLIVIA))
    assert (result.counted, result.set_aside) == ((OTTO, OLIVIA), ())


def test_rule_09_a_yes_of_the_last_moment_does_not_count_afterwards() -> None:
    """At the very moment of expiry it was too late, whenever it is looked at."""
    request = a_request()
    result = tally(request, [asked(), yes(OLIVIA, at=request.expires_at)], ROSTER, NOON + timedelta(hours=1))
    assert result.set_aside == ((OLIVIA.id, Reason.UNTIMELY),)


def test_a_missing_role_is_not_asked_for_beside_the_person_who_fills_it() -> None:
    """People read whom to call, so one missing owner reads as one person."""
    waiting = Tally((), (), frozenset({Role.OWNER}), 1)
    two = Tally((), (), frozenset({Role.OWNER}), 2)
    both = Tally((), (), frozenset({Role.OWNER, Role.RISK_OFFICER}), 2)
    three = Tally((), (), frozenset(), 3)

    assert [each.missing for each in (waiting, two, both, three)] == [
        "an owner",
        "an owner and 1 more person",
        "an owner and a risk officer",
        "3 more persons",
    ]


@pytest.mark.parametrize(
    ("persons", "votes", "expected"),
    [
        (2, [asked()], [OLIVIA]),
        (3, [asked()], [OLIVIA, RITA]),
        (3, [asked(), yes(OLIVIA)], [RITA]),
        (3, [asked(), yes(RITA)], [OLIVIA]),
        (2, [], [OLIVIA, OTTO, RITA]),
    ],
)
def test_a_request_waits_for_those_whose_yes_brings_it_further(
    persons: int, votes: list[Vote], expected: list[Person]
) -> None:
    """Who fills a missing role, or anybody where persons miss; never who has voted, as by asking."""
    request = a_request(rule=a_rule(persons=persons))

    assert list(awaited(request, votes, ROSTER, NOON)) == expected


def test_a_request_that_is_over_waits_for_nobody() -> None:
    """Expired means that no yes can help any more."""
    late = NOON + timedelta(hours=1)

    assert awaited(a_request(), [asked()], ROSTER, late) == ()


@pytest.mark.parametrize(
    ("people", "votes", "enough"),
    [
        ([OLIVIA], [asked()], True),
        ([RITA], [asked()], False),
        ([OLIVIA, RITA], [], False),
        ([OTTO, OLIVIA], [], True),
        ([a_person("Olivia", "", Role.OWNER)], [asked()], False),
    ],
)
def test_a_request_can_be_completed_by_those_who_fill_its_places(
    people: list[Person], votes: list[Vote], enough: bool
) -> None:
    """The asker's yes is his as the asker, each has his factor, and nobody votes without an account."""
    request = a_request(rule=a_rule(step_up=True))
    proven = [replace(vote, step_up="totp") for vote in votes]

    assert could_complete(request, proven, people, ROSTER, NOON) is enough
