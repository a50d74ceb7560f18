"""The workspace as a running server."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from approvals.factor import Secret
from bot.practice.answers import Answers
from bot.practice.channels import Channels
from bot.practice.codes import Codes
from bot.practice.connection import Breakable
from bot.practice.delivery import ACK_S, SignedHttp
from bot.practice.errors import ApiError
from bot.practice.faults import Faults
from bot.practice.faulty_delivery import FaultyDelivery
from bot.practice.feed import Feeds
from bot.practice.files import SHARE_DELAY_S, Files
from bot.practice.identifiers import Clock, Identifiers
from bot.practice.interactions import Interactions
from bot.practice.manifest import Manifest
from bot.practice.methods.chat import ChatMethods
from bot.practice.methods.conversations import ConversationMethods
from bot.practice.methods.files import FileMethods
from bot.practice.methods.method import Method
from bot.practice.methods.users import UserMethods
from bot.practice.methods.views import ViewMethods
from bot.practice.payloads import Payloads
from bot.practice.people import PEOPLE
from bot.practice.people_api import PeopleApi
from bot.practice.practice_api import PracticeApi
from bot.practice.rates import RateLimits, Rates
from bot.practice.socket_mode import LINK_LIFE_S, LINK_NOTICE_S, SocketMode
from bot.practice.staff import Staff
from bot.practice.subscriptions import Subscriptions
from bot.practice.tickets import Tickets
from bot.practice.views import Views
from bot.practice.web_api import WebApi

PAGE = Path(__file__).parent / "page"
BOT_TOKEN = "xoxb-practice"  # noqa: S105
APP_TOKEN = "xapp-practice"  # noqa: S105
START_S = 10.0
# Slack pings a link every few seconds.
PING_S = 5.0
# Longer than any client keeps an idle connection: a server that closes first loses what is sent meanwhile.
KEEP_ALIVE_S = 75

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Installation:
    """How the app is installed: its manifest, its tokens, for HTTP where its requests go; Slack's pace.

    `ack_s`, `link_life_s` and `link_notice_s` are Slack's own unless a test is in a hurry; `exchange_url`
    is a practice exchange whose knobs the page may turn; `secrets` are those of the persons' second factors.
    """

    manifest: Path
    bot_token: str = BOT_TOKEN
    app_token: str = APP_TOKEN
    request_url: str | None = None
    signing_secret: str | None = None
    share_delay_s: float = SHARE_DELAY_S
    ack_s: float = ACK_S
    link_life_s: float = LINK_LIFE_S
    link_notice_s: float = LINK_NOTICE_S
    rates: Rates = field(default_factory=Rates)
    exchange_url: str | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)


class Workspace:
    """A practice workspace that listens on loopback."""

    def __init__(self, installation: Installation, clock: Clock, port: int = 0) -> None:
        self._installation = installation
        self._clock = clock
        self._listener = socket.create_server(("127.0.0.1", port))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
                timeout_keep_alive=KEEP_ALIVE_S,
                ws_max_size=2**24,
                ws_ping_interval=PING_S,
            )
        )

    @property
    def url(self) -> str:
        """Where the workspace listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def api_url(self) -> str:
        """What a WebClient takes as base_url."""
        return f"{self.url}/api/"

    def serve(self) -> None:
        """Serve until stopped."""
        self._server.run(sockets=[self._listener])

    @classmethod
    @contextmanager
    def running(cls, installation: Installation, clock: Clock, port: int = 0) -> Iterator["Workspace"]:
        """Serve in a thread while the block runs."""
        workspace = cls(installation, clock, port)
        thread = threading.Thread(target=workspace.serve, name="practice workspace", daemon=True)
        thread.start()
        deadline = time.monotonic() + START_S
        while not workspace._server.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise RuntimeError("The practice workspace did not start; see the log above.")
            time.sleep(0.005)
        try:
            yield workspace
        finally:
            workspace._server.should_exit = True
            thread.join(START_S)
            workspace._listener.close()

    def _app(self) -> Breakable:
        given = self._installation
        manifest = Manifest.read(given.manifest)
        identifiers = Identifiers(self._clock)
        feeds = Feeds(person.id for person in PEOPLE)
        staff, faults = Staff(), Faults()
        tickets = Tickets(identifiers, self._clock)
        files = Files(identifiers, faults, given.share_delay_s)
        views = Views(identifiers, feeds, files)
        sockets = SocketMode(identifiers, given.ack_s, given.link_life_s, given.link_notice_s)
        delivery = self._delivery(sockets, faults)
        subscriptions = Subscriptions(manifest, identifiers, delivery)
        channels = Channels(manifest.name, identifiers, feeds, files, subscriptions)
        payloads = Payloads(identifiers, tickets, self.url)
        interactions = Interactions(manifest, channels, views, files, feeds, payloads, delivery)
        methods: dict[str, Method] = {
            **ChatMethods(channels, files, staff).table(),
            **ConversationMethods(channels, staff, manifest.scopes).table(),
            **ViewMethods(views, tickets, files, staff).table(),
            **FileMethods(files, channels).table(),
            **UserMethods(manifest.name, self._clock, staff).table(),
        }
        tokens = (given.bot_token, given.app_token)
        limits = RateLimits(given.rates)
        web_api = WebApi(methods, sockets, manifest.scopes, tokens, self.url, limits, faults)
        controls = PracticeApi(faults, channels, staff, sockets, given.exchange_url)

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            yield
            interactions.stop()
            subscriptions.stop()
            await delivery.close()
            await controls.close()

        routes = [
            Route("/", _page),
            Route("/api/{method}", web_api.answer, methods=["GET", "POST"]),
            WebSocketRoute("/socket/{ticket}", sockets.serve),
            Route("/response/{word}", Answers(channels, tickets, files).answer, methods=["POST"]),
            Route("/upload/{word}", _receiving(files), methods=["POST"]),
            Route("/files/{file_id}", _sending(files)),
            *PeopleApi(manifest, channels, views, feeds, interactions, staff, subscriptions).routes(),
            *Codes(given.secrets, self._clock).routes(),
            *controls.routes(),
            Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
        ]
        return Breakable(Starlette(routes=routes, lifespan=lifespan))

    def _delivery(self, sockets: SocketMode, faults: Faults) -> FaultyDelivery:
        given = self._installation
        if given.request_url is None:
            return FaultyDelivery(sockets, faults, given.ack_s, sends_again=True)
        signed = SignedHttp(given.request_url, given.signing_secret or "", self._clock, given.ack_s)
        return FaultyDelivery(signed, faults, given.ack_s, sends_again=False)


async def _page(request: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _receiving(files: Files) -> Endpoint:
    async def receive(request: Request) -> Response:
        content = await request.body()
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            parts = [part for part in (await request.form()).values() if not isinstance(part, str)]
            content = await parts[0].read() if parts else b""
        if not files.receive(request.path_params["word"], content):
            return PlainTextResponse("no upload is expected here, or its length differs", status_code=400)
        return PlainTextResponse(f"OK - {len(content)}")

    return receive


def _sending(files: Files) -> Endpoint:
    async def send(request: Request) -> Response:
        try:
            file = files.get(request.path_params["file_id"])
        except ApiError:
            return PlainTextResponse("file_not_found", status_code=404)
        if file.content is None:
            return PlainTextResponse("not uploaded yet", status_code=404)
        return Response(file.content, media_type=file.media_type)

    return send
