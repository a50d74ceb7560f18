"""Two bots of one desk: one is at work, the other stands by and takes over, and nothing happens twice."""

import json
import signal

import pytest

from tests.scenarios.desk import DEADLINE_S, Desk


def test_a_second_bot_stands_by_and_takes_over(desk: Desk) -> None:
    """It opens neither Slack nor a gateway until the first ends, politely or not; nothing happens twice."""
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

    session = desk.has_live_session()
    before = desk.sessions()[0]
    assert f"Ready: the practice desk of {desk.home}" in desk.bot_output()
    another = desk.begin_standby("--json")
    desk.kill_bot()
    desk.bot = another
    desk.wait_ready()
    states = [json.loads(line) for line in desk.bot_output().splitlines() if line.startswith("{")]
    assert [each["state"] for each in states] == ["standing by", "ready"]
    assert states[1] == {"state": "ready", "practice": True, "home": str(desk.home), "pid": another.pid}
    desk.otto.says("/peak status").is_told("BTC/USD ma_crossover live running")
    assert desk.sessions()[0].pid == before.pid
    desk.otto.clicks(session, "Stop")
    desk.is_stopped(session)
    assert len(desk.orders_sent()) == 1


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
