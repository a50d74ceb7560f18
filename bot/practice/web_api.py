"""Slack's Web API: tokens, scopes, arguments in, one method called, JSON out."""

import json
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.practice.errors import ApiError
from bot.practice.methods.arguments import Arguments
from bot.practice.methods.method import Method
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
    ) -> None:
        self._methods = methods
        self._sockets = sockets
        self._scopes = scopes
        self._bot_token, self._app_token = tokens
        self._base_url = base_url

    async def answer(self, request: Request) -> Response:
        """Answer one call."""
        name = request.path_params["method"]
        headers = {}
        try:
            given = await _given(request)
            token = _token(request, given)
            body = self._call(name, token, given)
        except ApiError as error:
            body = error.as_reply()
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
            socket_url = self._base_url.replace("http", "ws", 1)
            return {"ok": True, "url": f"{socket_url}/socket/{self._sockets.invite()}"}
        if token != self._bot_token:
            raise ApiError("not_allowed_token_type")
        method = self._methods[name]
        if method.scopes and not self._scopes.intersection(method.scopes):
            provided = ",".join(sorted(self._scopes))
            raise ApiError("missing_scope", needed=method.scopes[0], provided=provided)
        return {"ok": True, **method.run(Arguments(given, self._base_url))}


async def _given(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        return given | body
    if media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.form()
        given |= {key: value for key, value in form.items() if not isinstance(value, UploadFile)}
    return given


def _token(request: Request, given: dict[str, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else str(given.get("token") or "")
