"""`peak-ops run`: start every part in order, wait for the signal to end, stop them in reverse."""

import json
import logging
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from threading import Event

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.bootstrap import Bot, build
from bot.errors import BotError
from bot.installation import read_installation
from bot.logs import start_logs
from bot.scheduler import Scheduler
from bot.settings import Environment, take_secrets_out_of_environ
from bot.slack_app import BotAccount
from bot.transports.http import HttpServer, SlackEndpoint
from bot.transports.socket_mode import SocketMode
from trading.pids import ProcessId, undumpable

log = logging.getLogger(__name__)

SLACK_TIMEOUT_S = 10
EXPIRY_EVERY_S = 1.0


class SlackRefused(BotError):
    """Slack does not take the bot token: {reason}. Run peak-ops doctor."""

    reason: str


def run_bot(clock: Callable[[], datetime]) -> None:
    """Run until SIGTERM or SIGINT; raises BotError when something needed is not there."""
    undumpable()
    environment = Environment.from_environ()
    environment.require_for_run()
    installation = read_installation(environment, clock)
    installation.config.require_channels()
    take_secrets_out_of_environ()
    logs = start_logs(environment.home_folder, environment.secrets())
    client = WebClient(
        token=environment.slack_bot_token.get_secret_value() if environment.slack_bot_token else None,
        base_url=environment.slack_api_url,
        timeout=SLACK_TIMEOUT_S,
    )
    bot = build(installation, client, who_am_i(client), logs)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        stack.callback(logs.stop)
        _start(bot, environment, client, stack)
        _say_ready(bot)
        log.info("ready: %s desk", "practice" if installation.desk.practice else "real")
        stopping.wait()
    log.info("Shutdown complete")


def who_am_i(client: WebClient) -> BotAccount:
    """Slack's own word on whose token this is; raises SlackRefused."""
    try:
        found = client.auth_test()
    except SlackApiError as error:
        raise SlackRefused(reason=str(error.response.get("error"))) from None
    except OSError as error:
        raise SlackRefused(reason=f"Slack cannot be reached ({type(error).__name__})") from None
    return BotAccount(user_id=found.get("user_id"), bot_id=found.get("bot_id"))


def _start(bot: Bot, environment: Environment, client: WebClient, stack: ExitStack) -> None:
    """First what can halt and what delivers, last the door: nothing comes in before it can be handled."""
    for part in (bot.halt_watch, bot.outbox, bot.supervisor, bot.projector):
        part.start()
        stack.callback(part.stop)
    bot.inbox.start()
    stack.callback(bot.inbox.stop)
    bot.dispatcher.start()
    stack.callback(bot.dispatcher.stop)
    bot.stop.resume_unfinished()
    scheduler = Scheduler(bot.installation.clock, bot.installation.config.desk.zone, bot.troubles.missed)
    scheduler.daily("health report", bot.installation.config.schedule.health_report, bot.health.scheduled)
    scheduler.every("expiry", EXPIRY_EVERY_S, bot.expire)
    scheduler.start()
    stack.callback(scheduler.stop)
    _open_door(bot, environment, client, stack)


def _open_door(bot: Bot, environment: Environment, client: WebClient, stack: ExitStack) -> None:
    host, port = environment.listen_address
    endpoint = None
    if environment.slack_app_token is None and environment.slack_signing_secret is not None:
        secret = environment.slack_signing_secret.get_secret_value()
        endpoint = SlackEndpoint(bot.ingress, secret, bot.installation.clock, bot.metrics)
    checks = {"database": lambda: "" if bot.installation.database.current() else "the database has no tables"}
    server = HttpServer(host, port, metrics=bot.metrics, checks=checks, endpoint=endpoint)
    server.start()
    stack.callback(server.stop)
    if environment.slack_app_token is not None:
        token = environment.slack_app_token.get_secret_value()
        link = SocketMode(bot.ingress, client, token, bot.metrics)
        link.start()
        stack.callback(link.stop)


def _say_ready(bot: Bot) -> None:
    """Leave a note of who runs here, for the demo, the tests and `status`."""
    run = bot.installation.environment.home_folder / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    process = ProcessId.of(os.getpid())
    note = {"pid": os.getpid(), "started_at": process.started_at if process else 0}
    fresh = run / "bot.new"
    fresh.write_text(json.dumps(note))
    fresh.replace(run / "bot.json")
