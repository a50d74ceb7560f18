"""The bot's own life: told to end, it ends."""

import signal
from collections.abc import Iterator
from threading import Event

import pytest

from bot.running import end_on_signal

WITHIN_S = 30


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Give the signals back to the tests."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.timeout(WITHIN_S)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_as_one_begins_to_wait_ends_the_wait(number: signal.Signals) -> None:
    """The handler runs in the thread that holds the event's lock in that moment, and must not want it."""
    stopping = Event()
    end_on_signal(stopping)
    with stopping._cond:  # as `wait` does
        signal.raise_signal(number)
    assert stopping.wait(WITHIN_S)
