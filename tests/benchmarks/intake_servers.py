"""The two servers that are compared, each its own process: our intake, and Bolt as its users deploy it."""

import gc
import socket
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from approvals.person import Roster
from bot.clock import system_clock
from bot.database import Database
from bot.dispatch import Dispatcher
from bot.halt_route import HaltRoute
from bot.inbox import Inbox
from bot.ingress import Ingress
from bot.metrics import Metrics
from bot.slack_app import build_app
from bot.transports.http import HttpServer, SlackEndpoint, listen_on
from tests.benchmarks.load import SIGNING_SECRET


class _NoLatch:
    def engage(self, reason: str, by: str, at: datetime) -> None:
        raise AssertionError("nobody halts a benchmark")


def serve_intake(folder: Path) -> None:
    """Our own intake with a listener that does nothing, on a database that syncs every commit."""
    database = Database(f"sqlite:///{folder / 'intake.db'}")
    with database.connection() as connection:
        SQLModel.metadata.create_all(connection)
    inbox = Inbox(database, system_clock)
    app = build_app(WebClient(token="xoxb-benchmark", base_url="http://127.0.0.1:1/api/"))

    @app.command("/peak")
    def nothing(ack: Any) -> None:
        ack()

    metrics = Metrics()
    dispatcher = Dispatcher(app, inbox, tell=lambda saved: None)
    inbox.on_saved = dispatcher.offer
    halt = HaltRoute(
        _NoLatch(),
        lambda: Roster(()),
        system_clock,
        gates=dict,
        on_halt=lambda order: None,
        on_refused=lambda refused: None,
        on_unanswered=lambda call, text: None,
    )
    ingress = Ingress(inbox, dispatcher, halt, metrics)
    endpoint = SlackEndpoint(ingress, SIGNING_SECRET, system_clock, metrics)
    server = HttpServer(listen_on("127.0.0.1", 0), metrics=metrics, checks={}, endpoint=endpoint)
    gc.freeze()  # as `peak-ops run` does
    inbox.start()
    dispatcher.start()
    server.start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    Event().wait()


def serve_bolt() -> None:
    """Bolt's App behind its own Starlette adapter, in a thread pool, with a listener that does nothing."""
    app = App(
        signing_secret=SIGNING_SECRET,
        authorize=lambda **_: AuthorizeResult(
            enterprise_id=None, team_id="T0PEAK000", bot_token="xoxb-benchmark"
        ),
    )

    @app.command("/peak")
    def nothing(ack: Any) -> None:
        ack()

    async def events(request: Request) -> Response:
        body = await request.body()
        reply = await run_in_threadpool(app.dispatch, to_bolt_request(request, body))
        return to_starlette_response(reply)

    config = uvicorn.Config(
        Starlette(routes=[Route("/slack/events", events, methods=["POST"])]),
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "bolt":
        serve_bolt()
    else:
        with tempfile.TemporaryDirectory(prefix="peak-intake-") as found:
            serve_intake(Path(found))
