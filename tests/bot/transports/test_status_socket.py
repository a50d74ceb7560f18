"""The status that a running bot tells the shell: its own or nothing, and never a wait without end."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.home import status_socket
from bot.transports import status_socket as module
from bot.transports.status_socket import StatusSocket, status_of_the_bot
from trading.sockets import connected, listening

STATUS = {"halt": {"engaged": False}, "sessions": []}
Serve = Callable[[Callable[[], dict[str, Any]]], Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket of a home is."""
    found = status_socket(tmp_path)
    found.parent.mkdir()
    return found


@pytest.fixture
def serve(path: Path) -> Iterator[Serve]:
    """Start a socket with a way to read the status."""
    started: list[StatusSocket] = []

    def start(read: Callable[[], dict[str, Any]]) -> Path:
        started.append(StatusSocket(path, read))
        started[-1].start()
        return path

    yield start
    for each in started:
        each.stop()


def test_each_caller_is_told_the_status_of_now(serve: Serve) -> None:
    """It is read anew for each, and one that hangs up at once takes nothing from the next."""
    reads = iter(range(10))
    path = serve(lambda: {"read": next(reads)})

    assert status_of_the_bot(path) == {"read": 0}
    connected(path, 1).close()
    told = status_of_the_bot(path) or {}
    assert told["read"] > 0


def test_nothing_that_a_caller_sends_is_read(serve: Serve) -> None:
    """There is no word to get wrong, so no word can do harm."""
    path = serve(lambda: STATUS)
    with connected(path, 5) as caller, suppress(OSError):  # the answer may be there before the words are
        caller.sendall(b"{" * 1000)
    assert status_of_the_bot(path) == STATUS


def test_only_the_desks_user_may_ask(serve: Serve) -> None:
    """What waits for whom is nobody else's business."""
    assert serve(lambda: STATUS).stat().st_mode & 0o777 == 0o600


def test_a_status_that_cannot_be_read_is_no_answer(serve: Serve) -> None:
    """The shell then looks for itself and says what is wrong; the bot goes on."""
    failing = [True]

    def read() -> dict[str, Any]:
        if failing:
            failing.clear()
            raise OSError("the disk is gone")
        return STATUS

    path = serve(read)
    assert status_of_the_bot(path) is None
    assert status_of_the_bot(path) == STATUS


def test_where_no_bot_runs_there_is_no_answer(path: Path) -> None:
    """Neither a missing socket nor one that a killed bot has left is an error."""
    assert status_of_the_bot(path) is None
    listening(path).close()
    assert path.exists()
    assert status_of_the_bot(path) is None


def test_a_bot_that_hangs_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that nobody answers counts as no bot."""
    monkeypatch.setattr(module, "ANSWERED_WITHIN_S", 0.05)
    with listening(path):
        assert status_of_the_bot(path) is None


@pytest.mark.parametrize("answer", [b"", b"[]", b"half a docu", b"\xff"])
def test_an_unreadable_answer_is_none(path: Path, answer: bytes, socket_answer: Callable[..., None]) -> None:
    """Whatever sits at that place, the shell falls back to what it reads itself."""
    socket_answer(path, answer)
    assert status_of_the_bot(path) is None


@pytest.fixture
def socket_answer() -> Iterator[Callable[[Path, bytes], None]]:
    """Listen and send one fixed answer to the first caller."""
    threads: list[Thread] = []

    def answer(path: Path, text: bytes) -> None:
        listener = listening(path)

        def run(taken: socket.socket = listener) -> None:
            with taken, taken.accept()[0] as connection:
                connection.sendall(text)

        threads.append(Thread(target=run))
        threads[-1].start()

    yield answer
    for thread in threads:
        thread.join()
