"""Who the bot is, as Slack says: asked for until Slack answers, while everything else runs already."""

import logging
from http.client import HTTPException
from threading import Event

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import BotError
from bot.slack_app import BotAccount

log = logging.getLogger(__name__)

RETRY_S, RETRY_MAX_S = 0.5, 10.0
# Time heals everything else that Slack may say.
REFUSALS = frozenset({"invalid_auth", "account_inactive", "token_revoked"})


class SlackRefused(BotError):
    """Slack does not take the bot token: {reason}. Run peak-ops doctor."""

    exit_code = 2
    reason: str


class Introduction:
    """Asks `auth.test`; `account` holds nobody until it was answered."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.account = BotAccount()

    def make(self, stopping: Event) -> bool:
        """Ask until there is an answer; False when the bot is to end first. Raises SlackRefused."""
        retry_s = RETRY_S
        while not stopping.is_set():
            try:
                found = self._client.auth_test()
            except SlackApiError as error:
                if (reason := _said(error)) in REFUSALS:
                    raise SlackRefused(reason=reason) from None
                log.warning("slack: auth.test is not answered (%s); trying again", reason)
            except (SlackClientError, OSError, HTTPException) as error:
                log.warning("slack: cannot be reached (%s); trying again", type(error).__name__)
            else:
                self.account = BotAccount(found.get("user_id"), found.get("bot_id"), found.get("url"))
                return True
            stopping.wait(retry_s)
            retry_s = min(retry_s * 2, RETRY_MAX_S)
        return False


def _said(error: SlackApiError) -> str:
    get = getattr(error.response, "get", None)  # a page instead of JSON comes as the bare text
    return str(get("error") or "no JSON") if get else "no JSON"
