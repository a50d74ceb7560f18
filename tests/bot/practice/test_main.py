"""The workspace as a program of its own."""

import json
import os
import subprocess
import sys

import httpx
import pytest
from slack_sdk import WebClient

from bot.practice import server as workspace
from bot.practice.people import APP
from tests.bot.practice.conftest import MANIFEST
from trading.practice_exchange import server as exchange


def test_it_says_in_one_line_where_it_listens() -> None:
    """The first line is JSON with the address, printed when calls are answered."""
    command = [sys.executable, "-m", "bot.practice", "--manifest", str(MANIFEST)]
    environ = {**os.environ, "SLACK_BOT_TOKEN": "xoxb-1"}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, text=True, cwd=MANIFEST.parent.parent
    ) as process:
        try:
            assert process.stdout is not None
            place = json.loads(process.stdout.readline())
            client = WebClient(token="xoxb-1", base_url=place["api_url"])

            assert place["api_url"] == place["url"] + "/api/"
            assert client.auth_test()["user_id"] == APP.user_id
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("options", "environ"),
    [(["--request-url=http://127.0.0.1:9/"], {}), ([], {"SLACK_SIGNING_SECRET": "s"})],
)
def test_a_request_url_and_its_secret_go_together(options: list[str], environ: dict[str, str]) -> None:
    """Unsigned delivery does not exist."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot.practice", *options],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        cwd=MANIFEST.parent.parent,
        timeout=60,
    )

    assert ended.returncode == 2
    assert "go together" in ended.stderr


def test_an_idle_connection_is_the_clients_to_close() -> None:
    """A server that closes first loses what its client sends at that moment, so it waits far longer."""
    kept_by_clients_s = httpx.Limits().keepalive_expiry
    assert kept_by_clients_s is not None
    assert min(workspace.KEEP_ALIVE_S, exchange.KEEP_ALIVE_S) > 2 * kept_by_clients_s
