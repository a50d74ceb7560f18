"""Who sends half a request, or one without end, holds nobody up."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.transports.http import HttpServer, SlackEndpoint, listen_on
from tests.bot.intake import Intake, open_database
from tests.bot.slack_payloads import SECRET, command, form, signed

HALF_SENT = (
    b"POST /slack/events HTTP/1.1\r\nHost: desk\r\n",
    b"POST /slack/events HTTP/1.1\r\nHost: desk\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\ncommand=",
)


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The way in, behind a server that each test makes for itself."""
    intake = Intake(open_database(tmp_path))
    intake.listens()
    intake.start()
    yield intake
    intake.stop()


@contextmanager
def served(intake: Intake, **patience: Any) -> Iterator[int]:
    """A server with so much patience, and its port."""
    endpoint = SlackEndpoint(intake.ingress, SECRET, intake.clock, intake.metrics)
    listener = listen_on("127.0.0.1", 0)
    server = HttpServer(listener, metrics=intake.metrics, checks={}, endpoint=endpoint, **patience)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.fixture
def knocking() -> Iterator[Callable[[int, bytes], list[socket.socket]]]:
    """Opens connections to a port that send so much and then nothing."""
    opened: list[socket.socket] = []

    def knock(port: int, sent: bytes) -> list[socket.socket]:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        opened[-1].sendall(sent)
        return opened

    yield knock
    for one in opened:
        one.close()


def hung_up(client: socket.socket) -> bool:
    """Whether the server has ended the connection without an answer; waits for it."""
    try:
        return client.recv(1000) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("half", HALF_SENT, ids=["headers", "body"])
def test_half_sent_requests_do_not_keep_a_halt_out(
    intake: Intake, knocking: Callable[[int, bytes], list[socket.socket]], half: bytes
) -> None:
    """Where more arrive than the server waits for, the oldest have to go, and /peak-kill is answered."""
    with served(intake, arriving_max=8, arrives_within_s=60) as port:
        for _ in range(40):
            clients = knocking(port, half)
        assert all(hung_up(client) for client in clients[:32])
        body = form(command("", name="/peak-kill"))
        url = f"http://127.0.0.1:{port}/slack/events"
        given = httpx.post(url, content=body, headers=signed(body, intake.clock.now), timeout=10)
        assert (given.status_code, given.json()["text"][:6]) == (200, "HALTED")


@pytest.mark.parametrize("half", [b"", *HALF_SENT], ids=["nothing", "headers", "body"])
def test_who_does_not_send_a_whole_request_is_shown_out(
    intake: Intake, knocking: Callable[[int, bytes], list[socket.socket]], half: bytes
) -> None:
    """The connection ends, by the server's own clock."""
    with served(intake, arrives_within_s=0.05) as port:
        (client,) = knocking(port, half)
        assert hung_up(client)


@pytest.mark.parametrize(
    "endless",
    [b"GET /" + b"a" * 500_000, b"GET / HTTP/1.1\r\nHost: desk\r\n" + b"a: b\r\n" * 100_000],
    ids=["address", "headers"],
)
def test_a_head_without_end_is_cut_off(
    intake: Intake, knocking: Callable[[int, bytes], list[socket.socket]], endless: bytes
) -> None:
    """Nobody fills the memory within the time that a request may take."""
    with served(intake, arrives_within_s=60) as port:
        with suppress(ConnectionError):  # cut off while more is on its way
            (client,) = knocking(port, endless)
            assert hung_up(client)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).status_code == 200
