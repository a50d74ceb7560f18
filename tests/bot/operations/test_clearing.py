"""A halt is cleared by two people after its time, and only the halt that they approved to end."""

from dataclasses import replace
from typing import Any

import pytest

from approvals.person import Person
from approvals.request import ApprovalRequest, ExecutionState, RequestId
from bot.operations.clearing import clearing
from bot.operations.desk import Refused
from bot.operations.filing import Asked
from bot.operations.halt import ClearHalt, RecordHalt
from bot.operations.request_card import read_card
from tests.approvals.desk import NOON, OLIVIA, OTTO, RITA, SAM, a_policy, a_rule, roster_without
from tests.bot.operations.rig import Rig, at_once, refusal
from trading.errors import LatchStillEngaged


def recording(rig: Rig, *exchanges: str, prove: Any = None) -> RecordHalt:
    """The operation, for these accounts."""
    return RecordHalt(rig.storage, rig.desk, exchanges or ("kraken",), prove or rig.venue.halt)


def clears(rig: Rig, request_id: str, by: Person = OTTO) -> ApprovalRequest | Refused:
    """Press Clear the halt."""
    return ClearHalt(rig.storage, rig.desk, rig.latch)(by, RequestId(request_id))


def rearm_approved(rig: Rig) -> str:
    """A halt of six minutes whose end Olivia has approved."""
    rig.halted()
    rig.clock.passes(minutes=6)
    asked = rig.rearm_asked()
    assert isinstance(asked, Asked), asked
    rig.answers(asked.request.id)
    return asked.request.id


def test_nothing_is_cleared_where_nothing_is_halted(rig: Rig) -> None:
    """There is nothing to ask for."""
    assert "Nothing is halted" in refusal(rig.rearm_asked())


def test_clearing_a_halt_must_cool_down(rig: Rig) -> None:
    """To the second, and the sentence says how long and from when."""
    rig.halted()
    rig.clock.passes(seconds=299)
    told = refusal(rig.rearm_asked())
    assert "must stand 300 seconds" in told
    assert "Ask again in 0 min 1 s, from 12:05:00 UTC" in told

    rig.clock.passes(seconds=1)
    assert isinstance(rig.rearm_asked(), Asked)


def test_the_approver_of_a_clearing_reads_what_is_left(rig: Rig) -> None:
    """Whose halt it was, what the venue proved, what is held, and the alerts that nobody has looked at."""
    rig.bought(rig.live_session(), "0.001")
    rig.halted()
    recording(rig)("sam", "price feed looks wrong", rig.clock(), 3)
    rig.clock.passes(seconds=300)
    asked = rig.rearm_asked()

    card = rig.read(lambda tx: read_card(tx, rig.desk, asked.request.id))
    assert card is not None
    assert card.title == "the halt by Sam: price feed looks wrong"
    assert card.evidence == {
        "orders": "none, proven by the venue",
        "held": "STILL HOLDING 0.001 BTC by our books",
        "alerts": "none open",
    }


@pytest.mark.parametrize("how", ["slack", "shell"])
def test_the_wait_begins_anew_with_each_halt(rig: Rig, how: str) -> None:
    """Whoever halts a halted desk has seen something too: the record tells of it, or the file's time."""
    rig.halted()
    rig.clock.passes(seconds=299)
    if how == "slack":
        recording(rig)("rita", "now the fills look wrong too", rig.clock(), 3)
    else:
        rig.halted(reason="it is worse", by="root at the shell")
    rig.clock.passes(seconds=299)
    assert "12:09:59 UTC" in refusal(rig.rearm_asked())

    rig.clock.passes(seconds=1)
    assert isinstance(rig.rearm_asked(), Asked)


def test_a_halt_of_unknown_age_has_just_begun(rig: Rig) -> None:
    """Until it is in the record, which gives it a time."""
    rig.is_begun()
    rig.latch.latch_file.unlink()
    rig.clock.passes(minutes=6)
    assert "must stand 300 seconds" in refusal(rig.rearm_asked())

    recording(rig)("a file in the home folder", rig.latch.read().reason, rig.clock(), 0)
    rig.clock.passes(seconds=300)
    assert isinstance(rig.rearm_asked(), Asked)


def test_a_desk_that_was_never_begun_need_not_wait(rig: Rig) -> None:
    """Nothing has happened in it that would have to settle."""
    rig.latch.latch_file.unlink()
    recording(rig)("a file in the home folder", rig.latch.read().reason, rig.clock(), 0)

    assert isinstance(rig.rearm_asked(), Asked)


def test_clearing_a_halt_needs_a_reason(rig: Rig) -> None:
    """The approver reads it."""
    rig.halted()
    rig.clock.passes(minutes=6)

    assert "Say why" in refusal(rig.rearm_asked(reason="  "))


def test_who_has_no_role_may_halt_but_not_ask_for_its_end(rig: Rig) -> None:
    """Stopping is for everybody, starting again is not."""
    rig.halted(by="sam")
    rig.clock.passes(minutes=6)

    assert "you hold no role" in refusal(rig.rearm_asked(by=SAM))


def test_two_people_clear_the_halt(rig: Rig) -> None:
    """The latch is cleared, the execution recorded, the desk told that nothing started by itself."""
    request_id = rearm_approved(rig)

    done = clears(rig, request_id)

    assert isinstance(done, ApprovalRequest)
    assert done.execution is ExecutionState.EXECUTED
    assert not rig.latch.engaged()
    assert ["cleared the halt" in row.body["text"] for row in rig.announced()] == [True]


