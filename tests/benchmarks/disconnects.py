"""Envelopes through random disconnects: how many went wrong, and how soon the bot is back on the line."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient

from bot.transports.socket_mode import SocketMode
from tests.benchmarks.figures import Figure, table
from tests.bot.intake import Intake, open_database
from tests.bot.transports.socket_slack import socket_slack
from tests.bot.transports.storm import RedeliveringSlack, Weather, storm, wait_for

ENVELOPES = 1_000
BREAKS = 50
QUIET_BREAKS = 20
SEED = 3
BACK_MS_MAX = 100.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Weathered:
    """How many envelopes went wrong, in what weather, and how soon a quiet link was back each time."""

    wrong: int
    weather: Weather
    back_s: list[float]


def run(say: Say = lambda text: None) -> list[Figure]:
    """Send the envelopes to the bot's way in while links break; beside it the SDK's own client, once."""
    say(f"disconnects: {ENVELOPES} envelopes, {BREAKS} disconnects")
    with tempfile.TemporaryDirectory() as folder:
        found = _through_the_storm(Path(folder))
    say("disconnects: the SDK's own client, once")
    alone_ms = sdk_back_s() * 1000
    quiet_ms, storm_ms = (
        [seconds * 1000 for seconds in back_s] for back_s in (found.back_s, found.weather.back_s)
    )
    return [
        Figure(f"lost or twice, of {ENVELOPES} through {BREAKS} disconnects", found.wrong, "", target=0),
        Figure("delivered again by Slack", found.weather.delivered - ENVELOPES, ""),
        Figure("back after no close frame, p50", median(quiet_ms), "ms", BACK_MS_MAX, alone_ms),
        Figure("back after no close frame, slowest", max(quiet_ms), "ms", BACK_MS_MAX, alone_ms),
        Figure("back while envelopes pour in, p50", median(storm_ms), "ms"),
    ]


def _through_the_storm(folder: Path) -> "_Weathered":
    intake = Intake(open_database(folder))
    intake.listens()
    intake.start()
    with socket_slack(RedeliveringSlack()) as slack:
        link = SocketMode(intake.ingress, WebClient(base_url=slack.api_url), "xapp-bench", intake.metrics)
        link.start()
        back_s = [_back_s(slack, lambda: link.connected) for _ in range(QUIET_BREAKS)]
        weather = storm(slack, ENVELOPES, BREAKS, SEED)
        wait_for(lambda: set(intake.states()) == {"done"}, "every row done")
        link.stop()
    intake.stop()
    intake.database.close()
    times = Counter(heard.cause for heard in intake.heard)
    lost = ENVELOPES - len(times)
    return _Weathered(lost + sum(count > 1 for count in times.values()), weather, back_s)


def _back_s(slack: RedeliveringSlack, is_up: Callable[[], bool]) -> float:
    """How long it takes until Slack greets the next link after a close without a close frame."""
    wait_for(is_up, "a link that is up")
    before = len(slack.greeted_at)
    began = perf_counter()
    slack.breaks("no close frame")
    wait_for(lambda: len(slack.greeted_at) > before, "a link that is back")
    return slack.greeted_at[before] - began


def sdk_back_s() -> float:
    """The same with the SDK's built-in client and its own way of noticing."""
    with socket_slack(RedeliveringSlack()) as slack:
        client = SocketModeClient(app_token="xapp-bench", web_client=WebClient(base_url=slack.api_url))
        client.connect()
        slack.is_dialled(1)
        back_s = _back_s(slack, client.is_connected)
        client.close()
        return back_s


if __name__ == "__main__":
    table(run())
