"""Who could still answer is reminded twice, each time once, and never of what is over."""

from dataclasses import replace

import pytest

from approvals.person import Person, Role
from approvals.request import VoteWord
from bot.operations.requests import ExpireRequests, WithdrawRequest
from tests.approvals.desk import OLIVIA, OTTO, RITA, a_policy, a_rule, roster_with
from tests.bot.operations.rig import Rig

OLIVIAS = str(OLIVIA.accounts[0])


def test_who_could_still_answer_is_reminded_at_half_time_and_shortly_before_the_end(rig: Rig) -> None:
    """Olivia alone: the asker cannot answer, and Rita's yes would bring it no further."""
    request = rig.asked()
    rig.clock.passes(minutes=7, seconds=29)
    rig.reminds()
    assert rig.reminded() == []

    rig.clock.passes(seconds=1)
    rig.reminds()
    half = "8 min left: Otto asks to go live: BTC/USD ma_crossover, at most 100 USD"
    assert rig.reminded() == [(OLIVIAS, half)]
    assert [row.target["about"] for row in rig.outgoing("dm")][1:] == [f"request:{request.id}"]

    rig.clock.passes(minutes=5, seconds=30)
    rig.reminds()
    assert [text.split(" left")[0] for _, text in rig.reminded()] == ["2 min", "2 min"]


def test_a_reminder_comes_once_whatever_is_restarted(rig: Rig) -> None:
    """The outbox knows what was said; nothing is kept in memory."""
    rig.asked()
    for _ in range(10):
        rig.clock.passes(minutes=1)
        rig.reminds()  # each time by a new part, as after a restart
        rig.delivered()

    assert len(rig.reminded()) == 1


def test_after_a_time_without_a_bot_the_last_call_comes_alone(rig: Rig) -> None:
    """Two reminders at once would be one too many."""
    rig.asked()
    rig.clock.passes(minutes=14)
    rig.reminds()
    rig.reminds()

    ((to, text),) = rig.reminded()
    assert to == OLIVIAS
    assert text.startswith("60 s left")


def test_a_request_of_four_minutes_has_no_last_call_before_its_half(rig: Rig) -> None:
    """Where both would come together, the one at half-time is enough."""
    rig.with_policy(a_policy(a_rule(expires_s=240)))
    rig.asked()
    for _ in range(23):
        rig.clock.passes(seconds=10)
        rig.reminds()

    assert len(rig.reminded()) == 1


@pytest.mark.parametrize("end", ["approved", "rejected", "withdrawn", "expired", "over"])
def test_nobody_is_reminded_of_what_is_over(rig: Rig, end: str) -> None:
    """Neither is anything written, nor does what waited to be delivered go out."""
    request = rig.asked()
    rig.clock.passes(minutes=8)
    rig.reminds()
    if end in ("approved", "rejected"):
        rig.answers(request.id, word=VoteWord.YES if end == "approved" else VoteWord.NO)
    elif end == "withdrawn":
        WithdrawRequest(rig.storage, rig.desk)(OTTO, request.id)
    else:
        rig.clock.passes(minutes=7)
        if end == "expired":
            ExpireRequests(rig.storage, rig.desk)()
    rig.clock.passes(minutes=5, seconds=30)
    rig.reminds()

    assert rig.reminded() == [(OLIVIAS, "")]


def test_who_has_answered_is_not_reminded(rig: Rig) -> None:
    """Three are needed, Rita has said yes: the owner alone is still waited for."""
    rig.with_policy(a_policy(a_rule(persons=3)))
    request = rig.asked()
    rig.answers(request.id, by=RITA)
    rig.clock.passes(minutes=8)
    rig.reminds()

    assert [to for to, _ in rig.reminded()] == [OLIVIAS]


def at_home_in(rig: Rig, person: Person, zone: str, contact: str | None = None) -> None:
    """From now on this person lives there."""
    rig.desk = replace(rig.desk, roster=roster_with(replace(person, timezone=zone, contact=contact)))


def test_a_request_that_nobody_awake_can_grant_is_said_at_once(rig: Rig) -> None:
    """Who could, how late it is there, that nobody knows of a screen, and what to do now."""
    at_home_in(rig, OLIVIA, "Pacific/Auckland", "+64 9 555 0100")
    request = rig.asked()

    (_, (to, told)) = rig.told()
    assert to == str(OTTO.accounts[0])
    assert told == (
        f"Nobody who could approve “{request.name}” is likely to be up: Olivia (01:00 in Pacific/Auckland), "
        "+64 9 555 0100. Whether they look at Slack is not known; they were told all the same. Call them, or "
        "withdraw it and ask again in their morning, from 18:00 UTC on."
    )
    card = rig.card_of(request)
    assert card.asleep == ("Olivia (01:00 in Pacific/Auckland)",)
    assert card.could == ("Olivia",)


def test_by_day_nothing_is_said_of_the_night(rig: Rig) -> None:
    """Nor is it when one who is up is enough."""
    request = rig.asked()
    assert len(rig.told()) == 1
    assert rig.card_of(request).asleep == ()

    second = replace(RITA, roles=frozenset({Role.OWNER}))
    rig.desk = replace(rig.desk, roster=roster_with(second, replace(OLIVIA, timezone="Pacific/Auckland")))
    assert rig.card_of(request).asleep == ()
