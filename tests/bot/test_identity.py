"""Only people of the desk are heard, and everybody else is told why not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from threading import Thread
from typing import Any

import pytest
from slack_sdk import WebClient

from approvals.person import Account, Person, PersonId, Role, Roster
from bot.identity import LOOKUP_KEPT_S, Identity, Stranger, slack_users_info, verdict
from bot.refusals import SENTENCES, Unheard

HOME = "T0000HOME"
OLIVIA_HERE = Account(HOME, "U000OLIVIA")
OLIVIA = Person(PersonId("olivia"), "Olivia", (OLIVIA_HERE,), frozenset({Role.OWNER}))
PAST_HERE = Account(HOME, "U00000PAST")
PAST = Person(PersonId("past"), "Past", (PAST_HERE,), frozenset({Role.OWNER}), active=False)
ROSTER = Roster((OLIVIA, PAST))


def user(account: Account, **facts: Any) -> dict[str, Any]:
    """What users.info says about an ordinary member, and what differs."""
    return {"id": account.user, "team_id": account.team, "deleted": False, "is_bot": False, **facts}


class Slack:
    """A workspace that answers for its users, or does not answer."""

    def __init__(self, *users: dict[str, Any]) -> None:
        self.users = {user["id"]: user for user in users}
        self.asked = 0
        self.reachable = True
        self.now_s = 1000.0

    def users_info(self, user: str) -> Mapping[str, Any]:
        """Answer as Slack would."""
        self.asked += 1
        if not self.reachable:
            raise ConnectionError
        return self.users[user]

    def identity(self) -> Identity:
        """The desk's view of it."""
        return Identity(lambda: ROSTER, self.users_info, monotonic=lambda: self.now_s)


def reason(identity: Identity, account: Account, *, fresh: bool = True) -> Unheard:
    """Why this account is not heard."""
    found = identity.person(account, fresh=fresh)
    assert isinstance(found, Stranger)
    assert found.sentence == SENTENCES[found.reason]
    return found.reason


def test_the_roster_is_enough_for_what_is_not_protected() -> None:
    """A status is shown while Slack's API is down."""
    slack = Slack()
    slack.reachable = False
    assert slack.identity().person(OLIVIA_HERE) is OLIVIA
    assert slack.asked == 0


def test_a_member_on_the_roster_is_heard_at_a_protected_act() -> None:
    """Roster and Slack agree: this is the person."""
    assert Slack(user(OLIVIA_HERE)).identity().person(OLIVIA_HERE, fresh=True) is OLIVIA


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"deleted": True}, Unheard.DEACTIVATED),
        ({"is_bot": True}, Unheard.BOT),
        ({"is_stranger": True}, Unheard.OTHER_TEAM),
        ({"team_id": "T000OTHER"}, Unheard.OTHER_TEAM),
        ({"is_restricted": True}, Unheard.GUEST),
        ({"is_ultra_restricted": True}, Unheard.GUEST),
    ],
)
def test_a_person_on_the_roster_is_refused_for_what_slack_says(
    facts: dict[str, Any], expected: Unheard
) -> None:
    """The roster may be older than the workspace: Slack's no counts at the click."""
    assert reason(Slack(user(OLIVIA_HERE, **facts)).identity(), OLIVIA_HERE) is expected


@pytest.mark.parametrize(
    "answer",
    [{}, {"id": "U000OTHER1"}, {"id": OLIVIA_HERE.user}, {"id": OLIVIA_HERE.user, "deleted": "no"}, None],
)
def test_an_answer_that_says_too_little_is_a_no(answer: Any) -> None:
    """A blank answer does not make a member."""
    assert verdict(OLIVIA_HERE, answer) is Unheard.UNVERIFIED


def test_silence_is_a_no_and_is_not_remembered() -> None:
    """Unknown means no; once Slack answers again the person is heard at once."""
    slack = Slack(user(OLIVIA_HERE))
    identity = slack.identity()
    slack.reachable = False
    assert reason(identity, OLIVIA_HERE) is Unheard.UNVERIFIED
    slack.reachable = True
    assert identity.person(OLIVIA_HERE, fresh=True) is OLIVIA


