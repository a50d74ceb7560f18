"""Socket Mode: acknowledged when saved, back at once, undisturbed by nonsense."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.protocol import State

from bot.metrics import Metrics
from bot.transports.socket_mode import SocketMode
from tests.bot.intake import Gatekeeper, Intake, open_database, until
from tests.bot.slack_payloads import click, command, home_opened, submission
from tests.bot.transports.socket_slack import SocketSlack, socket_slack


@pytest.fixture
def slack() -> Iterator[SocketSlack]:
    """The other end."""
    with socket_slack(SocketSlack()) as slack:
        yield slack


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The way in, running."""
    intake = Intake(open_database(tmp_path))
    yield intake.start()
    intake.stop()


@pytest.fixture
def link(slack: SocketSlack, intake: Intake) -> Iterator[SocketMode]:
    """A link that is up."""
    link = SocketMode(intake.ingress, WebClient(base_url=slack.api_url), "xapp-test", intake.metrics)
    assert link.start()
    yield link
    link.stop()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("slash_commands", command()), ("interactive", click()), ("events_api", home_opened())],
)
def test_an_envelope_is_acknowledged_when_it_is_saved(
    link: SocketMode, slack: SocketSlack, intake: Intake, kind: str, payload: Any
) -> None:
    """The acknowledgement names the envelope; the row is on disk by then."""
    intake.listens()
    slack.sends(kind, payload, "e7")

    assert slack.hears() == {"envelope_id": "e7"}
    assert len(intake.rows()) == 1
    until(lambda: intake.heard, "the listener ran")


def test_nothing_is_acknowledged_before_it_is_saved(
    link: SocketMode, slack: SocketSlack, intake: Intake
) -> None:
    """While the disk is busy its acknowledgement is held; one that came later and needs no disk is not."""
    with intake.database.transaction():
        slack.sends("slash_commands", command(), "e1")
        slack.sends("interactive", {"type": "of no use"}, "e2")
        assert slack.hears() == {"envelope_id": "e2"}

    assert slack.hears() == {"envelope_id": "e1"}


def test_what_could_not_be_saved_is_not_acknowledged(
    link: SocketMode, slack: SocketSlack, intake: Intake
) -> None:
    """Slack sends it again, perhaps to a bot whose disk works."""
    rename(intake, "inbox", "away")
    slack.sends("slash_commands", command(), "e1")
    slack.says({"type": "hello", "num_connections": 5})
    until(lambda: link.connections == 5, "the envelope before it was read")
    until(lambda: intake.metrics.text().count(b"peak_ops_ack_seconds_count 1.0"), "it was refused")
    rename(intake, "away", "inbox")
    slack.sends("slash_commands", command(), "e2")

    assert slack.hears() == {"envelope_id": "e2"}


def test_a_repeated_envelope_is_acknowledged_and_runs_once(
    link: SocketMode, slack: SocketSlack, intake: Intake
) -> None:
    """The first acknowledgement was lost; the second delivery is a repeat."""
    intake.listens()
    for envelope in ("e1", "e2"):
        slack.sends("interactive", click(), envelope)
        assert slack.hears() == {"envelope_id": envelope}

    until(lambda: intake.states() == ["done"], "the row is done")
    assert len(intake.heard) == 1


def test_a_forms_errors_ride_on_the_acknowledgement(
    link: SocketMode, slack: SocketSlack, intake: Intake
) -> None:
    """The payload of the acknowledgement is the form's answer."""
    answer = {"response_action": "errors", "errors": {"notional": "too much"}}
    intake.app.view("live.form")(lambda ack: ack(answer))
    slack.sends("interactive", submission())

    assert slack.hears() == {"envelope_id": "e1", "payload": answer}


def test_a_halt_is_answered_while_every_listener_is_busy(
    link: SocketMode, slack: SocketSlack, intake: Intake
) -> None:
    """Neither forms nor commands that hang keep a halt from being heard."""
    busy = Gatekeeper()
    intake.listens(busy)

    @intake.app.view("live.form")
    def form() -> None:
        busy()

    for number in range(12):
        trigger = f"1.1.{number}"
        slack.sends("slash_commands", command(trigger=trigger, user=f"U{number:08d}"), f"c{number}")
        slack.sends("interactive", submission(view_hash=trigger), f"v{number}")
    until(lambda: len(intake.heard) == 8, "every worker is busy")
    slack.sends("slash_commands", command("", name="/peak-kill"), "halt")

    answers = [slack.hears() for _ in range(13)]
    (halted,) = [answer for answer in answers if answer["envelope_id"] == "halt"]
    assert halted["payload"]["text"].startswith("HALTED")
    busy.open()


