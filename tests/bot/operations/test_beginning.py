"""A fresh desk is halted and nobody's, until two enrolled people, one an owner, have begun it."""

from pathlib import Path

import pytest

from approvals.factor import Code
from approvals.in_force import Kind, Rules
from approvals.person import Person
from approvals.request import ApprovalRequest, Assurance, RequestId, RequestState, VoteWord
from bot.operations.beginning import TellNotBegun, has_been_begun
from bot.operations.changes import ProposeChange
from bot.operations.desk import Refused
from bot.operations.filing import Asked
from bot.operations.halt import ClearHalt, RequestRearm
from bot.operations.requests import AnswerRequest
from tests.approvals.desk import OLIVIA, OTTO, RITA, SAM, roster_without
from tests.bot.intake import open_database
from tests.bot.operations.rig import Rig, refusal


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A home that nobody has begun; Otto, Olivia and Rita are enrolled."""
    rig = Rig(open_database(tmp_path), tmp_path)
    rig.latch.latch_file.unlink()
    rig.desk.begun = False
    rig.enrols(OTTO, OLIVIA, RITA)
    return rig


def asks(rig: Rig, by: Person, code: str = "") -> Asked | Refused:
    """Ask that the desk be begun, with a code."""
    typed = Code(code or rig.code(by))
    return RequestRearm(rig.storage, rig.desk, rig.latch)(
        by, by.accounts[0], "first start", f"view:{by.id}", typed
    )


def agrees(rig: Rig, request: ApprovalRequest, by: Person) -> ApprovalRequest | Refused:
    """Say yes, with a code."""
    answer = AnswerRequest(rig.storage, rig.desk)
    return answer(by, by.accounts[0], request.id, VoteWord.YES, code=Code(rig.code(by)))


def begun(rig: Rig) -> ApprovalRequest:
    """Otto asks, Olivia agrees, Otto presses."""
    asked = asks(rig, OTTO)
    assert isinstance(asked, Asked), asked
    assert isinstance(agrees(rig, asked.request, OLIVIA), ApprovalRequest)
    done = ClearHalt(rig.storage, rig.desk, rig.latch)(OTTO, RequestId(asked.request.id))
    assert isinstance(done, ApprovalRequest), done
    return done


def test_a_fresh_desk_starts_nothing_and_says_what_to_do(rig: Rig) -> None:
    """Neither a session nor a change of its files, whoever asks."""
    assert "has not been begun" in refusal(rig.asks(proof=Assurance.TOTP))
    rig.files = Rules(roster_without(SAM), rig.desk.policy)
    propose = ProposeChange(rig.storage, rig.desk, lambda: rig.files)
    assert "has not been begun" in refusal(propose(OTTO, OTTO.accounts[0], Kind.ROSTER, "why", "view:1"))

    assert TellNotBegun(rig.storage, rig.desk)()
    assert TellNotBegun(rig.storage, rig.desk)()
    (post,) = rig.outgoing("post")
    assert "has not been begun" in post.body["text"]


def test_two_enrolled_people_begin_it_with_all_that_then_counts(rig: Rig) -> None:
    """The roster and policy of the request are in force, the halt is over, the desk is told."""
    done = begun(rig)

    assert rig.desk.begun
    assert not rig.latch.engaged()
    stored = rig.read(lambda tx: tx.in_force.rules())
    assert stored is not None
    assert stored.roster.as_value() == rig.desk.roster.as_value()
    roster = rig.read(lambda tx: tx.in_force.get(Kind.ROSTER))
    assert roster is not None
    assert roster.origin == done.id
    (post,) = [row for row in rig.outgoing("post") if row.key == f"cleared:{done.id}"]
    assert "Otto began the desk, with Olivia" in post.body["text"]
    assert not TellNotBegun(rig.storage, rig.desk)()


def test_the_card_of_a_beginning_names_everybody_and_every_row(rig: Rig) -> None:
    """Who agrees has seen who will be able to."""
    asked = asks(rig, OTTO)

    assert isinstance(asked, Asked)
    lines = asked.request.payload["shown"]["changes"]
    assert any(line.startswith("rita is added: ") and "roles risk_officer" in line for line in lines)
    assert any(line.startswith("live.activate is added: ") and "persons 2" in line for line in lines)


def test_a_desk_is_begun_by_an_owner_and_with_factors_whatever_its_files_say(rig: Rig) -> None:
    """The policy of this rig asks for no code, and nobody has agreed to that policy yet."""
    assert "not a code of yours" in refusal(asks(rig, OTTO, "000000"))
    asked = asks(rig, OTTO)
    assert isinstance(asked, Asked)
    assert (asked.request.rule.step_up, asked.request.rule.among) == (True, {"owner"})

    pending = agrees(rig, asked.request, RITA)

    assert isinstance(pending, ApprovalRequest)
    assert pending.state is RequestState.PENDING


def test_a_roster_that_was_edited_meanwhile_begins_nothing(rig: Rig) -> None:
    """A restart by other files voids what was agreed."""
    asked = asks(rig, OTTO)
    assert isinstance(asked, Asked)
    agrees(rig, asked.request, OLIVIA)
    rig.desk.roster = roster_without(SAM)

    said = refusal(ClearHalt(rig.storage, rig.desk, rig.latch)(OTTO, RequestId(asked.request.id)))

    assert "were changed since" in said
    assert not rig.read(has_been_begun)
    assert rig.latch.engaged()


def test_after_the_beginning_the_policy_in_force_asks_for_what_it_asks(rig: Rig) -> None:
    """The stricter rule was for the beginning alone."""
    begun(rig)
    rig.halted()
    rig.clock.passes(minutes=6)

    asked = rig.rearm_asked(cause="c:2")

    assert isinstance(asked, Asked)
    assert not asked.request.rule.step_up
    assert "begins" not in asked.request.payload
