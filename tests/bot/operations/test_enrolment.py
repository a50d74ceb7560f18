"""A factor counts at once before the desk begins; what a desk at work asks for is in test_factor_change."""

from approvals.factor import Code, Secret, step_at
from bot.operations.enrolment import EnrolFactor, Enrolled
from tests.approvals.desk import OLIVIA
from tests.bot.operations.rig import Rig


def enrol(rig: Rig) -> Enrolled:
    """Olivia's factor, proven."""
    secret = Secret.new()
    outcome = EnrolFactor(rig.storage, rig.desk)(
        OLIVIA, secret, Code(secret.code_at(step_at(rig.clock()))), "root at the shell"
    )
    assert outcome is not None
    return outcome


def test_before_the_desk_begins_a_factor_counts_at_once(rig: Rig) -> None:
    """Nobody is at work who would have to be warned."""
    enrolled = enrol(rig)

    assert (enrolled.waits, enrolled.good_from) == (False, rig.clock())
    assert rig.outgoing() == []
    assert rig.recorded() == ["factor.enrolled"]


def test_recovery_codes_are_in_no_repr(rig: Rig) -> None:
    """A traceback that shows variables shows none."""
    enrolled = enrol(rig)

    assert not [code for code in enrolled.recovery_codes if code in repr(enrolled)]
