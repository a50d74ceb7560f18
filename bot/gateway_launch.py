"""Starts the processes that hold a venue's keys, with an environment made for each."""

import subprocess
import sys
from pathlib import Path
from typing import IO

from bot.settings import Environment

PROJECT = Path(__file__).resolve().parent.parent


class GatewayLauncher:
    """Starts gateways that outlive the bot; the keys are in their environment and nowhere else."""

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
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "bot.gateway_process", exchange, *options],
            env=self._environment.for_gateway(exchange),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
