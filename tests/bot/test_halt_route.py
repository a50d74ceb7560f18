"""The halt passes by everything: the latch stands before any database or Slack call, whatever else hangs."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from bot import halt_route
from bot.errors import DatabaseUnavailable
from bot.halt_route import HaltRefused, HaltRoute, halt_call
from bot.ingress import Source
from tests.bot.intake import DEADLINE_S, NOON, ROSTER, Gatekeeper, Intake, open_database, reply, until
from tests.bot.slack_payloads import OTTO, STRANGER, TEAM, click, command, submission
from trading.killswitch import Latch


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The way in, running."""
    intake = Intake(open_database(tmp_path))
    yield intake.start()
    intake.stop()


@pytest.fixture
def slack() -> Iterator["Slack"]:
    """A response_url that notes what is posted to it."""
    server = Slack()
    yield server
    server.close()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (command("price feed looks wrong", name="/peak-kill"), "price feed looks wrong"),
        (command("", name="/peak-kill"), halt_route.NO_REASON),
        (command("kill  price feed"), "price feed"),
        (command("HALT"), halt_route.NO_REASON),
        (command("kill two\nlines"), "two lines"),
        (command("\u200bkill price feed"), "price feed"),
        (command("\ufeffhalt"), halt_route.NO_REASON),
        (command("kill\u2060"), halt_route.NO_REASON),
        (command("\u00adkill"), halt_route.NO_REASON),
        (command("kill!"), halt_route.NO_REASON),
        (command("Kill. Now."), "Now."),
        (command("`kill`"), halt_route.NO_REASON),
        (command("*halt*: price feed"), "price feed"),
        (click("halt", value="alert: session silent"), "alert: session silent"),
        (click("halt", value="button"), halt_route.NO_REASON),
    ],
)
def test_every_way_of_saying_halt_halts(intake: Intake, payload: Any, reason: str) -> None:
    """The command, its two words and the button are one thing."""
    source = Source.COMMAND if "command" in payload else Source.INTERACTION

    assert reply(intake.receive(source, payload)).status == 200

    (order,) = until(lambda: intake.halts, "the halt was handed on")
    assert (order.by, order.reason, order.at) == ("Otto", reason, NOON)
    assert intake.latch.reasons == [reason]


@pytest.mark.parametrize(
    "payload",
    [
        command("status"),
        command("killer"),
        command("kill-switch"),
        command("!"),
        command(""),
        click("approve"),
        submission(),
        {},
    ],
)
def test_nothing_else_is_a_halt(payload: Any) -> None:
    """A word that merely begins like it goes the ordinary way."""
    assert halt_call(payload) is None


def test_the_latch_comes_before_gates_slack_and_database(intake: Intake, slack: "Slack") -> None:
    """The order of a halt: latch, gates, answer, and only then the database."""
    intake.gates["kraken"] = lambda _: intake.diary.append("gate")
    slack.diary = intake.diary
    call = halt_call({**click("halt"), "response_url": slack.url})
    assert call is not None
    intake.halt.answer(call, lambda _: intake.diary.append("acknowledged"))

    until(lambda: "database" in intake.diary and slack.posts, "everything was called")
    assert intake.diary[:3] == ["latch", "gate", "acknowledged"]
    assert "HALTED" in slack.posts[0]["text"]
    assert intake.rows() == []


def test_a_halt_is_answered_while_everything_else_hangs(tmp_path: Path) -> None:
    """The database is locked, the writer hangs on it, every listener is busy: a halt still halts."""
    intake = Intake(open_database(tmp_path))
    busy = Gatekeeper()
    intake.listens(busy)

    @intake.app.view("live.form")
    def form() -> None:
        busy()

    intake.start()
    for number in range(20):
        trigger = f"1.1.{number}"
        reply(intake.receive(Source.COMMAND, command(trigger=trigger, user=f"U{number:08d}")))
        intake.receive(Source.INTERACTION, submission(view_hash=trigger))
    until(lambda: len(intake.heard) == 8, "every worker is busy")

    with intake.database.transaction():
        stuck = intake.receive(Source.COMMAND, command(trigger="1.1.stuck"))
        given = reply(intake.receive(Source.COMMAND, command("", name="/peak-kill")))
        assert not stuck.done() or reply(stuck).status == 503, "what was not saved is never acknowledged"

    assert given.body is not None
    assert given.body["text"].startswith("HALTED")
    assert intake.latch.reasons == [halt_route.NO_REASON]
    busy.open()
    reply(stuck)
    intake.stop()


