"""The practice controls under ``/practice``: break things in the workspace, and reach the exchange's knobs.

None of it exists at Slack; no fault ever touches it.
"""

import math
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.practice.channels import Channels
from bot.practice.errors import ApiError, DeskError
from bot.practice.faults import ABOUT, COUNTED, GROUP, Fault, FaultKind, Faults
from bot.practice.json_text import read_object
from bot.practice.people import APP, Kind, Person
from bot.practice.same_origin import refuse_other_sites
from bot.practice.socket_mode import SocketMode
from bot.practice.staff import Staff

EXCHANGE_CONTROLS = {"GET": ("faults", "state"), "POST": ("fault", "market")}
SECONDS_MAX = 600.0
_SECONDS = (FaultKind.DELAY, FaultKind.LATE_DELIVERY, FaultKind.RATE_LIMIT)

Body = dict[str, Any]


class PracticeApi:
    """Puts faults in force, says which are, and mends them all."""

    def __init__(
        self, faults: Faults, channels: Channels, staff: Staff, sockets: SocketMode, exchange_url: str | None
    ) -> None:
        self._faults = faults
        self._channels = channels
        self._staff = staff
        self._sockets = sockets
        self._exchange = httpx.AsyncClient(base_url=exchange_url, trust_env=False) if exchange_url else None

    def routes(self) -> list[BaseRoute]:
        """Give the addresses."""
        return [
            Route("/practice/faults", self._list),
            Route("/practice/fault", self._break, methods=["POST"]),
            Route("/practice/exchange/{control}", self._relay, methods=["GET", "POST"]),
        ]

    async def close(self) -> None:
        """Let go of the exchange."""
        if self._exchange is not None:
            await self._exchange.aclose()

    async def _list(self, request: Request) -> Response:
        return JSONResponse({"faults": self._all()})

    async def _break(self, request: Request) -> Response:
        try:
            refuse_other_sites(request)
            await self._apply(read_object(await request.body()))
        except DeskError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"faults": self._all()})

    async def _relay(self, request: Request) -> Response:
        control = request.path_params["control"]
        try:
            if self._exchange is None:
                raise DeskError("This workspace has no exchange beside it; start it with --exchange-url.")
            if control not in EXCHANGE_CONTROLS[request.method]:
                known = ", ".join(EXCHANGE_CONTROLS[request.method])
                raise DeskError(f"There is no control {request.method} {control}; there are {known}.")
            if request.method == "POST":
                refuse_other_sites(request)
            answer = await self._exchange.request(
                request.method,
                f"/practice/{control}",
                content=await request.body(),
                headers={"content-type": "application/json"},
            )
        except DeskError as error:
            return JSONResponse({"error": str(error)}, 400)
        except httpx.HTTPError:
            return JSONResponse({"error": "The practice exchange does not answer. Is it still running?"}, 502)
        return Response(answer.content, answer.status_code, media_type="application/json")

    def _all(self) -> list[Body]:
        active = self._faults.kinds() | self._standing()
        return [
            {
                "kind": kind,
                "title": about.title,
                "group": GROUP,
                "about": about.about,
                "fields": [each.to_page() for each in about.fields],
                "active": kind in active,
            }
            for kind, about in ABOUT.items()
        ]

    def _standing(self) -> set[FaultKind]:
        rooms = [each for each in self._channels.all() if each.dm_with is None]
        told = {
            FaultKind.LINK_DEAF: self._sockets.has_deaf_links,
            FaultKind.CHANNEL_ARCHIVED: any(each.is_archived for each in rooms),
            FaultKind.BOT_REMOVED: any(APP.user_id not in each.members for each in rooms),
            FaultKind.USER_DEACTIVATED: self._staff.has_deactivated(),
            FaultKind.USER_GUEST: self._staff.became(Kind.GUEST),
            FaultKind.USER_STRANGER: self._staff.became(Kind.STRANGER),
        }
        return {kind for kind, is_so in told.items() if is_so}

    async def _apply(self, body: Body) -> None:
        if body.get("kind") == "none":
            for part in (self._faults, self._channels, self._staff, self._sockets):
                part.mend()
            return
        kind = _kind(body.get("kind"))
        value = _value(kind, body.get("value"))
        if kind in COUNTED:
            where = {name: str(body.get(name) or "") for name in ("method", "channel")}
            self._faults.add(Fault(kind, value, **where, left=_count(body.get("count", 1))))
        elif kind in (FaultKind.CHANNEL_ARCHIVED, FaultKind.BOT_REMOVED):
            self._close_room(kind, str(body.get("channel") or ABOUT[kind].default("channel")))
        elif kind in (FaultKind.USER_DEACTIVATED, FaultKind.USER_GUEST, FaultKind.USER_STRANGER):
            self._change(kind, self._person(body.get("person") or ABOUT[kind].default("person")))
        else:
            await self._break_links(kind, value)

    def _close_room(self, kind: FaultKind, channel_id: str) -> None:
        try:
            channel = self._channels.get(channel_id)
        except ApiError:
            raise DeskError(f"There is no channel {channel_id!r}; channels are named by id.") from None
        if channel.dm_with is not None:
            raise DeskError("Direct messages cannot be archived or left.")
        if kind is FaultKind.CHANNEL_ARCHIVED:
            self._channels.archive(channel)
        else:
            self._channels.leave(channel, APP.user_id)

    def _change(self, kind: FaultKind, person: Person) -> None:
        if kind is FaultKind.USER_DEACTIVATED:
            self._staff.deactivate(person)
        else:
            self._staff.become(person, Kind.GUEST if kind is FaultKind.USER_GUEST else Kind.STRANGER)

    def _person(self, person_id: object) -> Person:
        person = self._staff.find(person_id)
        if person is None:
            raise DeskError(f"Nobody here has the id {person_id!r}; /desk/people lists everybody.")
        return person

    async def _break_links(self, kind: FaultKind, value: str) -> None:
        if not self._sockets.has_links:
            raise DeskError("The bot has no link to this workspace now, so none can be broken.")
        if kind is FaultKind.LINK_DEAF:
            self._sockets.deafen_links(pings=value == "pings")
        elif kind is FaultKind.REFRESH_LINK:
            self._sockets.refresh_links()
        else:
            await self._sockets.cut_links(hard=kind is FaultKind.LINK_CUT_HARD)


def _kind(word: object) -> FaultKind:
    try:
        return FaultKind(str(word))
    except ValueError:
        raise DeskError(f"kind cannot be {word!r}; it is none or one of {', '.join(FaultKind)}.") from None


def _value(kind: FaultKind, given: object) -> str:
    field = next((each for each in ABOUT[kind].fields if each.name == "value"), None)
    if field is None:
        return ""
    value = field.default if given in (None, "") else str(given)
    if field.choices and value not in field.choices:
        raise DeskError(f"value of {kind} is one of {', '.join(field.choices)}, not {value!r}.")
    if kind in _SECONDS and not 0 < _number(value) <= SECONDS_MAX:
        raise DeskError(f"value of {kind} is a number of seconds up to {SECONDS_MAX:g}, not {value!r}.")
    return value


def _count(given: object) -> int | None:
    number = _number(given)
    if not number.is_integer() or not 0 <= number <= 1_000_000:
        raise DeskError("count must be 1 or more, or 0 for all until it is mended.")
    return int(number) or None


def _number(given: object) -> float:
    try:
        number = float(str(given))
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0
