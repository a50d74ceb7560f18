"""How the bot starts: without waiting for Slack."""

import signal

from bot.database import Database
from bot.records import HaltStore
from tests.scenarios.desk import Desk, until


def test_a_halt_is_proven_while_slack_is_away(desk: Desk) -> None:
    """Gateway and watch run before Slack has said anything; the bot is not ready, and waits."""
    assert desk.bot is not None
    desk.bot.send_signal(signal.SIGTERM)
    desk.bot.wait(30)
    slack, desk.environ["SLACK_API_URL"] = desk.environ["SLACK_API_URL"], "http://127.0.0.1:1/api/"
    desk.begin_bot()
    database = Database(f"sqlite:///{desk.home / 'peak-ops.db'}")

    def proven() -> bool:
        with database.reading() as session:
            halt = HaltStore(session).last()
        return halt is not None and halt.proven

    (desk.home / "HALT").touch()
    until(proven, f"The halt was not proven: {desk.bot_output()}")
    assert not (desk.home / "run" / "bot.json").exists()
    assert desk.bot.poll() is None

    desk.bot.send_signal(signal.SIGTERM)
    desk.bot.wait(30)
    database.close()
    desk.environ["SLACK_API_URL"] = slack
    desk.start_bot()
    desk.channel("trading-ops").expects("halted everything: the file HALT").now_reads("proven by the venue")
    desk.olivia.is_told("halted everything")
