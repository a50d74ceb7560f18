"""Starts the processes that hold a venue's keys, and tells each of them its own in private."""

import subprocess
from collections.abc import Callable
from typing import IO

from approvals.payload import canonical
from bot.config_in_force import SETTINGS, Settings
from bot.private_process import start_private
from bot.settings import Environment


class GatewayLauncher:
    """Starts gateways that outlive the bot; their keys go through a socket and stand nowhere else.

    `settings` gives what is in force of config.toml; without it a process goes by the file.
    """

    def __init__(self, environment: Environment, settings: Callable[[], Settings] = dict) -> None:
        self._environment = environment
        self._settings = settings

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
        return start_private(
            ("bot.keyholder", exchange, *options),
            self._environment.for_gateway(),
            {**self._environment.secrets_for_gateway(exchange), SETTINGS: canonical(self._settings())},
            output,
        )
