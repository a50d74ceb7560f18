"""What an interaction permits, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.practice.errors import ApiError
from bot.practice.identifiers import Identifiers
from bot.practice.people import OTTO, TRADING_OPS
from bot.practice.tickets import Tickets


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **much: float) -> None:
        """Let time pass."""
        self.now += timedelta(**much)


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still."""
    return HandClock()


@pytest.fixture
def tickets(clock: HandClock) -> Tickets:
    """Tickets on that clock."""
    return Tickets(Identifiers(clock), clock)


def test_a_trigger_is_good_once(tickets: Tickets) -> None:
    """The second use is refused, within its life too."""
    trigger = tickets.trigger_for(OTTO.id)
    assert tickets.redeem(trigger) == (OTTO.id, None)

    with pytest.raises(ApiError, match="exchanged_trigger_id"):
        tickets.redeem(trigger)


@pytest.mark.parametrize(("after_s", "good"), [(3.0, True), (3.001, False)])
def test_a_trigger_lives_three_seconds(
    tickets: Tickets, clock: HandClock, after_s: float, good: bool
) -> None:
    """A late form does not open."""
    trigger = tickets.trigger_for(OTTO.id)
    clock.advance(seconds=after_s)

    if good:
        tickets.redeem(trigger)
        return
    with pytest.raises(ApiError, match="expired_trigger_id"):
        tickets.redeem(trigger)


def test_a_response_address_has_five_uses(tickets: Tickets) -> None:
    """The sixth answer is refused."""
    word = tickets.address_for(OTTO.id, TRADING_OPS.id)
    for _ in range(5):
        tickets.answer_at(word)

    with pytest.raises(ApiError, match="used_url"):
        tickets.answer_at(word)


def test_a_response_address_lives_half_an_hour(tickets: Tickets, clock: HandClock) -> None:
    """After 30 minutes nothing is answered any more."""
    word = tickets.address_for(OTTO.id, TRADING_OPS.id)
    clock.advance(minutes=30)
    tickets.answer_at(word)
    clock.advance(seconds=1)

    with pytest.raises(ApiError, match="expired_url"):
        tickets.answer_at(word)


def test_stamps_grow_on_a_clock_that_stands_still(clock: HandClock) -> None:
    """A message stamp is an id, so no two may be equal, even when the clock goes back."""
    identifiers = Identifiers(clock)
    first, second = identifiers.stamp(), identifiers.stamp()
    clock.advance(seconds=-5)

    assert first < second < identifiers.stamp()
