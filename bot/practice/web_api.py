"""Slack's Web API: tokens, scopes, arguments in, one method called, JSON out."""

import asyncio
import math
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.practice.connection import HungUp
from bot.practice.errors import ApiError, RateLimited, missing_scope
from bot.practice.faults import CALLS, FaultKind, Faults
from bot.practice.json_text import read_json
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Method
from bot.practice.rates import RateLimits, Tier
from bot.practice.socket_mode import SocketMode


class WebApi:
    """Answers ``/api/<method>``; errors are HTTP 200 with ``ok: false``, as at Slack."""

    def __init__(
        self,
        methods: dict[str, Method],
        sockets: SocketMode,
        scopes: frozenset[str],
        tokens: tuple[str, str],
        base_url: str,
        limits: RateLimits,
        faults: Faults,
    ) -> None:
        self._methods = methods
        self._sockets = sockets
        self._scopes = scopes
        self._bot_token, self._app_token = tokens
        self._base_url = base_url
        self._limits = limits
        self._faults = faults

    async def answer(self, request: Request) -> Response:
        """Answer one call, or let it fail as a fault will have it."""
        name = request.path_params["method"]
        try:
            given = await _given(request)
        except ApiError as error:
            return self._reply(name, error.as_reply())
        met = self._faults.take(CALLS, name, _channel(given))
        if FaultKind.DELAY in met:
            await asyncio.sleep(float(met[FaultKind.DELAY]))
        if FaultKind.DROPPED in met:
            return HungUp(request)
        if FaultKind.ERROR_5XX in met:
            trouble = "<html>upstream connect error</html>"
            return Response(trouble, int(met[FaultKind.ERROR_5XX]), media_type="text/html")
        try:
            if FaultKind.RATE_LIMIT in met:
                raise RateLimited(math.ceil(float(met[FaultKind.RATE_LIMIT])))
            response = self._reply(name, self._call(name, _token(request, given), given))
        except RateLimited as error:
            headers = {"retry-after": str(error.after_s)}
            response = JSONResponse(error.as_reply(), 429, headers)
        except ApiError as error:
            response = self._reply(name, error.as_reply())
        return HungUp(request) if FaultKind.LOST_ANSWER in met else response

    def _reply(self, name: str, body: dict[str, Any]) -> Response:
        headers = {}
        if name in self._methods:
            headers["x-oauth-scopes"] = ",".join(sorted(self._scopes))
            headers["x-accepted-oauth-scopes"] = ",".join(self._methods[name].scopes)
        return JSONResponse(body, headers=headers)

    def _call(self, name: str, token: str, given: dict[str, Any]) -> dict[str, Any]:
        if name != "apps.connections.open" and name not in self._methods:
            raise ApiError("unknown_method", req_method=name)
        if not token:
            raise ApiError("not_authed")
        if token not in (self._bot_token, self._app_token):
            raise ApiError("invalid_auth")
        if name == "apps.connections.open":
            if token != self._app_token:
                raise ApiError("not_allowed_token_type")
            self._count(name, Tier.THREE, "")
            socket_url = self._base_url.replace("http", "ws", 1)
            return {"ok": True, "url": f"{socket_url}/socket/{self._sockets.invite()}"}
        if token != self._bot_token:
            raise ApiError("not_allowed_token_type")
        method = self._methods[name]
        self._count(name, method.tier, _channel(given))
        if method.scopes and not self._scopes.intersection(method.scopes):
            raise missing_scope(method.scopes[0], self._scopes)
        return {"ok": True, **method.run(Arguments(given, self._base_url))}

    def _count(self, name: str, tier: Tier | None, channel: str) -> None:
        if after_s := self._limits.take(name, tier, channel):
            raise RateLimited(after_s)


def _channel(given: dict[str, Any]) -> str:
    return str(given.get("channel") or given.get("channel_id") or "")


async def _given(request: Request) -> dict[str, Any]:
    """Read the arguments; of a field that is given twice the last one counts."""
    given: dict[str, Any] = dict(request.query_params)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        try:
            body = read_json(await request.body() or b"{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        # In JSON a token is no argument: there Slack takes it from the header alone.
        return given | {key: value for key, value in body.items() if key != "token"}
    if media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            form = await request.form()
        except (HTTPException, ValueError):
            raise ApiError("invalid_form_data") from None
        return given | {key: value for key, value in form.items() if not isinstance(value, UploadFile)}
    if media_type not in ("", "text/plain") and request.method == "POST":
        raise ApiError("invalid_post_type")
    return given


def _token(request: Request, given: dict[str, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else str(given.get("token") or "")