def test_a_body_goes_only_where_slack_takes_one(link: SocketMode, slack: SocketSlack, intake: Intake) -> None:
    """An envelope that accepts no payload is acknowledged without."""
    slack.sends("slash_commands", command("", name="/peak-kill"), takes_body=False)

    assert slack.hears() == {"envelope_id": "e1"}


@pytest.mark.parametrize("frame", ["", "no json", "[1]", "7", "{", '{"type":"mystery"}', '{"payload":{}}'])
def test_a_frame_that_is_nonsense_is_set_aside(
    link: SocketMode, slack: SocketSlack, intake: Intake, frame: str
) -> None:
    """The link goes on after it."""
    slack.says(frame)
    slack.sends("slash_commands", command())

    assert slack.hears() == {"envelope_id": "e1"}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("slash_commands", {}), ("interactive", {"type": "telepathy"}), ("hologram", {}), ("events_api", None)],
)
def test_an_envelope_that_cannot_be_used_is_acknowledged(
    link: SocketMode, slack: SocketSlack, intake: Intake, kind: str, payload: Any
) -> None:
    """Else Slack would send it again for ever."""
    slack.sends(kind, payload)

    assert slack.hears() == {"envelope_id": "e1"}
    assert intake.rows() == []


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(SocketSlack.vanishes, id="no close frame"),
        pytest.param(SocketSlack.resets, id="reset"),
        pytest.param(lambda slack: slack.links[-1].close(1001), id="closed"),
        pytest.param(
            lambda slack: slack.says({"type": "disconnect", "reason": "refresh_requested"}), id="asked"
        ),
    ],
)
def test_a_link_that_ends_is_dialled_again(
    link: SocketMode, slack: SocketSlack, intake: Intake, ends: Callable[[SocketSlack], None]
) -> None:
    """However it ended, the next envelope comes over the next link."""
    ends(slack)
    slack.is_dialled(2)
    slack.sends("slash_commands", command())

    assert slack.hears() == {"envelope_id": "e1"}


def test_dialling_goes_on_until_slack_answers(slack: SocketSlack, intake: Intake) -> None:
    """A bot that starts while Slack is down comes up when Slack does."""
    slack.refusing = True
    link = SocketMode(intake.ingress, WebClient(base_url=slack.api_url), "xapp-test", intake.metrics)
    assert not link.start(timeout_s=0.2)
    assert not link.connected
    slack.refusing = False

    slack.is_dialled(1)
    until(lambda: link.connected, "the link is up")
    link.stop()


def test_slacks_count_of_links_is_known(slack: SocketSlack, intake: Intake) -> None:
    """The first sign that another bot works on our tokens."""
    slack.strangers = 1
    metrics = Metrics()
    link = SocketMode(intake.ingress, WebClient(base_url=slack.api_url), "xapp-test", metrics)
    assert link.start()

    assert link.connections == 2
    assert b"peak_ops_socket_connections 2.0" in metrics.text()
    link.stop()


def test_a_large_envelope_arrives_whole(link: SocketMode, slack: SocketSlack, intake: Intake) -> None:
    """A form may carry 250 kB."""
    view = submission()
    view["view"]["private_metadata"] = "x" * 3000
    view["view"]["blocks"] += [{"type": "section", "text": "y" * 3000} for _ in range(80)]
    intake.app.view("live.form")(lambda ack: ack())
    slack.sends("interactive", view)

    assert slack.hears() == {"envelope_id": "e1"}


def test_no_payload_is_logged(
    link: SocketMode, slack: SocketSlack, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even a frame that cannot be read."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("bot.socket_mode.sdk").setLevel(logging.ERROR)
    slack.says('{"type": "sesame')
    slack.sends("slash_commands", {"command": "/peak", "text": "sesame"}, "e1")
    slack.sends("slash_commands", command("sesame"), "e2")

    assert [slack.hears()["envelope_id"] for _ in range(2)] == ["e1", "e2"]
    assert "sesame" not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("bot")
    )


def test_stopping_hangs_up(slack: SocketSlack, intake: Intake) -> None:
    """Slack gives what follows to another link."""
    link = SocketMode(intake.ingress, WebClient(base_url=slack.api_url), "xapp-test", intake.metrics)
    assert link.start()
    link.stop()

    assert not link.connected
    until(lambda: slack.links[-1].state is State.CLOSED, "Slack has seen it")


def rename(intake: Intake, before: str, after: str) -> None:
    """Take the table away, or bring it back."""
    with intake.database.transaction() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")
