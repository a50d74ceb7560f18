"""The workspace as a program of its own."""

import json
import subprocess
import sys

import pytest
from slack_sdk import WebClient

from bot.practice.people import APP
from tests.bot.practice.conftest import MANIFEST


def test_it_says_in_one_line_where_it_listens() -> None:
    """The first line is JSON with the address, printed when calls are answered."""
    command = [sys.executable, "-m", "bot.practice", "--manifest", str(MANIFEST), "--bot-token", "xoxb-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=MANIFEST.parent.parent) as process:
        try:
            assert process.stdout is not None
            place = json.loads(process.stdout.readline())
            client = WebClient(token="xoxb-1", base_url=place["api_url"])

            assert place["api_url"] == place["url"] + "/api/"
            assert client.auth_test()["user_id"] == APP.user_id
        finally:
            process.terminate()


@pytest.mark.parametrize("option", ["--request-url=http://127.0.0.1:9/", "--signing-secret=s"])
def test_a_request_url_and_its_secret_go_together(option: str) -> None:
    """Unsigned delivery does not exist."""
    command = [sys.executable, "-m", "bot.practice", option]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=MANIFEST.parent.parent, timeout=60)

    assert ended.returncode == 2
    assert "go together" in ended.stderr
