"""From saved rows to listeners: in order for each person, again after a failure or a crash, never lost."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from slack_bolt import App, BoltContext

from bot import dispatch
from bot.dispatch import Dispatcher
from bot.inbox import Inbox, Saved
from bot.ingress import Source
from tests.bot.intake import DEADLINE_S, Gatekeeper, Intake, open_database, reply, until
from tests.bot.slack_payloads import OLIVIA, OTTO, command


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """The way in, not yet started."""
    intake = Intake(open_database(tmp_path))
    yield intake
    intake.stop()


def say(intake: Intake, trigger: str, *, user: str = OTTO) -> None:
    """Send a command and wait for its acknowledgement."""
    payload = command(trigger, trigger=trigger, user=user)
    assert reply(intake.receive(Source.COMMAND, payload)).status == 200


def test_what_was_acknowledged_before_a_crash_runs_after_it(tmp_path: Path, intake: Intake) -> None:
    """The old process saved and died; the new one does the work and knows that it may be a repeat."""
    intake.inbox.start()
    say(intake, "1.1.a")

    after = Intake(intake.database)
    after.listens()
    after.start()

    (heard,) = until(lambda: after.heard, "the row ran again")
    assert (heard.cause, heard.redelivered) == ("command:1.1.a", True)
    assert "token" not in heard.payload
    until(lambda: after.states() == ["done"], "the row is done")
    after.stop()


def test_a_listener_that_fails_once_runs_again(intake: Intake) -> None:
    """A locked database for a moment costs a retry, not the act."""
    failures = iter([RuntimeError("locked")])
    intake.listens(lambda: raised(next(failures, None)))
    intake.start()
    say(intake, "1.1.a")

    until(lambda: intake.states() == ["done"], "the row is done")
    assert [heard.redelivered for heard in intake.heard] == [False, True]
    assert intake.told == []


def test_a_listener_that_fails_three_times_is_given_up_and_told(intake: Intake) -> None:
    """The person hears that it did not work; the row says so too."""
    intake.listens(lambda: raised(RuntimeError("broken")))
    intake.start()
    say(intake, "1.1.a")

    (told,) = until(lambda: intake.told, "the person was told")
    assert (told.key, told.payload["text"]) == ("command:1.1.a", "1.1.a")
    assert len(intake.heard) == 3
    until(lambda: [(row.state, row.attempts) for row in intake.rows()] == [("failed", 3)], "row failed")


def test_what_nobody_could_be_told_of_is_told_at_the_next_start(intake: Intake) -> None:
    """The row stays unfinished until somebody has heard of it."""
    fails = iter([True])

    def tell(saved: Saved) -> None:
        if next(fails, False):
            raise OSError("the disk is full")
        intake.told.append(saved)

    intake.inbox.start()
    say(intake, "1.1.a")
    intake.clock.passes(minutes=16)
    for _ in range(2):
        assert intake.states() == ["received"]
        Dispatcher(intake.app, intake.inbox, tell=tell, workers=1).start()

    until(lambda: intake.states() == ["failed"], "the row failed")
    assert [told.late for told in intake.told] == [True]
    assert intake.heard == []


def test_one_persons_acts_keep_their_order(intake: Intake) -> None:
    """Limits set twice in a second end with the second value."""
    intake.listens()
    intake.start()
    triggers = [f"1.1.{number:03d}" for number in range(40)]
    for trigger in triggers:
        intake.receive(Source.COMMAND, command(trigger, trigger=trigger))

    until(lambda: len(intake.heard) == 40, "all ran")
    assert [heard.payload["text"] for heard in intake.heard] == triggers


def test_a_slow_neighbour_holds_nobody_up(intake: Intake) -> None:
    """Otto's long readiness check does not keep Olivia waiting."""
    gate, quick = Gatekeeper(), Event()

    @intake.app.command("/peak")
    def listener(body: dict[str, str]) -> None:
        gate() if body["user_id"] == OTTO else quick.set()

    intake.start()
    say(intake, "1.1.slow", user=OTTO)
    assert gate.arrived.wait(DEADLINE_S)
    say(intake, "1.1.quick", user=OLIVIA)

    assert quick.wait(DEADLINE_S)
    gate.open()


def test_a_slow_act_is_overtaken_in_the_end(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Order is kept for a while, not at the price of a person who can do nothing any more."""
    monkeypatch.setattr(dispatch, "PATIENCE_S", 0.05)
    gate, second = Gatekeeper(), Event()

    @intake.app.command("/peak")
    def listener(body: dict[str, str]) -> None:
        gate() if body["text"] == "1.1.slow" else second.set()

    intake.start()
    say(intake, "1.1.slow")
    assert gate.arrived.wait(DEADLINE_S)
    say(intake, "1.1.next")

    assert second.wait(DEADLINE_S)
    gate.open()


def test_workers_give_way_to_acknowledgements_but_not_for_ever(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a crowd acknowledgements go first; the work behind them is done all the same."""
    waited: list[float] = []
    monkeypatch.setattr(Inbox, "await_quiet", lambda _, timeout_s: bool(waited.append(timeout_s)))
    intake.listens()
    intake.start()
    say(intake, "1.1.a")

    until(lambda: intake.states() == ["done"], "the row is done")
    assert 0 < waited[0] <= 0.25


def test_rows_that_have_not_begun_stay_for_the_next_start(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping waits for what runs and leaves the rest saved."""
    monkeypatch.setattr(dispatch, "PATIENCE_S", 3600.0)
    gate = Gatekeeper()
    intake.listens(gate)
    intake.start()
    say(intake, "1.1.a")
    assert gate.arrived.wait(DEADLINE_S)
    say(intake, "1.1.b")
    intake.dispatcher.stop(timeout_s=0)
    gate.open()
    intake.dispatcher.stop()
    intake.inbox.stop()

    assert intake.states() == ["done", "received"]
    assert [heard.cause for heard in intake.heard] == ["command:1.1.a"]


def test_bolt_asks_slack_nothing_and_keeps_no_token_in_its_client(intake: Intake) -> None:
    """With no server at the client's address a listener is reached all the same, with the token given."""
    tokens: list[str | None] = []

    @intake.app.command("/peak")
    def listener(context: BoltContext) -> None:
        tokens.append(context.client.token if context.client else None)

    intake.start()
    say(intake, "1.1.a")

    until(lambda: tokens, "the listener ran")
    assert tokens == ["xoxb-test"]
    assert isinstance(intake.app, App)


def raised(error: Exception | None) -> None:
    """Raise it, if there is one."""
    if error is not None:
        raise error
