"""What Slack allows in a minute is shared out so that a halt never waits for a report."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.outbox import MessageKind, Urgency
from bot.outbox_queue import Message, Place
from bot.pacing import POSTS, REDRAWS, Pacing, rate_key
from tests.bot.intake import NOON

POST = Message(1, "one", MessageKind.POST, "C1", Urgency.NEXT, None, {}, {}, 1, NOON, None)
REDRAW = replace(POST, kind=MessageKind.CARD, subject="session:7", card=Place("C1", "1.1", NOON))


class Seconds:
    """A clock that stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock_s() -> Seconds:
    """The clock."""
    return Seconds()


def taken(pacing: Pacing, message: Message) -> int:
    """How many of these go at once."""
    count = 0
    while not pacing.take_s(message):
        count += 1
    return count


@pytest.mark.parametrize(("message", "rate"), [(POST, POSTS), (REDRAW, REDRAWS)])
@pytest.mark.parametrize("urgency", [Urgency.NEXT, Urgency.LAST])
def test_a_reserve_is_left_for_the_urgent(
    clock_s: Seconds, message: Message, rate: object, urgency: Urgency
) -> None:
    """The rest stops before it; halts and approvals use it."""
    pacing = Pacing(clock_s)
    assert taken(pacing, replace(message, urgency=urgency)) == rate.burst - rate.reserve
    assert taken(pacing, replace(message, urgency=Urgency.FIRST)) == rate.reserve


def test_a_turn_comes_when_it_was_said_to_come(clock_s: Seconds) -> None:
    """Not a moment before, whatever else is asked meanwhile."""
    pacing = Pacing(clock_s)
    taken(pacing, POST)
    away_s = pacing.take_s(POST)
    assert 0 < away_s <= POSTS.refill_s

    clock_s.now += away_s - 0.01
    assert pacing.take_s(POST) > 0
    clock_s.now += 0.02
    assert pacing.take_s(POST) == 0


def test_a_long_silence_saves_up_no_more_than_a_burst(clock_s: Seconds) -> None:
    """Slack does not either."""
    pacing = Pacing(clock_s)
    first = taken(pacing, POST)
    clock_s.now += timedelta(days=1).total_seconds()
    assert taken(pacing, POST) == first


def test_channels_are_counted_apart_and_redraws_together(clock_s: Seconds) -> None:
    """As Slack counts them: a card redrawn anywhere uses up the same minute."""
    pacing = Pacing(clock_s)
    taken(pacing, POST)
    assert pacing.take_s(replace(POST, lane="C2")) == 0

    taken(pacing, REDRAW)
    assert pacing.take_s(replace(REDRAW, lane="C2")) > 0
    assert rate_key(replace(REDRAW, card=Place("C1", None, NOON))) == "C1"


def test_an_answer_at_its_own_address_waits_for_nobody(clock_s: Seconds) -> None:
    """Slack counts it by the address that it gave with the command."""
    pacing = Pacing(clock_s)
    answer = replace(POST, kind=MessageKind.REPLY, target={"response_url": "https://hooks.example/1"})
    assert all(pacing.take_s(answer) == 0 for _ in range(50))
