"""The HTTP side: Slack's requests verified and taken once, everybody else's refused in the right words."""

import json
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.ingress import Source
from bot.transports.http import AddressTaken, HttpServer, SlackEndpoint, listen_on
from tests.bot.intake import Intake, open_database, until
from tests.bot.slack_payloads import (
    SECRET,
    click,
    command,
    form,
    home_opened,
    interaction_form,
    signed,
    submission,
)

FORM = "application/x-www-form-urlencoded"


class Door:
    """The bot's HTTP server and somebody who knocks at it."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.checks: dict[str, Any] = {}
        self._endpoint = SlackEndpoint(intake.ingress, SECRET, intake.clock, intake.metrics)
        self._checks_later = {"desk": lambda: self.checks.get("desk")}
        self.server = HttpServer(
            listen_on("127.0.0.1", 0),
            metrics=intake.metrics,
            checks=self._checks_later,
            endpoint=self._endpoint,
        )
        self.server.start()
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{self.server.port}", timeout=10)

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a body with exactly these headers."""
        return self._client.post("/slack/events", content=body, headers=headers)

    def sign(self, body: bytes, *, json_body: bool = False) -> dict[str, str]:
        """Sign as Slack would now."""
        return signed(body, self.intake.clock.now, json_body=json_body)

    def get(self, path: str) -> httpx.Response:
        """Ask for a page."""
        return self._client.get(path)

    def close(self) -> None:
        """Shut the door."""
        self._client.close()
        self.server.stop()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A running bot's way in over HTTP."""
    intake = Intake(open_database(tmp_path))
    intake.listens()
    intake.start()
    door = Door(intake)
    yield door
    door.close()
    intake.stop()


def test_a_signed_command_is_saved_when_it_is_answered(door: Door) -> None:
    """200 means that the row is on disk."""
    body = form(command())

    given = door.post(body, door.sign(body))

    assert (given.status_code, given.content) == (200, b"")
    assert len(door.intake.rows()) == 1
    until(lambda: door.intake.heard, "the listener ran")


def test_a_click_and_an_event_come_the_same_way(door: Door) -> None:
    """Interactions are a form with a payload, events are JSON."""
    for body, as_json in ((interaction_form(click()), False), (json.dumps(home_opened()).encode(), True)):
        assert door.post(body, door.sign(body, json_body=as_json)).status_code == 200

    until(lambda: door.intake.states() == ["done", "done"], "both ran")


def test_a_forms_errors_come_back_as_json(door: Door) -> None:
    """What the listener answers is the reply's body."""
    answer = {"response_action": "errors", "errors": {"notional": "too much"}}
    door.intake.app.view("live.form")(lambda ack: ack(answer))
    body = interaction_form(submission())

    given = door.post(body, door.sign(body))

    assert given.json() == answer


def test_a_halt_is_answered_in_the_reply(door: Door) -> None:
    """The person sees HALTED in the answer to the command itself."""
    body = form(command("", name="/peak-kill"))

    given = door.post(body, door.sign(body))

    assert given.json()["text"].startswith("HALTED")


def test_slacks_challenge_is_given_back(door: Door) -> None:
    """Saving the request URL in Slack's settings works."""
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()

    assert door.post(body, door.sign(body, json_body=True)).json() == {"challenge": "c-1"}


def test_slacks_certificate_probe_is_answered(door: Door) -> None:
    """ssl_check wants a 200 and nothing else."""
    body = form({"ssl_check": "1", "token": "legacy"})

    assert door.post(body, door.sign(body)).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda headers: {"content-type": FORM}, id="unsigned"),
        pytest.param(lambda headers: {**headers, "x-slack-signature": "v0=" + "0" * 64}, id="forged"),
        pytest.param(lambda headers: {**headers, "x-slack-signature": "nonsense"}, id="malformed"),
        pytest.param(lambda headers: {**headers, "x-slack-request-timestamp": "noon"}, id="no-number"),
        pytest.param(lambda headers: {**headers, "x-slack-request-timestamp": "-1"}, id="negative"),
        pytest.param(lambda headers: {**headers, "x-slack-request-timestamp": "9" * 400}, id="endless"),
        pytest.param(lambda headers: {**headers, "x-slack-request-timestamp": "²"}, id="not-ascii"),
    ],
)
def test_what_is_not_signed_by_slack_is_refused(door: Door, spoil: Any) -> None:
    """401, and nothing is saved."""
    body = form(command())
    headers = {name: value.encode() for name, value in spoil(door.sign(body)).items()}

    assert door.post(body, headers).status_code == 401
    assert door.intake.rows() == []


