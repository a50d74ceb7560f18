"""Bolt, as this bot uses it: a router from what Slack sent to the listener that handles it.

The ingress has checked the signature and saved the row before Bolt sees anything, so Bolt verifies nothing,
waits for nothing and calls nothing by itself.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from slack_bolt import App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

LISTENER_THREADS = 32

# Bolt's own words at INFO and below carry whole bodies.
BOLT_LOG = logging.getLogger("bot.bolt")


@dataclass(frozen=True, slots=True)
class BotAccount:
    """Who the bot is and where, as `auth.test` says; without it the bot's own messages are not set aside."""

    user_id: str | None = None
    bot_id: str | None = None
    workspace_url: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dispatch: the answer for Slack, or the exception that came instead."""

    body: str
    unhandled: bool = False
    failure: Exception | None = None


def build_app(client: WebClient, account: Callable[[], BotAccount] = BotAccount) -> App:
    """Make the Bolt app that listeners register with; it asks Slack nothing. `account` may know it later."""
    token = client.token

    def authorize(context: BoltContext) -> AuthorizeResult:
        bot = account()
        return AuthorizeResult(
            enterprise_id=context.enterprise_id,
            team_id=context.team_id,
            user_id=context.user_id,
            bot_token=token,
            bot_id=bot.bot_id,
            bot_user_id=bot.user_id,
        )

    BOLT_LOG.setLevel(logging.ERROR)
    app = App(
        name="peak-ops",
        logger=BOLT_LOG,
        client=_without_token(client),
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        raise_error_for_unhandled_request=True,
        listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener"),
    )

    @app.error
    def keep(error: Exception, context: BoltContext) -> BoltResponse:
        context["failure"] = error
        return BoltResponse(status=500)

    return app


def dispatch(app: App, payload: Mapping[str, Any], *, cause: str, redelivered: bool = False) -> Outcome:
    """Run the listener for one payload; it finds `cause` and `redelivered` in its Bolt context."""
    request = BoltRequest(
        mode="socket_mode", body=dict(payload), context={"cause": cause, "redelivered": redelivered}
    )
    response = app.dispatch(request)
    failure = request.context.get("failure")
    if isinstance(failure, BoltUnhandledRequestError):
        return Outcome("", unhandled=True)
    if failure is None and response.status >= 500:
        failure = RuntimeError("Bolt answered without running a listener")
    return Outcome(response.body or "", failure=failure)


def _without_token(client: WebClient) -> WebClient:
    # Bolt takes a client's token for a wish to call auth.test; `authorize` hands it out instead.
    return WebClient(
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        headers=client.headers,
        logger=client.logger,
        retry_handlers=client.retry_handlers,
    )
