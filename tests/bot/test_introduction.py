"""Slack may be away, slow or rude at the start; only a token that it refuses for good ends the bot."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from slack_sdk import WebClient

import bot.introduction
from bot.introduction import Introduction, SlackRefused
from bot.slack_app import BotAccount

GOOD = (200, b'{"ok": true, "user_id": "U0BOT", "bot_id": "B0BOT", "url": "https://desk.example/"}')


class Slack(ThreadingHTTPServer):
    """Gives the answers that it was told to, one after the other, the last one ever after."""

    answers: list[tuple[int, bytes]]


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer anything."""
        assert isinstance(self.server, Slack)
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A server in Slack's place; the bot does not wait long between two tries."""
    monkeypatch.setattr(bot.introduction, "RETRY_S", 0.01)
    server = Slack(("127.0.0.1", 0), _Answers)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def introduction(slack: Slack) -> Introduction:
    """One that talks to this Slack."""
    url = f"http://127.0.0.1:{slack.server_address[1]}/api/"
    return Introduction(WebClient(token="xoxb-test", base_url=url, timeout=5))


@pytest.mark.parametrize(
    "trouble",
    [
        (0, b""),
        (500, b"<html>down</html>"),
        (503, b""),
        (429, b'{"ok": false, "error": "ratelimited"}'),
        (200, b'{"ok": false, "error": "internal_error"}'),
    ],
)
def test_trouble_that_passes_is_waited_out(slack: Slack, trouble: tuple[int, bytes]) -> None:
    """It asks again until Slack says who the bot is."""
    slack.answers = [trouble, trouble, trouble, GOOD]
    asking = introduction(slack)
    assert asking.account == BotAccount()

    assert asking.make(Event())
    assert asking.account == BotAccount("U0BOT", "B0BOT", "https://desk.example/")


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
def test_a_token_that_slack_refuses_ends_the_bot(slack: Slack, error: str) -> None:
    """No waiting makes it good."""
    slack.answers = [(200, b'{"ok": false, "error": "%s"}' % error.encode())]

    with pytest.raises(SlackRefused, match=error):
        introduction(slack).make(Event())


def test_a_bot_that_is_told_to_end_asks_no_more(slack: Slack) -> None:
    """SIGTERM while Slack is away."""
    stopping = Event()
    stopping.set()
    slack.answers = [(500, b"")]

    assert not introduction(slack).make(stopping)
