"""The way in: halts first, saved before acknowledged, one run for one act."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, BoltContext

from bot.ingress import Source
from tests.bot.intake import DEADLINE_S, Gatekeeper, Intake, open_database, reply, until
from tests.bot.slack_payloads import OTTO, TEAM, click, command, home_opened, submission, written


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The way in, running, with a listener that notes."""
    intake = Intake(open_database(tmp_path))
    yield intake.start()
    intake.stop()


@pytest.mark.parametrize(
    ("source", "payload", "cause"),
    [
        (Source.COMMAND, command(), "command:1.2.abc"),
        (
            Source.INTERACTION,
            click(),
            f"action:{TEAM}/{OTTO}:approve:C0OPS0000/1795360600.000100:1795360684.1",
        ),
        (Source.EVENT, home_opened(), "event:Ev00000001"),
    ],
)
def test_an_act_reaches_its_listener_with_its_cause(
    intake: Intake, source: Source, payload: Any, cause: str
) -> None:
    """The key of what arrived is what the listener hands on, so that nothing happens twice."""
    intake.listens()

    assert reply(intake.receive(source, payload)).status == 200

    (heard,) = until(lambda: intake.heard, "the listener ran")
    assert (heard.cause, heard.redelivered) == (cause, False)
    until(lambda: intake.states() == ["done"], "the row is done")


def test_the_reply_waits_for_the_disk(tmp_path: Path) -> None:
    """Nobody is told that something was taken which is not saved."""
    intake = Intake(open_database(tmp_path))
    replied = intake.receive(Source.COMMAND, command())

    assert not replied.done()
    assert intake.rows() == []
    intake.inbox.start()
    assert reply(replied).status == 200
    assert intake.states() == ["received"]
    intake.stop()


def test_the_same_click_delivered_twice_runs_once(intake: Intake) -> None:
    """Both deliveries are acknowledged, one listener runs."""
    intake.listens()

    for _ in range(2):
        assert reply(intake.receive(Source.INTERACTION, click())).status == 200

    until(lambda: intake.states() == ["done"], "the row is done")
    assert len(intake.heard) == 1


def test_ten_people_on_one_button_are_ten_acts(intake: Intake) -> None:
    """The key holds the person: one click never swallows another's."""
    intake.listens()
    users = [f"U{number:08d}" for number in range(10)]

    replies = [intake.receive(Source.INTERACTION, click(user=user)) for user in users]

    assert {reply(each).status for each in replies} == {200}
    until(lambda: len(intake.heard) == 10, "all ten ran")


def test_a_forms_errors_are_in_the_acknowledgement(intake: Intake) -> None:
    """Slack shows field errors only from the reply itself."""
    answers_with(intake, [errors("too much")])

    given = reply(intake.receive(Source.INTERACTION, submission()))

    assert given.body == errors("too much")
    assert intake.states() == ["done"]


def test_a_form_sent_twice_gets_the_first_answer_and_runs_once(intake: Intake) -> None:
    """A double click on Submit starts one session, not two."""
    runs = answers_with(intake, [{"response_action": "clear"}, errors("never")])

    first = reply(intake.receive(Source.INTERACTION, submission(trigger="5.6.one")))
    second = reply(intake.receive(Source.INTERACTION, submission(trigger="5.6.two")))

    assert first.body == second.body == {"response_action": "clear"}
    assert len(runs) == 1


def test_a_form_sent_again_while_it_runs_waits_for_the_same_answer(intake: Intake) -> None:
    """The second delivery does not start a second run beside the first."""
    gate = Gatekeeper()
    runs = answers_with(intake, [{"response_action": "clear"}], gate)
    first = intake.receive(Source.INTERACTION, submission())
    assert gate.arrived.wait(DEADLINE_S)
    second = intake.receive(Source.INTERACTION, submission())
    gate.open()

    assert reply(first) == reply(second)
    assert len(runs) == 1


def test_a_corrected_form_runs_again(intake: Intake) -> None:
    """After field errors the view keeps its id and hash; the next press is a new submission."""
    runs = answers_with(intake, [errors("too much"), {"response_action": "clear"}])

    first = reply(intake.receive(Source.INTERACTION, submission(trigger="5.6.one")))
    again = reply(intake.receive(Source.INTERACTION, submission(trigger="5.6.one")))
    corrected = reply(intake.receive(Source.INTERACTION, submission(trigger="5.6.two")))

    assert first.body == again.body == errors("too much")
    assert corrected.body == {"response_action": "clear"}
    assert len(runs) == 2


