"""What people do in the workspace, for the web page and for scenario tests: ``/desk/...``."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.practice.channels import Channel, Channels
from bot.practice.content import escaped, with_mentions
from bot.practice.errors import ApiError, DeskError
from bot.practice.feed import Feeds
from bot.practice.interactions import Interactions, Result
from bot.practice.json_text import read_object
from bot.practice.manifest import Manifest
from bot.practice.people import APP, Person
from bot.practice.same_origin import is_same_origin, refuse_other_sites
from bot.practice.staff import Staff
from bot.practice.subscriptions import Subscriptions
from bot.practice.views import Views

WAIT_S_MAX = 30.0

Body = dict[str, Any]
Act = Callable[[Person, Body], Awaitable[Result]]


class PeopleApi:
    """Shows each person what that person may see, and does what that person does."""

    def __init__(
        self,
        manifest: Manifest,
        channels: Channels,
        views: Views,
        feeds: Feeds,
        interactions: Interactions,
        staff: Staff,
        subscriptions: Subscriptions,
    ) -> None:
        self._staff = staff
        self._subscriptions = subscriptions
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
            "shortcut": self._shortcut,
            "join": self._join,
            "leave": self._leave,
        }
        return [
            Route("/desk/people", self._people),
            Route("/desk/app", self._app),
            Route("/desk/state", self._state),
            Route("/desk/events", self._events),
            WebSocketRoute("/desk/live", self._live),
            *(Route(f"/desk/{name}", self._doing(act), methods=["POST"]) for name, act in acts.items()),
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
                "active": self._staff.is_active(each.id),
            }
            for each in self._staff.all()
        ]
        return JSONResponse(people)

    async def _app(self, request: Request) -> Response:
        commands = [
            {"command": each.command, "description": each.description, "usage_hint": each.usage_hint}
            for each in self._manifest.commands
        ]
        shortcuts = [
            {"name": each.name, "callback_id": each.callback_id, "on_message": each.is_for_messages}
            for each in self._manifest.shortcuts
        ]
        return JSONResponse(
            {
                "name": self._manifest.name,
                "bot_user": APP.user_id,
                "commands": commands,
                "shortcuts": shortcuts,
            }
        )

    async def _state(self, request: Request) -> Response:
        try:
            person = self._asked_by(request)
        except DeskError as error:
            return _refusal(error)
        home = self._views.home_of(person.id)
        channels = [self._channels.page_of(each) for each in self._channels.of(person.id)]
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
            feed = self._feeds.of(self._asked_by(request).id)
            after = _number(request, "after", 0)
            wait_s = min(_number(request, "wait_s", 0), WAIT_S_MAX)
        except DeskError as error:
            return _refusal(error)
        return JSONResponse(await feed.wait_after(int(after), wait_s))

    async def _live(self, socket: WebSocket) -> None:
        try:
            if not is_same_origin(socket):
                raise DeskError("This page is of another site.")
            feed = self._feeds.of(self._asked_by(socket).id)
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
        if channel.is_archived:  # Slack shows no box to type a command into either
            raise DeskError(f"{channel.name} is archived: it can be read, not written in.")
        if text.startswith("/"):
            word = text.split(maxsplit=1)[0]
            known = self._manifest.command_in(text)
            if known is None:
                return self._interactions.notice(person, f"{word} is not a valid command.")
            if thread_ts:
                return self._interactions.notice(person, f"{word} is not supported in threads. Sorry!")
            return await self._interactions.command(person, channel, *known)
        root_ts = channel.root_of(str(thread_ts)) if thread_ts else None
        if thread_ts and root_ts is None:
            raise DeskError(f"There is no message {thread_ts} to answer in {channel.name}.")
        names = {each.name: each.id for each in self._staff.all()} | {self._manifest.name: APP.user_id}
        self._channels.say(channel, person.id, with_mentions(escaped(text), names), thread_ts=root_ts)
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
        tab = str(body.get("tab") or "home")
        if tab not in ("home", "messages"):
            raise DeskError(f"The app has the tabs home and messages, not {tab!r}.")
        home = self._views.home_of(person.id)
        self._subscriptions.home_opened(person, tab, home.to_slack() if home else None)
        return Result()

    async def _shortcut(self, person: Person, body: Body) -> Result:
        channel = self._joined(person, body) if body.get("channel") else None
        message = None
        if channel is not None and body.get("ts"):
            message = self._channels.visible(person, channel.id, str(body["ts"]))
        return await self._interactions.shortcut(person, str(body.get("callback_id")), channel, message)

    async def _join(self, person: Person, body: Body) -> Result:
        self._channels.join(self._open_room(body), person.id)
        return Result()

    async def _leave(self, person: Person, body: Body) -> Result:
        channel = self._joined(person, body)
        if channel.dm_with is not None:
            raise DeskError("Nobody leaves direct messages.")
        self._channels.leave(channel, person.id)
        return Result()

    def _open_room(self, body: Body) -> Channel:
        for channel in self._channels.all():
            if channel.id == body.get("channel") and channel.family == "channels" and not channel.is_archived:
                return channel
        raise DeskError(f"There is no public channel {body.get('channel')} to join.")

    def _joined(self, person: Person, body: Body) -> Channel:
        for channel in self._channels.of(person.id):
            if channel.id == body.get("channel"):
                return channel
        raise DeskError(f"{person.name} is not in a channel {body.get('channel')}.")

    def _doing(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                refuse_other_sites(request)
                body = read_object(await request.body())
                result = await act(self._person(body.get("as")), body)
            except DeskError as error:
                return _refusal(error)
            except ApiError as error:
                return _refusal(DeskError(error.error))
            return JSONResponse(result.to_page())

        return endpoint

    def _person(self, asked: object) -> Person:
        person = self._staff.find(asked)
        if person is None:
            raise DeskError(f"Nobody here has the id {asked!r}; /desk/people lists everybody.")
        if not self._staff.is_active(person.id):
            raise DeskError(f"{person.name}'s account is deactivated.")
        return person

    def _asked_by(self, connection: HTTPConnection) -> Person:
        return self._person(connection.query_params.get("as"))


def _number(connection: HTTPConnection, name: str, default: float) -> float:
    try:
        number = float(connection.query_params.get(name) or default)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DeskError(f"{name} must be a number.")
    return number


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