def test_a_stranger_is_refused_in_private_and_recorded(intake: Intake) -> None:
    """An account that is nobody's here halts nothing; that it tried is kept."""
    given = reply(intake.receive(Source.COMMAND, command("now", name="/peak-kill", user=STRANGER)))

    assert given.body is not None
    assert given.body["response_type"] == "ephemeral"
    assert "not on this desk's roster" in given.body["text"]
    (refused,) = until(lambda: intake.refused, "the attempt was handed on")
    assert refused.account == f"{TEAM}/{STRANGER}"
    assert intake.diary == []


def test_the_attempt_of_a_stranger_is_recorded_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is locked for a while loses none of ten attempts at once, and keeps none twice."""
    monkeypatch.setattr(halt_route, "RECORD_AGAIN_S", 0)
    recorded: list[str] = []
    failures = iter([DatabaseUnavailable(url="x", reason="database is locked")] * 25)

    def record(refused: HaltRefused) -> None:
        if failure := next(failures, None):
            raise failure
        recorded.append(refused.cause)

    route = HaltRoute(
        Latch(tmp_path),
        lambda: ROSTER,
        lambda: NOON,
        gates=dict,
        on_halt=lambda _: None,
        on_refused=record,
        on_unanswered=lambda *_: None,
    )
    for number in range(10):
        call = halt_call({**command("now", name="/peak-kill", user=STRANGER), "trigger_id": str(number)})
        assert call is not None
        route.answer(call, lambda _: None)

    until(lambda: len(recorded) >= 10, "every attempt was recorded")
    assert sorted(recorded) == [f"halt:{number}" for number in range(10)]


def test_a_halt_with_fields_missing_still_halts(intake: Intake) -> None:
    """Without a trigger, a channel or an address to answer at, a halt is a halt."""
    bare = {"command": "/peak-kill", "team_id": TEAM, "user_id": OTTO}

    assert reply(intake.receive(Source.COMMAND, bare)).status == 200
    until(lambda: intake.halts, "the halt was handed on")


def test_a_halt_without_an_account_is_refused(intake: Intake) -> None:
    """Nobody can be found behind it; it is answered, not dropped."""
    assert reply(intake.receive(Source.COMMAND, {"command": "/peak-kill"})).status == 200
    until(lambda: intake.refused, "the attempt was handed on")
    assert intake.diary == []


def test_halting_twice_is_harmless(intake: Intake) -> None:
    """Two people reach for the switch: both are answered, the latch is engaged again."""
    for _ in range(2):
        assert reply(intake.receive(Source.COMMAND, command("", name="/peak-kill"))).status == 200

    until(lambda: len(intake.halts) == 2, "both were handed on")


def test_a_second_halt_is_told_of_the_first(tmp_path: Path) -> None:
    """Whoever comes second learns that it stands already, since when and by whom."""
    latch = Latch(tmp_path)
    latch.begin("Olivia", NOON)
    latch.engage("price feed looks wrong", "Sam", NOON)
    later = NOON.replace(hour=13)
    route = HaltRoute(
        latch,
        lambda: ROSTER,
        lambda: later,
        gates=dict,
        on_halt=lambda _: None,
        on_refused=lambda _: None,
        on_unanswered=lambda *_: None,
    )
    answer: Future[Any] = Future()
    call = halt_call(command("mine too", name="/peak-kill"))
    assert call is not None
    route.answer(call, answer.set_result)

    told = answer.result(DEADLINE_S)["text"]
    assert f"halted already by Sam at {NOON:%H:%M} UTC: price feed looks wrong" in told


def test_gates_are_shut_side_by_side_and_a_silent_one_is_named(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One gateway that hangs keeps neither the other's gate open nor the answer away."""
    monkeypatch.setattr(halt_route, "GATE_TIMEOUT_S", 1.0)
    hanging = Gatekeeper()
    intake.gates = {"kraken": lambda _: None, "deaf": lambda _: hanging()}

    given = reply(intake.receive(Source.COMMAND, command("", name="/peak-kill")))

    (order,) = until(lambda: intake.halts, "the halt was handed on")
    assert [(gate.exchange, gate.shut_ms is None) for gate in order.gates] == [
        ("kraken", False),
        ("deaf", True),
    ]
    assert given.body is not None
    assert "No answer yet from deaf" in given.body["text"]
    hanging.open()


