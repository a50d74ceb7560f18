"""However often the link breaks, each envelope is acted on exactly once."""

from collections import Counter
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.transports.socket_mode import SocketMode
from tests.bot.intake import Intake, open_database
from tests.bot.transports.socket_slack import socket_slack
from tests.bot.transports.storm import RedeliveringSlack, storm, wait_for


@pytest.mark.parametrize(("envelopes", "breaks"), [(120, 8), pytest.param(1000, 50, marks=pytest.mark.prove)])
def test_each_envelope_is_acted_on_exactly_once(tmp_path: Path, envelopes: int, breaks: int) -> None:
    """Links break at random, with and without a word, and acknowledgements are lost with them."""
    intake = Intake(open_database(tmp_path))
    intake.listens()
    intake.start()
    with socket_slack(RedeliveringSlack()) as slack:
        client = WebClient(base_url=slack.api_url)
        link = SocketMode(intake.ingress, client, "xapp-test", intake.metrics)
        assert link.start()
        weather = storm(slack, envelopes, breaks, seed=envelopes)
        wait_for(lambda: len(intake.heard) >= envelopes, "every envelope acted on")
        wait_for(lambda: set(intake.states()) == {"done"}, "every row done")
        link.stop()
    intake.stop()

    assert weather.breaks == breaks
    assert weather.delivered > envelopes  # else the storm has tried nothing
    times = Counter(heard.cause for heard in intake.heard)
    assert len(times) == envelopes
    assert set(times.values()) == {1}
