"""The HTTP side: Kraken's paths, the practice controls, and a server in a thread for tests and the demo."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from trading.practice_exchange import control_api, private_api, public_api
from trading.practice_exchange.assets import STARTING_BALANCES
from trading.practice_exchange.errors import KrakenError
from trading.practice_exchange.exchange import Clock, Exchange
from trading.practice_exchange.fault_control import ControlError
from trading.practice_exchange.faults import BLANK_BODIES, FaultKind
from trading.practice_exchange.journal import JOURNALED
from trading.practice_exchange.keys import ApiKey
from trading.practice_exchange.rates import DEFAULT_TIER, TIERS, Tier

TICK_S = 0.1
# Longer than any client keeps an idle connection: a server that closes first loses what is sent meanwhile.
KEEP_ALIVE_S = 75
_LOOK_S = 0.01
_START_WITHIN_S = 20
_SHARES = {"": Decimal(0), "half": Decimal("0.5"), "all": Decimal(1)}


class PracticeExchange:
    """A practice exchange with its HTTP application; `running` serves it on loopback."""

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        keys: Iterable[ApiKey] = (),
        speed: float = 1.0,
        balances: Mapping[str, Decimal] = STARTING_BALANCES,
        tier: Tier = TIERS[DEFAULT_TIER],
    ) -> None:
        self.exchange = Exchange(clock, seed, keys, speed, balances, tier)
        self.url = ""
        self.app = Starlette(
            routes=[
                Route("/0/public/{endpoint}", self._public, methods=["GET", "POST"]),
                Route("/0/private/{endpoint}", self._private, methods=["POST"]),
                Route("/practice/{control}", self._control, methods=["GET", "POST"]),
            ],
            lifespan=self._ticking,
        )

    @classmethod
    @contextmanager
    def running(
        cls,
        *,
        clock: Clock,
        seed: int = 1,
        keys: Iterable[ApiKey] = (),
        speed: float = 1.0,
        balances: Mapping[str, Decimal] = STARTING_BALANCES,
        tier: Tier = TIERS[DEFAULT_TIER],
        port: int = 0,
    ) -> Iterator["PracticeExchange"]:
        """Serve an exchange from a thread on 127.0.0.1 until the block ends; `url` is its address."""
        practice = cls(clock=clock, seed=seed, keys=keys, speed=speed, balances=balances, tier=tier)
        config = uvicorn.Config(
            practice.app,
            host="127.0.0.1",
            port=port,
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="critical",
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        server = _Server(config)
        thread = threading.Thread(target=server.run, name="practice-exchange", daemon=True)
        thread.start()
        try:
            practice.url = f"http://127.0.0.1:{server.wait_for_port(port)}"
            yield practice
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(_START_WITHIN_S)

    @asynccontextmanager
    async def _ticking(self, app: Starlette) -> AsyncIterator[None]:
        """Let time pass although nobody asks, so that timers fire and orders fill."""
        ticks = asyncio.create_task(self._tick_forever())
        yield
        ticks.cancel()

    async def _tick_forever(self) -> None:
        while True:
            with self.exchange.lock:
                self.exchange.advance(self.exchange.clock())
            await asyncio.sleep(TICK_S)

    async def _public(self, request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        params = dict(request.query_params) | _params("", await request.body())
        with self.exchange.lock:
            faults = self.exchange.faults.take(endpoint, is_private=False)
        if spoiled := _spoiled(faults):
            return spoiled
        await self._wait(faults.get(FaultKind.DELAY_S, "0"))
        with self.exchange.lock:
            now = self._advance()
            try:
                _refuse_by(faults, endpoint)
                return _json({"error": [], "result": public_api.answer(self.exchange, endpoint, params, now)})
            except KrakenError as error:
                return _json({"error": [str(error)]})

    async def _private(self, request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        body = await request.body()
        params = _params(request.headers.get("content-type", ""), body)
        key = request.headers.get("api-key", "")
        exchange = self.exchange
        with exchange.lock:
            arrived_at = self._advance()
            number = (
                exchange.journal.arrived(endpoint, key, params, arrived_at) if endpoint in JOURNALED else None
            )
            faults = exchange.faults.take(endpoint, is_private=True)
            if spoiled := _spoiled(faults):
                self._note(number, next(iter(faults)))
                return spoiled
            try:
                api_key = exchange.keys.authenticate(
                    path=request.url.path,
                    body=body,
                    key=key,
                    signature=request.headers.get("api-sign", ""),
                    nonce=params.get("nonce", ""),
                    now=arrived_at,
                )
                exchange.rates.call(key, endpoint, arrived_at)
                _refuse_by(faults, endpoint)
            except KrakenError as error:
                return self._refusal(number, error)
        await self._wait(faults.get(FaultKind.DELAY_S, "0"))
        with exchange.lock:
            late_fills = _SHARES[faults.get(FaultKind.LATE_FILLS, "")]
            call = private_api.Call(exchange, api_key, params, arrived_at, self._advance(), late_fills)
            try:
                result = private_api.answer(call, endpoint)
            except KrakenError as error:
                return self._refusal(number, error)
            return self._reply(number, faults, result)

    async def _control(self, request: Request) -> Response:
        name = request.path_params["control"]
        controls = control_api.READS if request.method == "GET" else control_api.WRITES
        if name not in controls:
            return _json(
                {"error": f"There is no control {request.method} {name}; there are {', '.join(controls)}."},
                404,
            )
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ControlError("The body must be a JSON object.")
            with self.exchange.lock:
                return _json(controls[name](self.exchange, body, self._advance()))
        except (KrakenError, ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)

    async def _wait(self, seconds: str) -> None:
        """Keep a call waiting, by the clock of the exchange."""
        until = self.exchange.clock() + timedelta(seconds=float(seconds))
        while self.exchange.clock() < until:
            await asyncio.sleep(_LOOK_S)

    def _advance(self) -> datetime:
        now = self.exchange.clock()
        self.exchange.advance(now)
        return now

    def _note(self, number: int | None, outcome: str, txids: tuple[str, ...] = ()) -> None:
        if number is not None:
            self.exchange.journal.ended(number, outcome, txids)

    def _refusal(self, number: int | None, error: KrakenError) -> Response:
        self._note(number, str(error))
        return _json({"error": [str(error)]})

    def _reply(self, number: int | None, faults: Mapping[FaultKind, str], result: Any) -> Response:
        """Answer a call that had its effect, unless a fault swallows the answer."""
        txids = tuple(result.get("txid", ())) if isinstance(result, dict) else ()
        for lost in (FaultKind.LOST_ANSWER, FaultKind.LOST_CANCEL):
            if lost in faults:
                self._note(number, lost, txids)
                return _Dropped()
        if FaultKind.SERVICE_TIMEOUT in faults:
            self._note(number, FaultKind.SERVICE_TIMEOUT, txids)
            return _json({"error": ["EService:Timeout"]})
        self._note(number, "ok", txids)
        return _json({"error": [], "result": result})


class _Server(uvicorn.Server):
    """A uvicorn server in a thread, which leaves the signals of the process alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._is_up = threading.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self._is_up.set()

    def wait_for_port(self, port: int) -> int:
        """Wait until it listens; gives the port, the real one where 0 was asked for."""
        if not self._is_up.wait(_START_WITHIN_S) or not self.started:
            raise RuntimeError(
                f"The practice exchange could not listen on 127.0.0.1:{port}: is the port taken?"
            )
        return int(self.servers[0].sockets[0].getsockname()[1])


