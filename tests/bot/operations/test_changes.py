"""Roster and policy of the files count only after two persons of the roster in force agreed."""

from dataclasses import replace

import pytest

from approvals.in_force import Kind, Rules
from approvals.person import Person, Role, Roster
from approvals.request import ApprovalRequest, ExecutionState, RequestId
from bot.errors import ConfigError
from bot.operations.changes import ProposeChange, PutInForce, TellDifferences
from bot.operations.desk import Refused
from bot.operations.filing import Asked
from tests.approvals.desk import (
    OLIVIA,
    OTTO,
    RITA,
    ROSTER,
    SAM,
    XENA,
    a_policy,
    a_rule,
    roster_with,
    roster_without,
)
from tests.bot.operations.rig import Rig, refusal

SAM_DECIDES = roster_with(replace(SAM, roles=frozenset({Role.OWNER})))


def edited(rig: Rig, roster: Roster | None = None, **changes: object) -> None:
    """Somebody has edited the files."""
    rig.files = Rules(roster or rig.files.roster, rig.files.policy)
    if changes:
        rig.files = Rules(rig.files.roster, a_policy(a_rule("rearm", cooldown_s=300, **changes)))


def proposes(rig: Rig, kind: Kind, by: Person = OTTO, cause: str = "view:1") -> Asked | Refused:
    """Ask that the file be in force."""
    propose = ProposeChange(rig.storage, rig.desk, lambda: rig.files)
    return propose(by, by.accounts[0], kind, "Sam is an owner now", cause)


def agreed(rig: Rig, kind: Kind, by: Person = OTTO, cause: str = "view:1") -> ApprovalRequest:
    """A proposal that Olivia has approved."""
    asked = proposes(rig, kind, by, cause)
    assert isinstance(asked, Asked), asked
    approved = rig.answers(asked.request.id)
    assert isinstance(approved, ApprovalRequest), approved
    return approved


def puts(rig: Rig, request: ApprovalRequest, by: Person = OTTO) -> ApprovalRequest | Refused:
    """Press *Put it in force*."""
    return PutInForce(rig.storage, rig.desk, lambda: rig.files)(by, RequestId(request.id))


def told(rig: Rig) -> list[str]:
    """What the desk was told of differences."""
    TellDifferences(rig.storage, rig.desk, lambda: rig.files)()
    return [row.body["text"] for row in rig.outgoing("post") if row.key.startswith("rules.differ:")]


def test_an_edited_file_changes_nothing_until_two_agreed(rig: Rig) -> None:
    """The one it would make an owner is nobody until it is carried out."""
    edited(rig, SAM_DECIDES)
    asked = proposes(rig, Kind.ROSTER)
    assert isinstance(asked, Asked)

    by_sam = next(person for person in SAM_DECIDES if person.id == SAM.id)
    assert "no role" in refusal(rig.answers(asked.request.id, by_sam))
    assert rig.desk.roster == ROSTER
    assert "not approved" in refusal(puts(rig, asked.request))


def test_what_two_agreed_to_counts_at_once_and_is_kept(rig: Rig) -> None:
    """The running desk and the next start go by it, and the record has the whole of it."""
    edited(rig, SAM_DECIDES)
    done = puts(rig, agreed(rig, Kind.ROSTER))

    assert isinstance(done, ApprovalRequest)
    assert done.execution is ExecutionState.EXECUTED
    assert rig.desk.roster.as_value() == SAM_DECIDES.as_value()
    stored = rig.read(lambda tx: tx.in_force.get(Kind.ROSTER))
    assert stored is not None
    assert (stored.value["sam"]["roles"], stored.origin) == (["owner"], done.id)
    assert rig.recorded()[-2:] == ["rules.in_force", "request.execution"]
    (post,) = [row for row in rig.outgoing("post") if row.key == f"roster:{done.id}"]
    assert "sam, roles: none → owner" in post.body["text"]


def test_the_card_shows_each_field_that_differs(rig: Rig) -> None:
    """What is approved is the difference, and the payload holds the whole of it."""
    edited(rig, persons=3)
    asked = proposes(rig, Kind.POLICY)

    assert isinstance(asked, Asked)
    payload = asked.request.payload
    assert payload["shown"] == {"changes": ["rearm, persons: 2 → 3"]}
    assert payload["proposed"]["rearm"]["persons"] == 3


def test_the_stored_copy_counts_and_not_the_file_of_today(rig: Rig) -> None:
    """What is slipped into the file after the approval is another difference, to be agreed to anew."""
    edited(rig, SAM_DECIDES)
    approved = agreed(rig, Kind.ROSTER)
    edited(rig, Roster((*SAM_DECIDES, XENA)))
    puts(rig, approved)

    assert rig.desk.roster.get(XENA.id) is None
    assert "xena is added" in told(rig)[-1]


