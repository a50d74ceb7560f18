"""The exchange as a program of its own."""

import json
import os
import subprocess
import sys

import pytest

from tests.trading.practice_exchange.desk import client_of, secret_of

PROGRAM = [sys.executable, "-m", "trading.practice_exchange"]


def test_program_says_its_address_serves_and_ends_on_request() -> None:
    """One line of JSON means that calls can come; a request to end is followed at once."""
    key = f"cli:{secret_of('cli')}:query"
    with subprocess.Popen(
        [*PROGRAM, "--seed", "3"], stdout=subprocess.PIPE, text=True, env={**os.environ, "PRACTICE_KEYS": key}
    ) as program:
        try:
            assert program.stdout is not None
            ready = json.loads(program.stdout.readline())
            client = client_of(ready["url"], "cli", secret_of("cli"))
            assert client.fetch_balance()["USD"]["free"] == 100_000
        finally:
            program.terminate()
        assert program.wait(20) == 0
    assert ready["seed"] == 3


def test_port_that_is_taken_is_named() -> None:
    """The program ends with a sentence when it cannot listen."""
    with subprocess.Popen(PROGRAM, stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout is not None
            port = json.loads(first.stdout.readline())["url"].rsplit(":", 1)[1]
            second = subprocess.run(
                [*PROGRAM, "--port", port], capture_output=True, text=True, timeout=30, check=False
            )
        finally:
            first.terminate()
    assert second.returncode != 0
    assert f"127.0.0.1:{port}" in second.stderr


@pytest.mark.parametrize("key", ["only-a-name", "name:c2VjcmV0:fly"])
def test_key_that_cannot_be_read_stops_the_start(key: str) -> None:
    """A misspelt key is wrong use: exit code 2."""
    environ = {**os.environ, "PRACTICE_KEYS": key}
    ended = subprocess.run(PROGRAM, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