def test_a_form_whose_run_was_cut_off_runs_as_redelivered(intake: Intake) -> None:
    """A submission that was saved and never answered is told apart from a fresh one."""
    answers_with(intake, [{"response_action": "clear"}])
    reply(intake.receive(Source.INTERACTION, submission()))
    with intake.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE inbox SET state = 'received', reply = NULL")

    reply(intake.receive(Source.INTERACTION, submission()))

    assert [heard.redelivered for heard in intake.heard] == [False, True]


def test_a_form_whose_listener_fails_stays_open_with_a_sentence(intake: Intake) -> None:
    """The person keeps what was typed and learns that nothing was started."""

    @intake.app.view("live.form")
    def broken() -> None:
        raise RuntimeError("no such table")

    given = reply(intake.receive(Source.INTERACTION, submission()))

    assert given.body is not None
    assert "nothing was started" in given.body["errors"]["notional"]


@pytest.mark.parametrize(
    ("source", "payload"),
    [
        (Source.COMMAND, {}),
        (Source.COMMAND, {"command": "/peak", "text": "status"}),
        (Source.COMMAND, {**command(), "user_id": "<@U1>"}),
        (Source.COMMAND, {**command(), "trigger_id": None}),
        (Source.INTERACTION, {"type": "block_actions"}),
        (Source.INTERACTION, {**click(), "actions": []}),
        (Source.INTERACTION, {**click(), "user": "otto"}),
        (Source.INTERACTION, {**click(), "container": None}),
        (Source.INTERACTION, {**submission(), "view": []}),
        (Source.EVENT, {"type": "event_callback", "event": {}}),
        (Source.EVENT, ["no", "object"]),
        (Source.EVENT, None),
    ],
)
def test_a_payload_with_something_missing_is_refused_and_nothing_runs(
    intake: Intake, source: Source, payload: Any
) -> None:
    """What cannot be keyed cannot be done exactly once, so it is not done."""
    intake.listens()

    assert reply(intake.receive(source, payload)).status == 400
    assert intake.rows() == []


def test_an_unknown_interaction_type_is_acknowledged_and_set_aside(intake: Intake) -> None:
    """What Slack may invent next is no error of the person's."""
    payload = {**click(), "type": "block_telepathy"}

    assert reply(intake.receive(Source.INTERACTION, payload)).status == 200
    assert reply(intake.receive("hologram", payload)).status == 200
    assert intake.rows() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B0PEAKBOT", "user": "U0PEAKBOT"},
        {"subtype": "message_changed", "message": {"user": OTTO, "text": "halt everything"}},
        {"subtype": "message_deleted"},
        {"channel_type": "channel", "channel": "C0TRADEOPS"},
    ],
)
def test_a_message_that_nobody_has_just_written_to_the_bot_is_passed_over(
    intake: Intake, changes: dict[str, Any]
) -> None:
    """The bot hears all that it says itself, each edit, and more: an answer to that would never end."""
    assert reply(intake.receive(Source.EVENT, written(**changes))).status == 200
    assert reply(intake.receive(Source.EVENT, written(event_id="Ev00000003"))).status == 200

    assert [row.key for row in intake.rows()] == ["event:Ev00000003"]


def test_what_people_typed_is_never_logged(intake: Intake, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a refusal, nor a failing listener, nor one that is missing puts a body into the log."""
    caplog.set_level(logging.DEBUG)

    @intake.app.command("/peak")
    def broken() -> None:
        raise RuntimeError("broken")

    intake.receive(Source.COMMAND, {**command("sesame-1"), "user_id": "?"})
    intake.receive(Source.COMMAND, command("sesame-2", trigger="1.1.a"))
    intake.receive(Source.COMMAND, command("sesame-3", trigger="1.1.b", name="/unknown"))
    until(lambda: sorted(intake.states()) == ["done", "failed"], "both rows are closed")

    assert "sesame" not in caplog.text


def test_a_disk_that_fails_is_told_to_slack(tmp_path: Path) -> None:
    """Without a saved row there is no 200: the person sees that it failed and can try again."""
    intake = Intake(open_database(tmp_path)).start()
    with intake.database.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE inbox")

    assert reply(intake.receive(Source.COMMAND, command())).status == 503
    assert reply(intake.receive(Source.INTERACTION, submission())).status == 503
    intake.stop()


def errors(sentence: str) -> dict[str, Any]:
    """A reply that leaves the form open."""
    return {"response_action": "errors", "errors": {"notional": sentence}}


def answers_with(intake: Intake, answers: list[dict[str, Any]], gate: Any = None) -> list[Event]:
    """Register the form's listener; gives a list that grows with each run."""
    runs: list[Event] = []

    @intake.app.view("live.form")
    def listener(ack: Ack, context: BoltContext, body: dict[str, Any]) -> None:
        intake.note(context, json.loads(json.dumps(body)))
        runs.append(Event())
        if gate is not None:
            gate()
        ack(answers[len(runs) - 1])

    return runs
