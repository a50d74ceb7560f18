"""Outlets beside Slack and the home: services that take a short text, by their addresses in the environment.

An address is a secret: it is shown and logged nowhere, and used in a process of its own alone.
"""

import json
import logging
import os
import subprocess
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

from pydantic import SecretStr

from bot.private_process import start_private
from bot.settings import Environment, names_a_proxy

log = logging.getLogger(__name__)

SENT_WITHIN_S = 60

Failed = Callable[[tuple[str, ...]], None]


class Outlets:
    """Sends texts through every outlet, in the order in which they are told."""

    def __init__(self, environment: Environment) -> None:
        self._urls = environment.outlet_urls
        proxies = {name: value for name, value in os.environ.items() if names_a_proxy(name)}
        self._environ = {**environment.for_gateway(), **proxies}
        self._told: SimpleQueue[tuple[str, str, Failed]] = SimpleQueue()
        self._starting = Lock()
        self._thread: Thread | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """How they are called where people read it: by number and kind."""
        return tuple(_name(number, url) for number, url in enumerate(self._urls, start=1))

    def tell(self, title: str, body: str, failed: Failed) -> None:
        """Have a text sent behind the caller's back; `failed` hears in words of outlets that took none."""
        if not self._urls:
            return
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._send_all, name="outlets", daemon=True)
                self._thread.start()
        self._told.put((title, body, failed))

    def send(self, title: str, body: str) -> tuple[str, ...]:
        """Send a text now and say in words which outlets did not take it; raises nothing."""
        message = {"urls": [url.get_secret_value() for url in self._urls], "title": title, "body": body}
        with start_private(
            ("bot.outlet_process",), self._environ, message, subprocess.PIPE, subprocess.DEVNULL
        ) as process:
            try:
                answer, _ = process.communicate(timeout=SENT_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return tuple(f"{name}: no answer within {SENT_WITHIN_S} s" for name in self.names)
        try:
            failed = json.loads(answer)
        except ValueError:
            return tuple(f"{name}: the process that sends has ended early" for name in self.names)
        return tuple(
            f"{name}: {failed[str(number)]}"
            for number, name in enumerate(self.names, start=1)
            if str(number) in failed
        )

    def _send_all(self) -> None:
        while True:
            title, body, failed = self._told.get()
            try:
                if without := self._tried(title, body):
                    failed(without)
            except Exception:
                # Nobody would start this thread again, and no later text would leave.
                log.exception("outlets: what failed could not be told; the next text is sent all the same")

    def _tried(self, title: str, body: str) -> tuple[str, ...]:
        """Send a text; what kept it from every outlet is a failure of each."""
        try:
            return self.send(title, body)
        except Exception as error:
            # Its text may name an address, and so may a traceback.
            log.error("outlets: a text was not sent (%s)", type(error).__name__)
            return tuple(f"{name}: it was not sent ({type(error).__name__})" for name in self.names)


def _name(number: int, url: SecretStr) -> str:
    return f"outlet {number} ({url.get_secret_value().partition('://')[0]})"