@pytest.mark.parametrize(("age", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
def test_a_signature_is_good_for_five_minutes(door: Door, age: int, status: int) -> None:
    """An old request, or one from a clock ahead of ours, is refused."""
    body = form(command())
    headers = signed(body, door.intake.clock.now - timedelta(seconds=age))

    assert door.post(body, headers).status_code == status


def test_the_same_signed_request_is_taken_once(door: Door) -> None:
    """Whoever has recorded a request cannot send it again; Slack's own retry is signed anew."""
    body = form(command())
    headers = door.sign(body)
    assert door.post(body, headers).status_code == 200
    assert door.post(body, headers).status_code == 401

    door.intake.clock.passes(seconds=60)
    assert door.post(body, door.sign(body)).status_code == 200
    assert len(door.intake.rows()) == 1


def test_a_request_that_could_not_be_saved_may_come_again(door: Door) -> None:
    """Slack's retry in the same second is not taken for a replay when the first one failed."""
    body = form(command())
    headers = door.sign(body)
    with door.intake.database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE inbox RENAME TO away")
    assert door.post(body, headers).status_code == 503
    with door.intake.database.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO inbox")

    assert door.post(body, headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "as_json"),
    [
        (b"{", True),
        (b"[1]", True),
        (b"\xff\xfe", True),
        (b"[" * 100_000, True),
        (b"payload=%7B", False),
        (b"payload=7", False),
        (b"\xff=\xff", False),
        (b"", False),
        (b"hello=world", False),
        (b"&".join(b"a=1" for _ in range(5000)), False),
    ],
)
def test_a_body_that_cannot_be_read_is_400(door: Door, body: bytes, as_json: bool) -> None:
    """Signed nonsense is refused and the server goes on."""
    assert door.post(body, door.sign(body, json_body=as_json)).status_code == 400
    assert door.get("/healthz").status_code == 200


def test_of_a_doubled_field_the_last_counts(door: Door) -> None:
    """As in every form; a command is not refused for it, since a halt may be in it."""
    body = form(command("status")) + b"&text=first&text=health"

    assert door.post(body, door.sign(body)).status_code == 200
    assert json.loads(door.intake.rows()[0].body)["text"] == "health"


def test_a_body_over_one_megabyte_is_413(door: Door) -> None:
    """Announced or streamed, a body that is too large is not read to its end."""
    body = b"x" * 1_000_001
    assert door.post(body, door.sign(body)).status_code == 413
    streamed = httpx.post(
        f"http://127.0.0.1:{door.server.port}/slack/events",
        content=iter([body[:600_000], body[600_000:]]),
        headers=door.sign(body),
    )
    assert streamed.status_code == 413


def test_another_content_type_is_415(door: Door) -> None:
    """Slack sends forms and JSON."""
    assert door.post(b"<xml/>", {"content-type": "text/xml"}).status_code == 415


def test_other_methods_and_paths_are_not_there(door: Door) -> None:
    """Only what is documented answers."""
    assert door.get("/slack/events").status_code == 405
    assert door.get("/").status_code == 404


def test_no_body_is_ever_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """A failed signature check says that it failed, not what was sent."""
    caplog.set_level(logging.DEBUG)
    body = form(command("sesame"))

    door.post(body, {"content-type": FORM})
    door.post(body, door.sign(body))
    door.post(b"{sesame", door.sign(b"{sesame", json_body=True))

    assert "sesame" not in caplog.text
    assert SECRET not in caplog.text


def test_health_is_503_with_the_sentence_of_what_is_wrong(door: Door) -> None:
    """A monitor sees the state from the code, a person from the sentence."""
    assert door.get("/healthz").json() == {"status": "ok", "checks": {"desk": "ok"}}

    door.checks["desk"] = "the gateway kraken does not answer"

    failing = door.get("/healthz")
    assert failing.status_code == 503
    assert failing.json()["checks"] == {"desk": "the gateway kraken does not answer"}


def test_a_check_that_fails_itself_is_a_failed_check(door: Door) -> None:
    """An exception in a check is not health."""
    door._checks_later["desk"] = lambda: None
    door.server._checks["desk"] = lambda: str(1 / 0)

    assert door.get("/healthz").status_code == 503


def test_figures_are_given_to_prometheus(door: Door) -> None:
    """What came in is counted by kind, and how fast it was acknowledged."""
    body = form(command())
    door.post(body, door.sign(body))

    text = door.get("/metrics").text
    assert 'peak_ops_received_total{kind="command"} 1.0' in text
    assert "peak_ops_ack_seconds_count 1.0" in text


def test_without_a_secret_only_health_and_figures_are_served(tmp_path: Path) -> None:
    """In Socket Mode nothing of Slack's comes by HTTP."""
    intake = Intake(open_database(tmp_path))
    server = HttpServer(listen_on("127.0.0.1", 0), metrics=intake.metrics, checks={})
    server.start()

    address = f"http://127.0.0.1:{server.port}"
    assert httpx.get(f"{address}/healthz").status_code == 200
    assert httpx.post(f"{address}/slack/events").status_code == 404
    server.stop()


def test_an_address_that_is_taken_is_told() -> None:
    """Two bots on one port: the second says which address, and what to do."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(AddressTaken, match="PEAK_OPS_LISTEN"),
    ):
        listen_on("127.0.0.1", other.getsockname()[1])


def test_a_source_is_named_as_socket_mode_names_it() -> None:
    """Both transports speak of the same three things."""
    assert {source.value for source in Source} == {"slash_commands", "interactive", "events_api"}
