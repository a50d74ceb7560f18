"""The link to Slack is looked after: one that hangs, one that is deaf, and one that is not the only one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slack_sdk import WebClient
from websockets.protocol import State

from bot.transports.slack_link import LinkState
from bot.transports.socket_mode import Patience, SocketMode
from tests.bot.intake import Gatekeeper, Intake, open_database, until
from tests.bot.slack_payloads import command, submission
from tests.bot.transports.socket_slack import SocketSlack, socket_slack
from trading.health import Verdict

# Longer than any test, but for what a test is about.
NEVER = Patience(ping_s=600, silent_s=600, life_s=600, second_look_s=600)


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


Connect = Callable[[Patience], SocketMode]


@pytest.fixture
def state() -> LinkState:
    """What others see of the link."""
    return LinkState()


@pytest.fixture
def alarms() -> list[int]:
    """Each time that strangers were told of."""
    return []


@pytest.fixture
def connect(slack: SocketSlack, intake: Intake, state: LinkState, alarms: list[int]) -> Iterator[Connect]:
    """Connect with some patience; hung up in the end."""
    links: list[SocketMode] = []

    def start(patience: Patience) -> SocketMode:
        link = SocketMode(
            intake.ingress,
            WebClient(base_url=slack.api_url),
            "xapp-test",
            intake.metrics,
            state=state,
            on_strangers=alarms.append,
            patience=patience,
        )
        links.append(link)
        assert link.start()
        return link

    yield start
    for link in links:
        link.stop()


def dialled(intake: Intake, why: str) -> int:
    """How many links were dialled for this reason, as Prometheus sees it."""
    return int(intake.metrics.registry.get_sample_value("peak_ops_socket_links_total", {"why": why}) or 0)


def test_a_link_on_which_nothing_is_heard_is_replaced(
    connect: Connect, slack: SocketSlack, intake: Intake
) -> None:
    """Not even a ping is answered: whatever the kernel says of it, the link is dead."""
    link = connect(Patience(ping_s=0.05, silent_s=0.5, life_s=600, second_look_s=600))
    with slack.hangs():
        slack.is_dialled(2)
    until(lambda: link.connected, "the new link is up")
    slack.sends("slash_commands", command())

    assert slack.hears() == {"envelope_id": "e1"}
    assert dialled(intake, "silent") >= 1


def test_answered_pings_keep_a_quiet_link(
    connect: Connect, slack: SocketSlack, intake: Intake, state: LinkState
) -> None:
    """A night without a click is no reason to hang up."""
    link = connect(Patience(ping_s=0.02, silent_s=2, life_s=600, second_look_s=600))
    first = state.heard_at
    until(lambda: state.heard_at > first + 0.3, "signs of life are noted")

    assert link.connected
    assert len(slack.links) == 1


def test_a_link_that_is_up_and_deaf_is_replaced_in_time(
    connect: Connect, slack: SocketSlack, intake: Intake
) -> None:
    """It pongs, so nobody can tell: no link is trusted for longer than its life, and the next one hears."""
    connect(Patience(ping_s=0.02, silent_s=600, life_s=0.5, second_look_s=600))
    slack.is_dialled(2)
    slack.sends("slash_commands", command())

    assert slack.hears() == {"envelope_id": "e1"}
    assert dialled(intake, "aged") >= 1
    until(lambda: slack.links[0].state is State.CLOSED, "the old link is hung up")


def test_the_old_link_serves_until_slack_greets_the_new_one(connect: Connect, slack: SocketSlack) -> None:
    """A replacement leaves no gap: before the hello, envelopes may still come over the old one."""
    connect(NEVER)
    old = slack.links[0]
    slack.greets = False
    slack.says({"type": "disconnect", "reason": "warning"})
    slack.is_dialled(2)
    slack.links.reverse()
    slack.sends("slash_commands", command())
    assert slack.hears() == {"envelope_id": "e1"}
    assert old.state is State.OPEN

    slack.links.reverse()
    slack.says_hello()
    until(lambda: old.state is State.CLOSED, "the old link is hung up")


def test_an_envelope_is_acknowledged_over_the_link_that_brought_it(
    connect: Connect, slack: SocketSlack, intake: Intake
) -> None:
    """A link that is replaced is kept until it owes nothing any more."""
    busy = Gatekeeper()

    @intake.app.view("live.form")
    def form() -> None:
        busy()

    connect(NEVER)
    old = slack.links[0]
    slack.sends("interactive", submission(), "e9")
    assert busy.arrived.wait(10)
    slack.says({"type": "disconnect", "reason": "refresh_requested"})
    slack.is_dialled(2)
    slack.sends("slash_commands", command(), "e1")
    assert slack.hears() == {"envelope_id": "e1"}
    assert old.state is State.OPEN
    busy.open()

    assert slack.hears()["envelope_id"] == "e9"
    until(lambda: old.state is State.CLOSED, "the old link is hung up")


def test_a_link_that_slack_never_greets_is_given_up(
    connect: Connect, slack: SocketSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up, answering pings, and of no use."""
    monkeypatch.setattr("bot.transports.slack_link.HELLO_WITHIN_S", 0.2)
    link = connect(NEVER)
    slack.greets = False
    slack.vanishes()
    slack.is_dialled(3)
    assert not link.connected
    slack.greets = True
    until(lambda: link.connected, "a greeted link is up")


def test_strangers_are_told_of_after_a_second_look(
    connect: Connect, slack: SocketSlack, state: LinkState, alarms: list[int]
) -> None:
    """Two counts in a row say the same: somebody else has our tokens, until a count says otherwise."""
    slack.strangers = 2
    connect(Patience(ping_s=600, silent_s=600, life_s=600, second_look_s=0.2))
    assert state.is_ours_alone
    until(lambda: alarms, "it was told")
    assert alarms[0] == 2
    assert not state.is_ours_alone
    assert "2 more link(s)" in state.finding().detail
    assert state.sentence()

    slack.strangers = 0
    until(lambda: state.is_ours_alone, "they are gone")
    assert state.finding().verdict is Verdict.PASSED


def test_our_own_dying_link_is_no_stranger(
    connect: Connect, slack: SocketSlack, state: LinkState, alarms: list[int]
) -> None:
    """Slack may count it once more; the second count does not."""
    slack.strangers = 1
    connect(Patience(ping_s=600, silent_s=600, life_s=600, second_look_s=0.2))
    slack.strangers = 0
    slack.is_dialled(2)
    until(lambda: slack.links[0].state is State.CLOSED, "the second look is over")

    assert state.is_ours_alone
    assert alarms == []
    assert len(slack.links) == 2


@contextmanager
def refusing(slack: SocketSlack) -> Iterator[None]:
    """Slack gives no address."""
    slack.refusing = True
    yield
    slack.refusing = False


def test_a_link_that_stays_down_is_told_of(
    connect: Connect, slack: SocketSlack, state: LinkState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment is nothing; after some seconds health and readiness fail, and pass again when it is back."""
    monkeypatch.setattr("bot.transports.slack_link.DOWN_FOR_S", 0.2)
    connect(NEVER)
    assert state.finding().detail.startswith("up, heard of")
    with refusing(slack):
        slack.vanishes()
        until(lambda: state.finding().verdict is Verdict.FAILED, "it is down")
        assert state.finding().detail.startswith("down for")
    until(lambda: state.finding().verdict is Verdict.PASSED, "it is up again")


def test_over_http_there_is_no_link_to_look_at() -> None:
    """Slack calls; nothing is up or down."""
    assert LinkState(over_http=True).finding().verdict is Verdict.PASSED