def test_a_change_that_would_leave_a_row_without_people_is_refused_by_its_name(rig: Rig) -> None:
    """Nobody can agree the desk into a corner."""
    edited(rig, roster_without(RITA))
    rig.with_policy(a_policy(a_rule("stage.live", among=["owner", "risk_officer"])))

    said = refusal(proposes(rig, Kind.ROSTER))

    assert "nothing was asked for" in said
    assert "[stage.live] cannot be used: nobody active on the roster holds the role risk_officer" in said


def test_a_change_of_both_that_came_between_voids_the_other(rig: Rig) -> None:
    """A policy is agreed to under the roster that then counts."""
    edited(rig, SAM_DECIDES)
    edited(rig, persons=3)
    roster = agreed(rig, Kind.ROSTER)
    policy = agreed(rig, Kind.POLICY, cause="view:2")
    puts(rig, roster)

    assert "were changed since" in refusal(puts(rig, policy))
    assert rig.request(policy.id).execution is ExecutionState.VOID
    assert rig.desk.policy.rule("rearm").persons == 2


def test_a_person_who_left_between_vote_and_press_counts_no_more(rig: Rig) -> None:
    """Her yes is looked at again when it is carried out."""
    edited(rig, persons=3)
    approved = agreed(rig, Kind.POLICY)
    rig.desk.roster = roster_with(replace(OLIVIA, roles=frozenset()))

    assert isinstance(puts(rig, approved), Refused)
    assert rig.desk.policy.rule("rearm").persons == 2


def test_only_its_asker_carries_it_out_and_only_once(rig: Rig) -> None:
    """Both are present when it begins to count."""
    edited(rig, SAM_DECIDES)
    approved = agreed(rig, Kind.ROSTER)

    assert "Only Otto, who asked" in refusal(puts(rig, approved, OLIVIA))
    puts(rig, approved)
    assert "not approved any more" in refusal(puts(rig, approved))
    assert rig.desk.roster.as_value() == SAM_DECIDES.as_value()


def test_the_desk_is_told_once_of_a_difference_and_how_to_propose_it(rig: Rig) -> None:
    """Again only when the file says something else."""
    assert told(rig) == []
    edited(rig, SAM_DECIDES)
    (first,) = told(rig)
    assert "people.toml differs from the roster in force" in first
    assert "sam, roles: none → owner" in first
    assert "/peak roster propose" in first

    assert told(rig) == [first]
    edited(rig, roster_without(SAM))
    assert len(told(rig)) == 2
    assert rig.recorded() == ["rules.differ", "rules.differ"]


def test_an_edit_while_the_bot_runs_is_told_once(rig: Rig) -> None:
    """Once it stays from one look to the next; so does a file that cannot be read."""
    rig.is_begun()
    unreadable = ConfigError(file="people.toml", key="people[1].roles", value="boss", allowed="a role")

    def read() -> Rules:
        if broken:
            raise unreadable
        return rig.files

    broken, look = False, TellDifferences(rig.storage, rig.desk, read)

    def looks() -> list[str]:
        look.again()
        return [row.body["text"] for row in rig.outgoing("post") if row.key.startswith("rules.differ:")]

    assert looks() == looks() == []
    edited(rig, SAM_DECIDES)
    assert looks() == []
    (first,) = looks()
    assert "sam, roles: none → owner" in first
    broken = True
    assert looks() == [first]
    assert "people[1].roles = boss" in looks()[-1]
    broken = False
    assert len(looks()) == len(looks()) == 2


def test_a_file_that_says_what_is_in_force_is_nothing_to_agree_to(rig: Rig) -> None:
    """A comment, another order, a telephone number."""
    edited(rig, Roster(tuple(replace(person, contact="+49 30") for person in reversed(ROSTER.persons))))

    assert "nothing to agree to" in refusal(proposes(rig, Kind.ROSTER))
    assert told(rig) == []


def test_a_change_too_large_to_be_shown_is_refused(rig: Rig) -> None:
    """Nobody approves what does not stand on the card."""
    many = tuple(
        replace(SAM, id=f"p-{number}", name=f"P {number}", accounts=())  # type: ignore[arg-type]
        for number in range(41)
    )
    edited(rig, Roster((*ROSTER, *many)))

    assert "more than a card can show" in refusal(proposes(rig, Kind.ROSTER))


def test_a_file_that_cannot_be_read_is_named(rig: Rig) -> None:
    """Nothing is asked for, and the file, the key and the value are told."""

    def unreadable() -> Rules:
        raise ConfigError(file="people.toml", key="people[1].roles", value="boss", allowed="a role")

    propose = ProposeChange(rig.storage, rig.desk, unreadable)
    assert "people[1].roles = boss" in refusal(propose(OTTO, OTTO.accounts[0], Kind.ROSTER, "why", "view:1"))


@pytest.mark.parametrize("kind", Kind)
def test_somebody_without_a_role_cannot_propose(rig: Rig, kind: Kind) -> None:
    """As every protected act."""
    edited(rig, SAM_DECIDES, persons=3)
    assert "you hold no role" in refusal(proposes(rig, kind, SAM))