def test_an_unapproved_request_clears_nothing(rig: Rig) -> None:
    """Asking is not enough."""
    rig.halted()
    rig.clock.passes(minutes=6)
    asked = rig.rearm_asked()

    assert "not approved" in refusal(clears(rig, asked.request.id))
    assert rig.latch.engaged()


@pytest.mark.parametrize("person", [OLIVIA, RITA, SAM])
def test_only_who_asked_clears(rig: Rig, person: Person) -> None:
    """Both are present."""
    assert "Only Otto" in refusal(clears(rig, rearm_approved(rig), by=person))
    assert rig.latch.engaged()


def test_an_approval_of_something_else_clears_nothing(rig: Rig) -> None:
    """The button of another card."""
    request = rig.approved()
    rig.halted()

    assert "not for clearing a halt" in refusal(clears(rig, request.id))


def test_an_old_approval_clears_nothing(rig: Rig) -> None:
    """Ten minutes, then ask again."""
    request_id = rearm_approved(rig)
    rig.clock.passes(minutes=10)

    assert isinstance(clears(rig, request_id), Refused)
    assert rig.latch.engaged()


def test_a_second_press_clears_nothing_more(rig: Rig) -> None:
    """A halt that came after the first press stands."""
    request_id = rearm_approved(rig)
    clears(rig, request_id)
    rig.halted(reason="again")

    assert isinstance(clears(rig, request_id), Refused)
    assert rig.latch.engaged()


def test_a_second_halt_is_not_cleared_by_the_approval_of_the_first(rig: Rig) -> None:
    """Somebody has halted again while everything was halted: the latch keeps its reason, the record both."""
    recording(rig)("sam", "price feed looks wrong", NOON, 3)
    request_id = rearm_approved(rig)
    recording(rig)("rita", "now the fills look wrong too", rig.clock(), 3)

    assert "another halt" in refusal(clears(rig, request_id))
    assert rig.latch.engaged()


@pytest.mark.parametrize(
    "change",
    [
        {"roster": roster_without(SAM)},
        {"policy": a_policy(a_rule("rearm", persons=3))},
        {"code_version": "0.1.0+def"},
    ],
)
def test_what_was_approved_under_other_rules_clears_nothing(rig: Rig, change: dict[str, Any]) -> None:
    """Whoever edits people or policy while a request is open cannot have it carried out under the edit."""
    request_id = rearm_approved(rig)
    rig.desk = replace(rig.desk, **change)

    assert "People, policy or program were changed" in refusal(clears(rig, request_id))
    assert rig.latch.engaged()


def touch(rig: Rig, before: str) -> None:
    """Touch HALT; the file system's clock ticks every few milliseconds only."""
    while rig.latch.mark() == before:
        rig.latch.halt_file.touch()


@pytest.mark.parametrize("how", ["engage", "touch"])
def test_a_halt_said_again_at_the_machine_is_not_cleared(rig: Rig, how: str) -> None:
    """The shell and `touch HALT` leave no row, and the latch keeps its first reason: its mark tells."""
    request_id = rearm_approved(rig)
    before = rig.latch.mark()
    if how == "engage":
        rig.latch.engage("it is worse", "root at the shell", rig.clock())
    else:
        touch(rig, before)
    assert rig.latch.mark() != before

    assert "another halt" in refusal(clears(rig, request_id))
    assert rig.latch.engaged()


def test_another_halt_in_the_latch_is_not_cleared(rig: Rig) -> None:
    """Cleared by hand and halted anew: it is not the halt that was approved to end."""
    request_id = rearm_approved(rig)
    rig.latch.clear("root", rig.clock())
    rig.halted(reason="another")

    assert "another halt" in refusal(clears(rig, request_id))
    assert rig.latch.engaged()


def test_a_halt_that_comes_while_it_is_cleared_wins(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The execution has failed, and says so on the card."""
    request_id = rearm_approved(rig)

    def halted_meanwhile(by: str, at: object, mark: str) -> None:
        raise LatchStillEngaged(reason="said again")

    monkeypatch.setattr(rig.latch, "clear", halted_meanwhile)

    assert "everything stays halted" in refusal(clears(rig, request_id))
    assert rig.request(request_id).execution is ExecutionState.FAILED
    assert "said again" in rig.request(request_id).outcome
    assert rig.announced() == []


def test_ten_presses_at_once_clear_once(rig_on_both: Rig) -> None:
    """One word in the channel."""
    rig = rig_on_both
    request_id = rearm_approved(rig)

    outcomes = at_once([lambda: clears(rig, request_id) for _ in range(10)])

    assert sum(isinstance(outcome, ApprovalRequest) for outcome in outcomes) == 1
    assert len(rig.announced()) == 1


def test_every_halt_that_was_cleared_says_so_on_its_card(rig: Rig) -> None:
    """Both halts end with one clearing; the word in the channel names who approved."""
    first = recording(rig)("sam", "price feed looks wrong", rig.clock(), 3)
    rig.clock.passes(seconds=1)
    second = recording(rig)("rita", "the fills look wrong too", rig.clock(), 3)
    request_id = rearm_approved(rig)
    rig.delivered()
    before = len(rig.cards())
    clears(rig, request_id)
    rig.clock.passes(minutes=1)
    third = recording(rig)("sam", "again", rig.clock(), 3)

    assert {f"halt:{first.id}", f"halt:{second.id}"} <= set(rig.cards()[before:])
    ended = rig.read(lambda tx: clearing(tx, rig.desk, first))
    assert ended is not None
    assert (ended.by, ended.approvers) == ("Otto", ("Olivia",))
    assert rig.read(lambda tx: clearing(tx, rig.desk, third)) is None
    assert "Otto cleared the halt, with Olivia." in rig.announced()[0].body["text"]
