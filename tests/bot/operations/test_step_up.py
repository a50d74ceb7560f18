"""The code of whoever asks: needed where the policy says so, counted by the hour, refused in words."""

from approvals.factor import TRIES_MAX, Code
from approvals.request import Assurance
from bot.operations.step_up import StepUp
from bot.summaries import CodeAsked
from tests.approvals.desk import OTTO, RITA, a_policy, a_rule
from tests.bot.operations.rig import Rig, refusal

LIVE = "live.activate"


def strict(rig: Rig) -> StepUp:
    """On a desk that asks for codes, with Otto enrolled."""
    rig.with_policy(a_policy(a_rule(step_up=True)))
    rig.enrols(OTTO)
    return StepUp(rig.storage, rig.desk)


def test_no_code_is_asked_where_the_policy_wants_none(rig: Rig) -> None:
    """And none is looked at."""
    step_up = StepUp(rig.storage, rig.desk)

    assert step_up.asked(OTTO, LIVE) is None
    assert step_up(OTTO, LIVE, Code(""), "view:1") is Assurance.NONE


def test_the_form_is_told_the_words_of_its_person(rig: Rig) -> None:
    """Whoever has no factor is told how to get one, before a form opens."""
    step_up = strict(rig)
    asked = step_up.asked(OTTO, LIVE)

    assert isinstance(asked, CodeAsked)
    assert len(asked.phrase.split()) == 2
    assert "peak-ops enrol rita" in refusal(step_up.asked(RITA, LIVE))


def test_ten_wrong_codes_shut_the_asking_for_an_hour(rig: Rig) -> None:
    """Each with a line in the record; the next hour begins anew, and another act was never shut."""
    step_up = strict(rig)
    for number in range(TRIES_MAX):
        assert "not a code" in refusal(step_up(OTTO, LIVE, Code("1"), f"view:{number}"))

    assert "10 wrong codes" in refusal(step_up(OTTO, LIVE, Code(rig.code(OTTO)), "view:right"))
    assert rig.recorded().count("refused") == TRIES_MAX + 1
    rig.clock.passes(minutes=60)
    assert step_up(OTTO, LIVE, Code(rig.code(OTTO)), "view:later") is Assurance.TOTP
