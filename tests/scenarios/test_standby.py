"""Two bots of one desk: one is at work, the other stands by and takes over, and nothing happens twice."""

import signal

import pytest

from tests.scenarios.desk import DEADLINE_S, Desk


def test_a_second_bot_takes_over_from_a_killed_one(desk: Desk) -> None:
    """The session goes on, its card's buttons work, and no message comes a second time."""
    session = desk.has_live_session()
    before = desk.sessions()[0]
    standby = desk.begin_standby()
    first = desk.bot
    desk.kill_bot()
    desk.bot = standby
    desk.wait_ready()

    assert first is not standby
    desk.otto.says("/peak status").is_told("BTC/USD ma_crossover live running")
    assert desk.sessions()[0].pid == before.pid
    desk.otto.clicks(session, "Stop")
    desk.is_stopped(session)
    assert len(desk.orders_sent()) == 1


def test_a_second_bot_does_nothing_until_the_first_ends(desk: Desk) -> None:
    """It opens neither Slack nor a gateway, and begins as soon as the first one has ended politely."""
    assert desk.bot is not None
    standby = desk.begin_standby()
    assert f"at work is process {desk.bot.pid}" in desk.bot_output()
    assert f"process {desk.bot.pid}" in desk.shell("status").stdout
    desk.otto.says("/peak status").is_told("Nothing is live")

    desk.bot.send_signal(signal.SIGTERM)
    desk.bot.wait(DEADLINE_S)
    desk.bot = standby
    desk.wait_ready()
    desk.otto.says("/peak status").is_told("Nothing is live")
    assert f"process {standby.pid}" in desk.shell("status").stdout


@pytest.mark.prove
def test_a_bot_that_hangs_is_replaced(desk: Desk) -> None:
    """It is ended by the one that takes over, so it cannot wake up and go on."""
    assert desk.bot is not None
    first, standby = desk.bot, desk.begin_standby()
    first.send_signal(signal.SIGSTOP)
    desk.bot = standby
    desk.wait_ready()

    assert first.wait(DEADLINE_S) == -signal.SIGKILL
    desk.otto.says("/peak status").is_told("Nothing is live")
