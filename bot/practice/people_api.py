"""What people do in the workspace, for the web page and for scenario tests: ``/desk/...``."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.practice.channels import Channel, Channels
from bot.practice.content import escaped
from bot.practice.errors import ApiError, DeskError
from bot.practice.feed import Feeds
from bot.practice.interactions import Interactions, Result
from bot.practice.manifest import Manifest
from bot.practice.people import APP, PEOPLE, Person
from bot.practice.views import Views

WAIT_S_MAX = 30.0

Body = dict[str, Any]
Act = Callable[[Person, Body], Awaitable[Result]]


class PeopleApi:
    """Shows each person what that person may see, and does what that person does."""

    def __init__(
        self, manifest: Manifest, channels: Channels, views: Views, feeds: Feeds, interactions: Interactions
    ) -> None:
        self._manifest = manifest
        self._channels = channels
        self._views = views
        self._feeds = feeds
        self._interactions = interactions

    def routes(self) -> list[BaseRoute]:
        """Give the addresses."""
        acts: dict[str, Act] = {
            "say": self._say,
            "act": self._act,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
        }
        return [
            Route("/desk/people", self._people),
            Route("/desk/app", self._app),
            Route("/desk/state", self._state),
            Route("/desk/events", self._events),
            WebSocketRoute("/desk/live", self._live),
            *(Route(f"/desk/{name}", _doing(act), methods=["POST"]) for name, act in acts.items()),
        ]

    async def _people(self, request: Request) -> Response:
        people = [
            {
                "id": each.id,
                "team": each.team.id,
                "name": each.name,
                "title": each.title,
                "kind": each.kind,
                "timezone": each.timezone,
            }
            for each in PEOPLE
        ]
        return JSONResponse(people)

    async def _app(self, request: Request) -> Response:
        commands = [
            {"command": each.command, "description": each.description, "usage_hint": each.usage_hint}
            for each in self._manifest.commands
        ]
        return JSONResponse({"name": self._manifest.name, "bot_user": APP.user_id, "commands": commands})

    async def _state(self, request: Request) -> Response:
        try:
            person = _asked_by(request)
        except DeskError as error:
            return _refusal(error)
        home = self._views.home_of(person.id)
        channels = [
            {
                **each.to_page(),
                "messages": [self._channels.to_page(message) for message in each.messages.values()],
            }
            for each in self._channels.of(person.id)
        ]
        return JSONResponse(
            {
                "me": person.id,
                "channels": channels,
                "home": self._views.to_page(home) if home else None,
                "modals": [self._views.to_page(view) for view in self._views.stack_of(person.id)],
                "seq": self._feeds.of(person.id).seq,
            }
        )

    async def _events(self, request: Request) -> Response:
        try:
            feed = self._feeds.of(_asked_by(request).id)
            after = _number(request, "after", 0)
            wait_s = min(_number(request, "wait_s", 0), WAIT_S_MAX)
        except DeskError as error:
            return _refusal(error)
        return JSONResponse(await feed.wait_after(int(after), wait_s))

    async def _live(self, socket: WebSocket) -> None:
        try:
            feed = self._feeds.of(_asked_by(socket).id)
            seq = int(_number(socket, "after", feed.seq))
        except DeskError:
            await socket.close(code=4004)
            return
        await socket.accept()
        gone = asyncio.ensure_future(_until_closed(socket))
        try:
            while not gone.done():
                news = asyncio.ensure_future(feed.wait_after(seq, None))
                await asyncio.wait({gone, news}, return_when=asyncio.FIRST_COMPLETED)
                if not news.done():
                    news.cancel()
                    break
                for event in news.result():
                    await socket.send_json(event)
                    seq = event["seq"]
        except (WebSocketDisconnect, RuntimeError):
            # The window was closed while an event was on its way.
            pass
        finally:
            gone.cancel()

    async def _say(self, person: Person, body: Body) -> Result:
        channel = self._joined(person, body)
        text = str(body.get("text") or "")
        thread_ts = body.get("thread_ts")
        if not text.strip():
            raise DeskError("There is nothing to say: text is empty.")
        if text.startswith("/"):
            word = text.split(maxsplit=1)[0]
            known = self._manifest.command_in(text)
            if known is None:
                return self._interactions.notice(person, f"{word} is not a valid command.")
            if thread_ts:
                return self._interactions.notice(person, f"{word} is not supported in threads. Sorry!")
            return await self._interactions.command(person, channel, *known)
        if thread_ts and thread_ts not in channel.messages:
            raise DeskError(f"There is no message {thread_ts} to answer in {channel.name}.")
        self._channels.say(channel, person.id, escaped(text), thread_ts=thread_ts)
        return Result()

    async def _act(self, person: Person, body: Body) -> Result:
        block_id = body.get("block_id")
        ids = (None if block_id is None else str(block_id), str(body.get("action_id")))
        value = body.get("value")
        if body.get("view_id"):
            view = self._views.open_for(person, str(body["view_id"]))
            return await self._interactions.press_in_view(person, view, ids, value, _typed(body))
        channel = self._joined(person, body)
        message = self._channels.visible(person, channel.id, str(body.get("ts")))
        return await self._interactions.press_in_message(person, channel, message, ids, value)

    async def _submit(self, person: Person, body: Body) -> Result:
        view = self._views.open_for(person, str(body.get("view_id")))
        return await self._interactions.submit(person, view, _typed(body))

    async def _close(self, person: Person, body: Body) -> Result:
        self._interactions.close(person, self._views.open_for(person, str(body.get("view_id"))))
        return Result()

    async def _home(self, person: Person, body: Body) -> Result:
        self._interactions.open_home(person)
        return Result()

    def _joined(self, person: Person, body: Body) -> Channel:
        for channel in self._channels.of(person.id):
            if channel.id == body.get("channel"):
                return channel
        raise DeskError(f"{person.name} is not in a channel {body.get('channel')}.")


def _doing(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise DeskError("The body must be a JSON object.")
            result = await act(_person(body.get("as")), body)
        except ValueError:
            return _refusal(DeskError("The body is not valid JSON."))
        except DeskError as error:
            return _refusal(error)
        except ApiError as error:
            return _refusal(DeskError(error.error))
        return JSONResponse(result.to_page())

    return endpoint


def _person(asked: object) -> Person:
    for person in PEOPLE:
        if person.id == asked:
            return person
    raise DeskError(f"Nobody here has the id {asked!r}; /desk/people lists everybody.")


def _asked_by(connection: HTTPConnection) -> Person:
    return _person(connection.query_params.get("as"))


def _number(connection: HTTPConnection, name: str, default: float) -> float:
    try:
        return float(connection.query_params.get(name) or default)
    except ValueError:
        raise DeskError(f"{name} must be a number.") from None


def _typed(body: Body) -> dict[str, dict[str, object]]:
    values = body.get("values") or {}
    if not isinstance(values, dict) or not all(isinstance(each, dict) for each in values.values()):
        raise DeskError("values must be {block_id: {action_id: value}}.")
    return values


async def _until_closed(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


def _refusal(error: DeskError) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)