def test_an_answer_is_kept_for_a_minute_and_no_longer() -> None:
    """Ten clicks are one question; who left the team is out a minute later."""
    slack = Slack(user(OLIVIA_HERE))
    identity = slack.identity()
    for _ in range(10):
        identity.person(OLIVIA_HERE, fresh=True)
    assert slack.asked == 1

    slack.users[OLIVIA_HERE.user]["deleted"] = True
    slack.now_s += LOOKUP_KEPT_S
    assert reason(identity, OLIVIA_HERE) is Unheard.DEACTIVATED


def test_somebody_switched_off_is_refused_without_asking() -> None:
    """An inactive entry is a no, whatever Slack says."""
    slack = Slack(user(PAST_HERE))
    assert reason(slack.identity(), PAST_HERE, fresh=False) is Unheard.INACTIVE
    assert slack.asked == 0


@pytest.mark.parametrize(
    ("team", "facts", "expected"),
    [
        (HOME, {}, Unheard.NOT_ON_ROSTER),
        (HOME, {"is_restricted": True}, Unheard.GUEST),
        (HOME, {"is_bot": True}, Unheard.BOT),
        (HOME, {"team_id": "T000OTHER", "is_stranger": True}, Unheard.OTHER_TEAM),
        ("T000OTHER", {}, Unheard.OTHER_TEAM),
    ],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_everybody_else_is_told_his_own_reason(
    team: str, facts: dict[str, Any], expected: Unheard, fresh: bool
) -> None:
    """Guest, stranger, bot and unlisted member hear different sentences."""
    account = Account(team, "U0000OTHER")
    known = user(account, **facts) if team == HOME else user(account, is_stranger=True)
    assert reason(Slack(known).identity(), account, fresh=fresh) is expected


def test_an_unlisted_account_is_refused_while_slack_is_down() -> None:
    """Without Slack's answer the roster still says no, and knows another team by its id."""
    slack = Slack()
    slack.reachable = False
    assert reason(slack.identity(), Account(HOME, "U0000OTHER")) is Unheard.NOT_ON_ROSTER
    assert reason(slack.identity(), Account("T000OTHER", "U0000OTHER")) is Unheard.OTHER_TEAM


def test_a_user_that_slack_does_not_know_is_refused() -> None:
    """An id that is on the roster by mistake opens nothing."""
    assert reason(Slack().identity(), OLIVIA_HERE) is Unheard.UNKNOWN_TO_SLACK


def test_every_reason_has_a_sentence_of_its_own() -> None:
    """No two refusals can be mistaken for one another, and each says that nothing was done."""
    assert set(SENTENCES) == set(Unheard)
    assert len(set(SENTENCES.values())) == len(Unheard)
    assert all("nothing was done" in sentence for sentence in SENTENCES.values())


@contextmanager
def web_api(answer: Mapping[str, Any]) -> Iterator[str]:
    """A Web API on this machine that gives one answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"ok": True, "user": user(OLIVIA_HERE, is_restricted=True)}, Unheard.GUEST),
        ({"ok": False, "error": "user_not_found"}, Unheard.UNKNOWN_TO_SLACK),
        ({"ok": False, "error": "internal_error"}, Unheard.UNVERIFIED),
        ({"ok": True}, Unheard.UNVERIFIED),
    ],
)
def test_slacks_own_answers_are_understood(answer: Mapping[str, Any], expected: Unheard) -> None:
    """Over HTTP and through Slack's client: a no, an unknown user and a failure are told apart."""
    with web_api(answer) as url:
        identity = Identity(
            lambda: ROSTER, slack_users_info(WebClient(token="xoxb-1", base_url=url, timeout=5))
        )
        assert reason(identity, OLIVIA_HERE) is expected
