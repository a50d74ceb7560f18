"""Starts the processes that hold a venue's keys, and tells each of them its own in private."""

import json
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from bot.settings import Environment

PROJECT = Path(__file__).resolve().parent.parent


class GatewayLauncher:
    """Starts gateways that outlive the bot; their keys go through a socket and stand nowhere else."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def run(self, exchange: str) -> subprocess.Popen[bytes]:
        """Start the gateway of an exchange."""
        folder = self._environment.home_folder / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"gateway-{exchange}.out").open("ab") as output:
            return self._start(output, exchange)

    def halt(self, exchange: str) -> subprocess.Popen[bytes]:
        """Start the process that halts in a dead gateway's place and prints its proof."""
        return self._start(subprocess.PIPE, exchange, "--halt")

    def _start(self, output: IO[bytes] | int, exchange: str, *options: str) -> subprocess.Popen[bytes]:
        # An environment can be read and a pipe be opened by others while a process starts; a socket cannot.
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "bot.keyholder", exchange, *options],
                env=self._environment.for_gateway(),
                cwd=PROJECT,
                stdin=theirs.fileno(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            theirs.close()  # the last copy is the child's own: should it end at once, we hear of it
            with suppress(OSError):
                ours.sendall(json.dumps(self._environment.secrets_for_gateway(exchange)).encode())
        return process
