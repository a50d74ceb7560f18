"""On a desk at work a first or a new factor is agreed to by two others, taken once, and waits a day."""

from datetime import timedelta

import pytest

from approvals.errors import FactorEnrolled, FactorNotAgreed
from approvals.factor import Code, Secret, step_at
from approvals.person import Person
from approvals.quorum import SENTENCES, Reason
from approvals.request import ApprovalRequest, ExecutionState, RequestState
from bot.operations.desk import Refused
from bot.operations.enrolment import EnrolFactor, Enrolled
from bot.operations.factor_change import RequestFactor
from bot.operations.filing import Asked
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM, a_policy, a_rule, roster_without
from tests.bot.operations.rig import Rig, refusal


@pytest.fixture(autouse=True)
def at_work(rig: Rig) -> None:
    """Two people have begun this desk, by the rule of the table: any two, whatever their roles."""
    rig.is_begun()
    rig.with_policy(a_policy(a_rule("factor.change", among=[], expires_s=86400, grant_s=86400)))


def asks(rig: Rig, for_whom: Person, by: Person = OTTO, cause: str = "view:1") -> Asked | Refused:
    """Ask that somebody may enrol."""
    ask = RequestFactor(rig.storage, rig.desk)
    return ask(by, by.accounts[0], for_whom.name, "the phone is lost", cause, Code(""))


def agreed(rig: Rig, for_whom: Person = OLIVIA, cause: str = "view:1") -> ApprovalRequest:
    """Otto asks, Rita agrees."""
    asked = asks(rig, for_whom, cause=cause)
    assert isinstance(asked, Asked), asked
    after = rig.answers(asked.request.id, RITA)
    assert isinstance(after, ApprovalRequest), after
    return after


def enrols(rig: Rig, person: Person = OLIVIA, right: bool = True) -> Enrolled | None:
    """What the terminal does."""
    secret = Secret.new()
    code = secret.code_at(step_at(rig.clock())) if right else "000000"
    return EnrolFactor(rig.storage, rig.desk)(person, secret, Code(code), "root at the shell")


def test_a_first_factor_needs_the_consent_of_two_others(rig: Rig) -> None:
    """Whoever holds the shell cannot enrol for somebody who has none."""
    with pytest.raises(FactorNotAgreed, match="/peak factor olivia"):
        enrols(rig)

    agreed(rig)
    enrolled = enrols(rig)

    assert enrolled is not None
    assert enrolled.waits
    assert enrolled.good_from == rig.clock() + timedelta(hours=24)


def test_a_reset_needs_it_too_and_ends_the_old_factor(rig: Rig) -> None:
    """The lost phone and its recovery codes count no more, the new one a day later."""
    rig.enrols(OLIVIA)
    old = rig.code(OLIVIA), rig.recovery_codes[OLIVIA.id][0]
    with pytest.raises(FactorEnrolled):
        enrols(rig)
    request = agreed(rig)
    assert request.state is RequestState.APPROVED

    assert enrols(rig) is not None

    rig.clock.passes(hours=24)
    for code in old:
        with rig.storage.transaction() as tx:
            outcome = tx.factors.prove(OLIVIA.id, Code(code), "req-1", "view:9", tx.now)
        assert SENTENCES[Reason.CODE_WRONG] == str(outcome)


def test_nobody_asks_for_or_agrees_to_a_factor_of_their_own(rig: Rig) -> None:
    """Neither the one it is for as asker, nor as approver, whatever the role."""
    assert "about yourself" in refusal(asks(rig, OTTO, by=OTTO))
    asked = asks(rig, OLIVIA)
    assert isinstance(asked, Asked)

    assert "about yourself" in refusal(rig.answers(asked.request.id, OLIVIA))
    assert rig.request(asked.request.id).state is RequestState.PENDING


def test_an_approval_is_good_for_one_enrolment_of_one_person(rig: Rig) -> None:
    """The card says that it was used, and the record by which request."""
    request = agreed(rig)
    with pytest.raises(FactorNotAgreed):
        enrols(rig, SAM)
    enrols(rig)

    assert rig.request(request.id).execution is ExecutionState.EXECUTED
    with pytest.raises(FactorEnrolled):
        enrols(rig)
    (row,) = [e for e in rig.read(lambda tx: list(tx.audit.entries())) if e.kind == "factor.enrolled"]
    assert row.body["request"] == request.id


def test_a_wrong_code_uses_no_approval_up(rig: Rig) -> None:
    """The app was not set up yet; the person tries again."""
    request = agreed(rig)
    assert enrols(rig, right=False) is None
    assert rig.request(request.id).execution is ExecutionState.NONE
    assert enrols(rig) is not None


def test_an_approval_that_was_given_up_or_is_over_enrols_nobody(rig: Rig) -> None:
    """Within a day of the yes, and never by one person's word."""
    asks(rig, OLIVIA)
    with pytest.raises(FactorNotAgreed):
        enrols(rig)
    rig.clock.passes(hours=25)
    agreed(rig, cause="view:2")
    rig.clock.passes(hours=24)
    with pytest.raises(FactorNotAgreed):
        enrols(rig)


def test_everybody_is_told_of_a_new_factor(rig: Rig) -> None:
    """Its person most of all: whoever enrols for somebody else is noticed before it counts."""
    request = agreed(rig)
    enrols(rig)

    (post,) = [row for row in rig.outgoing("post") if row.key == f"factor:{request.id}"]
    assert post.target["channel"] == "C0APPROVALS"
    assert "If Olivia knows nothing of it: halt" in post.body["text"]
    told = [row.lane for row in rig.outgoing("dm") if row.key.startswith(f"factor:{request.id}:")]
    assert told == [str(account) for account in OLIVIA.accounts]


def test_a_desk_of_two_cannot_agree_for_one_of_them(rig: Rig) -> None:
    """The request is refused when it is asked for, and the row is named."""
    rig.desk.roster = roster_without(RITA)

    assert "[factor.change]" in refusal(asks(rig, OLIVIA))


def test_a_name_that_is_nobody_is_told_with_the_nearest(rig: Rig) -> None:
    """Nothing is asked for."""
    ask = RequestFactor(rig.storage, rig.desk)
    said = refusal(ask(OTTO, OTTO.accounts[0], "Olivai", "why", "view:1", Code("")))
    assert "did you mean olivia?" in said
