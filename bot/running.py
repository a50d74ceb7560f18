"""`peak-ops run`: start every part in order, wait for the signal to end, stop them in reverse."""

import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from queue import SimpleQueue
from threading import Event, Thread

from slack_sdk import WebClient

from bot.bootstrap import Bot, build
from bot.command_line.output import plain_value
from bot.database import Database
from bot.home import ready_note, status_socket
from bot.installation import Installation, read_installation
from bot.introduction import Introduction
from bot.lease import Holder, Lease, LeaseLost
from bot.logs import Logs, start_logs
from bot.operations.beginning import TellNotBegun
from bot.operations.changes import TellDifferences
from bot.operations.clock_watch import WatchClock
from bot.operations.desk import NOT_BEGUN
from bot.scheduler import Scheduler
from bot.settings import Environment, keep_practice_here, take_secrets_out_of_environ
from bot.transports.http import HttpServer, SlackEndpoint, listen_on
from bot.transports.socket_mode import SocketMode
from bot.transports.status_socket import StatusSocket
from bot.troubles import HEALTH_REPORT
from trading.pids import ProcessId, undumpable

log = logging.getLogger(__name__)

SLACK_TIMEOUT_S = 10
EXPIRY_EVERY_S, REMINDERS_EVERY_S, FILES_EVERY_S = 1.0, 5.0, 60.0


Say = Callable[..., None]


def run_bot(clock: Callable[[], datetime], say: Say) -> None:
    """Stand by until no other bot is at work, then run until SIGTERM or SIGINT.

    `say` is given a sentence, and its facts by name. Raises BotError when something needed is not there.
    """
    undumpable()
    environment = Environment.from_environ()
    environment.require_for_run()
    stopping = Event()
    keep_practice_here(environment)
    with ExitStack() as stack:
        installation = _ready_to_run(environment, clock)
        take_secrets_out_of_environ()
        logs = start_logs(environment.home_folder, environment.secrets())
        stack.callback(logs.stop)
        end_on_signal(stopping)
        lease = Lease(Database(environment.database_url), environment.home_folder, clock)
        stack.callback(lease.release)
        if not lease.take():
            _say_standing_by(installation, say)
            installation.database.close()
            if not lease.wait(stopping):
                return
            installation = _ready_to_run(environment, clock)  # by what the files say today
        installation.database.fence = lease.check
        lease.keep(_end_at_once)
        _work(installation, lease, logs, stack, stopping, say)
    log.info("Shutdown complete")


def end_on_signal(stopping: Event) -> None:
    """Have SIGTERM and SIGINT set the event, on a thread of their own.

    A handler that sets what its own thread is about to wait for hangs. Nor are the signals blocked: every
    process that is started here would inherit that.
    """
    told: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.put(number))

    def pass_on() -> None:
        told.get()
        stopping.set()

    Thread(target=pass_on, name="signals", daemon=True).start()


def _ready_to_run(environment: Environment, clock: Callable[[], datetime]) -> Installation:
    installation = read_installation(environment, clock)
    installation.config.require_channels()
    installation.begin()
    return installation


def _say_standing_by(installation: Installation, say: Say) -> None:
    with installation.database.reading() as session:
        holder = Holder.of(session)
    log.info("standing by: at work is %s", holder)
    say(
        f"Standing by: at work is {holder}. This one takes over when that one ends.",
        state="standing by",
        at_work=str(holder),
    )


def _end_at_once(lost: LeaseLost) -> None:
    """Nothing is finished or tidied: the other bot has taken up everything, as after a crash."""
    log.critical("%s", lost)
    sys.stderr.write(f"{lost}\n")
    sys.stderr.flush()
    os._exit(lost.exit_code)


