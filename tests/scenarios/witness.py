"""What everybody in the workspace saw, gathered from the people API, and the conversation written down."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from tests.scenarios.reading import Json, buttons, message_text, view_text

Found = TypeVar("Found")

# One long poll; the deadline is made of several.
POLL_S = 1.0


@dataclass(eq=False, slots=True)
class Said:
    """A message, private message or notice; ``heard`` is the last version that somebody expected."""

    where: str
    channel: str
    person: str | None
    message: Json
    order: int
    version: int = 1
    heard: int = 0
    gone: bool = False

    @property
    def text(self) -> str:
        """What stands in it now."""
        return message_text(self.message)

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons now."""
        return buttons(self.message["blocks"])

    @property
    def is_news(self) -> bool:
        """Whether nobody has expected it as it reads now."""
        return self.heard < self.version and not self.gone


@dataclass(eq=False, slots=True)
class Shown:
    """A form or home that a person was shown."""

    person: str
    view: Json
    order: int
    looked_at: bool = False
    closed: bool = False
    unread_errors: dict[str, str] = field(default_factory=dict)


class Witness:
    """Reads every person's events once and keeps what they add up to."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.names = {person["id"]: person["name"] for person in self.ask("/desk/people")}
        self.said: dict[tuple[str, str, str | None], Said] = {}
        self.stacks: dict[str, list[Shown]] = {person: [] for person in self.names}
        self.homes: dict[str, Shown] = {}
        self.views: list[Shown] = []
        self._seq: dict[str, int] = {}
        self._orders: set[int] = set()
        self._lines: list[tuple[int, str]] = []
        self.channels: dict[str, Json] = {}
        for person in self.names:
            self._begin(person)

    def channel_id(self, name: str, person: str | None = None) -> str:
        """Give the id of a channel; "dm" is the person's direct messages with the app."""
        for channel in self.channels.values():
            if name == "dm" and person and channel["person"] == person:
                return str(channel["id"])
            if channel["kind"] == "channel" and channel["name"] == name:
                return str(channel["id"])
        raise AssertionError(f"There is no channel {name!r}.")

    def ask(self, path: str, **query: object) -> Any:
        """Get JSON from the people API."""
        response = self._http.get(path, params={key: str(value) for key, value in query.items()}, timeout=30)
        assert response.status_code == 200, f"{path} said {response.text}"
        return response.json()

    def do(self, path: str, what: str, **body: object) -> Json:
        """Let a person act and note it; fails where the workspace says that this cannot be done."""
        self._note(max(self._orders, default=0), f"{self.names[str(body['as'])]} {what}")
        response = self._http.post(path, json=body, timeout=30)
        if response.status_code != 200:
            self.fail(f"{self.names[str(body['as'])]} {what}, but: {response.json()['error']}")
        reply: Json = response.json()
        return reply

    def until(
        self, look: Callable[[], Found | None], person: str, deadline_s: float, otherwise: Callable[[], str]
    ) -> Found:
        """Look again after each of this person's events, until something is found."""
        end = time.monotonic() + deadline_s
        self.catch_up([person])
        while True:
            found = look()
            if found is not None:
                return found
            left_s = end - time.monotonic()
            if left_s <= 0:
                self.fail(f"{otherwise()} (waited {deadline_s:g} s)")
            self._read(person, min(left_s, POLL_S))

    def catch_up(self, persons: Iterable[str] | None = None) -> None:
        """Read what has happened up to now."""
        for person in persons or self.names:
            self._read(person, 0)

    def settle(self, quiet_s: float) -> None:
        """Read on until nothing has happened for a while."""
        self.catch_up()
        anybody = next(iter(self.names))
        while self._read(anybody, quiet_s):
            self.catch_up()
        self.catch_up()

    def fail(self, why: str) -> Any:
        """Fail the scenario, with the conversation so far."""
        __tracebackhide__ = True
        self.catch_up()
        raise AssertionError(f"{why}\n\nThe conversation so far:\n{self.transcript()}")

    def transcript(self) -> str:
        """Give the conversation so far, a line for each thing that happened."""
        return (
            "\n".join(f"  {line}" for _, line in sorted(self._lines, key=lambda each: each[0])) or "  nothing"
        )

    def _begin(self, person: str) -> None:
        state = self.ask("/desk/state", **{"as": person})
        self._seq[person] = state["seq"]
        for channel in state["channels"]:
            self.channels[channel["id"]] = {**channel, "person": person if channel["kind"] == "dm" else None}
            for message in channel["messages"]:
                said = self._hear(person, 0, channel["id"], message)
                said.heard = said.version
        for view in state["modals"]:
            self.stacks[person].append(Shown(person, view, 0, looked_at=True))
        if state["home"]:
            self.homes[person] = Shown(person, state["home"], 0, looked_at=True)

    def _read(self, person: str, wait_s: float) -> int:
        query = {"as": person, "after": self._seq[person], "wait_s": wait_s}
        events: list[Json] = self.ask("/desk/events", **query)
        for event in events:
            self._seq[person] = event["seq"]
            if event["order"] not in self._orders:
                self._orders.add(event["order"])
                self._take(person, event)
        return len(events)

    def _take(self, person: str, event: Json) -> None:
        kind, order = event["type"], event["order"]
        name = self.names[person]
        if kind in ("message", "message_changed"):
            said = self._hear(person, order, event["channel"], event["message"])
            speaker = event["message"]["username"] + (" rewrites" if kind == "message_changed" else "")
            marks = "".join(f" [{label}]" for label in said.buttons)
            self._note(order, f"{said.where} {speaker}: {said.text}{marks}")
        elif kind == "message_deleted":
            for key in ((event["channel"], event["ts"], None), (event["channel"], event["ts"], person)):
                if key in self.said:
                    self.said[key].gone = True
                    self._note(order, f"{self.said[key].where} a message is deleted: {self.said[key].text}")
        elif kind == "notice":
            message = {"text": event["text"], "blocks": [], "files": [], "bot": True, "thread_ts": None}
            self.said["notice", str(order), person] = Said(f"Slack to {name}", "", person, message, order)
            self._note(order, f"Slack tells {name}: {event['text']}")
        elif kind == "home":
            self.homes[person] = Shown(person, event["view"], order, looked_at=True)
            self._note(order, f"{name}'s home: {view_text(event['view'])}")
        elif kind.startswith("view_"):
            self._take_view(person, kind, order, event["view"])

    def _take_view(self, person: str, kind: str, order: int, view: Json) -> None:
        stack = self.stacks[person]
        known = next((shown for shown in stack if shown.view["id"] == view["id"]), None)
        if known is None:
            known = Shown(person, view, order)
            stack.append(known)
            self.views.append(known)
        if view["errors"] != known.view["errors"]:
            known.unread_errors |= view["errors"]
        known.view = view
        if kind == "view_closed":
            known.closed = True
            stack.remove(known)
        complaints = f" complaints: {view['errors']}" if view["errors"] else ""
        what = {"view_opened": "is shown", "view_updated": "now sees", "view_closed": "no longer sees"}[kind]
        self._note(order, f"{self.names[person]} {what} the form: {view_text(view)}{complaints}")

    def _hear(self, person: str, order: int, channel: str, message: Json) -> Said:
        home = self.channels[channel]
        private = person if message["ephemeral"] or home["kind"] == "dm" else None
        key = (channel, message["ts"], private if message["ephemeral"] else None)
        said = self.said.get(key)
        if said is None:
            where = f"to {self.names[person]} alone" if private else f"#{home['name']}"
            where = f"{where} (thread)" if message["thread_ts"] else where
            said = self.said[key] = Said(where, channel, private, message, order)
        elif said.message != message:
            said.message, said.version = message, said.version + 1
        return said

    def _note(self, order: int, line: str) -> None:
        self._lines.append((order, line))