def test_a_gate_that_fails_does_not_stop_the_halt(intake: Intake) -> None:
    """The latch stands, whatever the gateway says."""
    intake.gates = {"kraken": lambda _: 1 / 0}

    reply(intake.receive(Source.COMMAND, command("", name="/peak-kill")))

    (order,) = until(lambda: intake.halts, "the halt was handed on")
    assert order.latch_ms is not None
    assert order.gates[0].shut_ms is None


def test_gates_are_shut_although_the_latch_cannot_be_written(intake: Intake) -> None:
    """A full disk is said aloud, and the gates are shut all the same."""

    def full(reason: str, by: str, at: datetime, cause: str) -> None:
        raise OSError("no space left")

    intake.latch.engage = full  # type: ignore[method-assign]
    shut = Event()
    intake.gates = {"kraken": lambda _: shut.set()}

    given = reply(intake.receive(Source.COMMAND, command("", name="/peak-kill")))

    assert shut.is_set()
    assert given.body is not None
    assert "could NOT be written" in given.body["text"]
    until(lambda: intake.halts, "the halt was handed on")


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1/response/halt"], ids=["home", "unreachable"])
def test_an_answer_that_slack_did_not_take_goes_another_way(intake: Intake, url: str | None) -> None:
    """A button on the Home tab has no address to answer at, and an address may not be reached."""
    payload = {**click("halt"), "response_url": url}

    assert reply(intake.receive(Source.INTERACTION, payload)).status == 200

    ((account, told),) = until(lambda: intake.unanswered, "the answer was handed on")
    assert account == f"{TEAM}/{OTTO}"
    assert told.startswith("HALTED")


def test_a_failing_record_leaves_the_halt_standing(tmp_path: Path) -> None:
    """The database may be gone: the answer was given before it was asked."""
    latch = Latch(tmp_path)
    latch.begin("Olivia", NOON)
    asked = Event()

    def record(_: object) -> None:
        asked.set()
        raise RuntimeError("the database is gone")

    route = HaltRoute(
        latch,
        lambda: ROSTER,
        lambda: NOON,
        gates=dict,
        on_halt=record,
        on_refused=lambda _: None,
        on_unanswered=lambda *_: None,
    )
    answer: Future[Any] = Future()
    call = halt_call(command("", name="/peak-kill"))
    assert call is not None
    route.answer(call, answer.set_result)

    assert "HALTED" in answer.result(DEADLINE_S)["text"]
    assert latch.engaged()
    assert asked.wait(DEADLINE_S)


def test_a_halt_is_answered_while_no_log_line_can_be_written(intake: Intake) -> None:
    """A log on a disk that hangs holds up whoever writes to it; nobody who halts does."""
    disk = Gatekeeper()

    class Hanging(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            disk()

    handler = Hanging()
    logging.getLogger().addHandler(handler)
    try:
        given = reply(intake.receive(Source.COMMAND, command("", name="/peak-kill")))
    finally:
        logging.getLogger().removeHandler(handler)
        disk.open()
    assert given.body is not None
    assert given.body["text"].startswith("HALTED")


class Slack:
    """The end of a response_url."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.diary: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.diary.append("slack")
                outer.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output clean."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/response/halt"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
