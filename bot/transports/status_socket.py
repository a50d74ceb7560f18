"""The desk's status for a shell on this machine, told by the bot that has everything loaded already.

A process of its own would import an ORM for a second first. Whoever connects is the question: nothing that a
caller sends is read, and one caller is answered after the other.
"""

import json
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from trading.sockets import connected, listening

log = logging.getLogger(__name__)

ANSWERED_WITHIN_S = 3.0
TAKEN_WITHIN_S = 1.0
LOOKS_EVERY_S = 0.2


class StatusSocket:
    """Answers each connection with one JSON document; an answer that cannot be made is none."""

    def __init__(self, path: Path, read: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._read = read
        self._ending = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Take the place of a former bot's socket and answer; raises OSError."""
        listener = listening(self._path)
        listener.settimeout(LOOKS_EVERY_S)
        self._thread = Thread(target=self._serve, args=(listener,), name="status-socket", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _serve(self, listener: socket.socket) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection, suppress(OSError):  # a caller that is gone needs no answer
                connection.settimeout(TAKEN_WITHIN_S)
                connection.sendall(self._answer())
        listener.close()
        self._path.unlink(missing_ok=True)

    def _answer(self) -> bytes:
        try:
            return json.dumps(self._read()).encode()
        except Exception:  # the caller then looks for itself, and is told what is wrong
            log.exception("status socket: the status could not be read")
            return b""


def status_of_the_bot(path: Path) -> dict[str, Any] | None:
    """What the bot at work says; None when there is none, or none that answers in time."""
    answer = b""
    try:
        with connected(path, ANSWERED_WITHIN_S) as connection:
            while piece := connection.recv(65536):
                answer += piece
        document = json.loads(answer)
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