class _Dropped(Response):
    """Promises a body and never sends it, upon which uvicorn closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


def _spoiled(faults: Mapping[FaultKind, str]) -> Response | None:
    """Give the answer of a call that never reached the exchange behind the web server."""
    if FaultKind.ERROR_5XX in faults:
        return Response("upstream unavailable", int(faults[FaultKind.ERROR_5XX]), media_type="text/plain")
    if FaultKind.BLANK_200 in faults:
        kind = faults[FaultKind.BLANK_200]
        return Response(BLANK_BODIES[kind], media_type="text/html" if kind == "html" else "application/json")
    return _Dropped() if FaultKind.DROPPED in faults else None


def _refuse_by(faults: Mapping[FaultKind, str], endpoint: str) -> None:
    if FaultKind.INVALID_SIGNATURE in faults:
        raise KrakenError("EAPI:Invalid signature")
    if FaultKind.INVALID_NONCE in faults:
        raise KrakenError("EAPI:Invalid nonce")
    if FaultKind.RATE_LIMIT in faults:
        family = "EOrder" if endpoint == "AddOrder" else "EAPI"
        raise KrakenError(f"{family}:Rate limit exceeded")
    if FaultKind.REJECT in faults:
        raise KrakenError(faults[FaultKind.REJECT])


def _params(content_type: str, body: bytes) -> dict[str, str]:
    """Read a form or a JSON object; lists become name[0], name[1] as ccxt writes them in forms."""
    text = body.decode("utf-8", "replace")
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    params: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        if isinstance(value, list):
            params |= {f"{name}[{index}]": str(item) for index, item in enumerate(value)}
        else:
            params[name] = str(value)
    return params


def _json(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")