def _work(
    installation: Installation, lease: Lease, logs: Logs, stack: ExitStack, stopping: Event, say: Say
) -> None:
    environment = installation.environment
    ready_note(environment.home_folder).unlink(missing_ok=True)
    listener = stack.enter_context(listen_on(*environment.listen_address))
    client = WebClient(
        token=environment.slack_bot_token.get_secret_value() if environment.slack_bot_token else None,
        base_url=environment.slack_api_url,
        timeout=SLACK_TIMEOUT_S,
    )
    introduction = Introduction(client)
    bot = build(installation, client, lambda: introduction.account, logs, lease)
    if lease.moved_from is not None:
        bot.troubles.moved(lease.moved_from)
    bot.compare_anchors()
    _start(bot, stack, say)
    link = _open_door(bot, environment, client, listener, stack)
    if introduction.make(stopping):
        if link is not None:
            link.wait_connected()
        _say_ready(environment, installation.desk.practice, say)
    stopping.wait()


def _start(bot: Bot, stack: ExitStack, say: Say) -> None:
    """First what can halt and what delivers; then what is taken in is handled."""
    home = bot.installation.environment.home_folder
    status = StatusSocket(status_socket(home), lambda: plain_value(bot.status()))
    for part in (bot.halt_watch, bot.outbox, bot.supervisor, bot.projector, status):
        part.start()
        stack.callback(part.stop)
    bot.finish_claimed()
    bot.expire.redraw()
    if TellNotBegun(bot.storage, bot.installation.desk)():
        say(NOT_BEGUN, state="not begun")
    tell_differences = TellDifferences(bot.storage, bot.installation.desk, bot.installation.read_files)
    tell_differences()
    bot.inbox.start()
    stack.callback(bot.inbox.stop)
    bot.dispatcher.start()
    stack.callback(bot.dispatcher.stop)
    bot.stop.resume_unfinished()
    scheduler = Scheduler(bot.installation.clock, bot.installation.config.desk.zone, bot.troubles.missed)
    hour = bot.installation.config.schedule.health_report
    scheduler.daily(HEALTH_REPORT, hour, bot.health.scheduled, missed=bot.health.missed)
    scheduler.every("expiry", EXPIRY_EVERY_S, bot.expire)
    scheduler.every("clock", EXPIRY_EVERY_S, WatchClock(bot.storage, bot.installation.desk))
    scheduler.every("reminders", REMINDERS_EVERY_S, bot.remind)
    scheduler.every("files", FILES_EVERY_S, tell_differences.again)
    scheduler.start()
    stack.callback(scheduler.stop)
    stack.callback(bot.health.stop)


def _open_door(
    bot: Bot, environment: Environment, client: WebClient, listener: socket.socket, stack: ExitStack
) -> SocketMode | None:
    """Nothing comes in before it can be handled; a halt does, whether Slack has said who we are or not."""
    endpoint = None
    if environment.slack_app_token is None and environment.slack_signing_secret is not None:
        secret = environment.slack_signing_secret.get_secret_value()
        endpoint = SlackEndpoint(bot.ingress, secret, bot.installation.clock, bot.metrics)
    checks = {
        "database": lambda: "" if bot.installation.database.current() else "the database has no tables",
        "lease": lambda: "" if bot.lease.held else "the lease is not renewed, so nothing new is begun",
        "slack link": bot.link.sentence,
    }
    server = HttpServer(listener, metrics=bot.metrics, checks=checks, endpoint=endpoint)
    server.start()
    stack.callback(server.stop)
    if environment.slack_app_token is None:
        return None
    link = SocketMode(
        bot.ingress,
        client,
        environment.slack_app_token.get_secret_value(),
        bot.metrics,
        state=bot.link,
        on_strangers=bot.troubles.strangers,
    )
    link.start(timeout_s=0)
    stack.callback(link.stop)
    return link


def _say_ready(environment: Environment, practice: bool, say: Say) -> None:
    """Say it, and leave a note of who runs here for whoever waits for that."""
    kind, home = "practice" if practice else "real", environment.home_folder
    log.info("ready: %s desk", kind)
    say(
        f"Ready: the {kind} desk of {home}. Ctrl-C ends it; sessions go on until they are stopped.",
        state="ready",
        practice=practice,
        home=str(home),
        pid=os.getpid(),
    )
    process = ProcessId.of(os.getpid())
    note = {"pid": os.getpid(), "started_at": process.started_at if process else 0}
    ready = ready_note(home)
    fresh = ready.with_suffix(".new")
    fresh.write_text(json.dumps(note))
    fresh.replace(ready)
