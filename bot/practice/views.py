"""Forms (modals, stacked at most three deep) and the App Home, one set a person."""

import copy
from dataclasses import dataclass, field
from typing import Any

from bot.practice.blocks import Block
from bot.practice.content import as_kept
from bot.practice.errors import ApiError, DeskError
from bot.practice.feed import Feeds
from bot.practice.files import Files
from bot.practice.identifiers import Identifiers
from bot.practice.inputs import Values, initial_values
from bot.practice.people import APP, HOME_TEAM, Person

STACK_MAX = 3

# What an update replaces whether it is given or not, and what it is when it is not.
PARTS: dict[str, Any] = {
    "blocks": [],
    "title": None,
    "submit": None,
    "close": None,
    "callback_id": "",
    "private_metadata": "",
    "external_id": "",
    "notify_on_close": False,
    "clear_on_close": False,
    "submit_disabled": False,
}


@dataclass(slots=True)
class View:
    """A modal or a home as one person has it open."""

    id: str
    owner: str
    type: str
    blocks: list[Block]
    hash: str
    title: Block | None = None
    submit: Block | None = None
    close: Block | None = None
    callback_id: str = ""
    private_metadata: str = ""
    external_id: str = ""
    notify_on_close: bool = False
    clear_on_close: bool = False
    submit_disabled: bool = False
    root_view_id: str = ""
    previous_view_id: str | None = None
    values: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def to_slack(self) -> dict[str, Any]:
        """Give the view object of Slack's API."""
        return {
            "id": self.id,
            "team_id": HOME_TEAM.id,
            "app_id": APP.app_id,
            "app_installed_team_id": HOME_TEAM.id,
            "bot_id": APP.bot_id,
            "type": self.type,
            "title": self.title,
            "submit": self.submit,
            "close": self.close,
            "blocks": as_kept(self.blocks),
            "private_metadata": self.private_metadata,
            "callback_id": self.callback_id,
            "external_id": self.external_id,
            "state": {"values": copy.deepcopy(self.values)},
            "hash": self.hash,
            "clear_on_close": self.clear_on_close,
            "notify_on_close": self.notify_on_close,
            "root_view_id": self.root_view_id,
            "previous_view_id": self.previous_view_id,
        }


class Views:
    """All open views; every change is told to their owner."""

    def __init__(self, identifiers: Identifiers, feeds: Feeds, files: Files) -> None:
        self._identifiers = identifiers
        self._feeds = feeds
        self._files = files
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack_of(self, person: str) -> list[View]:
        """Give a person's open modals, the lowest first."""
        return self._stacks.setdefault(person, [])

    def home_of(self, person: str) -> View | None:
        """Give a person's App Home, once published."""
        return self._homes.get(person)

    def find(self, view_id: str | None, external_id: str | None) -> View:
        """Give an open view by one of its ids; raises not_found."""
        for view in [view for stack in self._stacks.values() for view in stack] + list(self._homes.values()):
            if view.id == view_id or (external_id and view.external_id == external_id):
                return view
        raise ApiError("not_found")

    def open_for(self, person: Person, view_id: str) -> View:
        """Give a view this person has open; raises DeskError."""
        home = self.home_of(person.id)
        for view in [*self.stack_of(person.id), *([home] if home else [])]:
            if view.id == view_id:
                return view
        raise DeskError(f"{person.name} has no view {view_id} open.")

    def open(self, person: str, parts: dict[str, Any]) -> View:
        """Open a modal; what was open before goes away."""
        for view in reversed(self.stack_of(person)):
            self._tell(view, "view_closed")
        self._stacks[person] = []
        return self._put_on_top(person, parts)

    def push(self, person: str, parts: dict[str, Any]) -> View:
        """Lay a modal on top of the open one; raises push_limit_reached, not_found."""
        stack = self.stack_of(person)
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= STACK_MAX:
            raise ApiError("push_limit_reached")
        return self._put_on_top(person, parts)

    def update(self, view: View, parts: dict[str, Any]) -> None:
        """Replace a view's content; what was typed under the same ids stays."""
        if parts["type"] != view.type:
            raise ApiError("invalid_arguments", ["a view cannot change its type"])
        self._refuse_taken_name(parts, besides=view)
        for name, empty in PARTS.items():
            setattr(view, name, parts.get(name, empty))
        view.hash = self._new_hash()
        view.values = initial_values(view.blocks, view.values)
        view.errors = {}
        self._tell(view, "home" if view.type == "home" else "view_updated")

    def publish(self, person: str, parts: dict[str, Any]) -> View:
        """Show a new App Home."""
        home = self._homes.get(person)
        if home is None:
            home = self._new(person, parts)
            self._homes[person] = home
            self._tell(home, "home")
        else:
            self.update(home, parts)
        return home

    def show_errors(self, view: View, errors: dict[str, str]) -> None:
        """Show complaints under the blocks of a form."""
        view.errors = errors
        self._tell(view, "view_updated")

    def close(self, view: View, *, with_all: bool = False) -> None:
        """Take a modal away with those above it, or (``with_all``) the whole stack."""
        stack = self.stack_of(view.owner)
        keep = 0 if with_all or view not in stack else stack.index(view)
        closed, self._stacks[view.owner] = stack[keep:], stack[:keep]
        for each in reversed(closed):
            self._tell(each, "view_closed")

    def to_page(self, view: View) -> dict[str, Any]:
        """Give a view as the page shows it."""
        texts = {name: (getattr(view, name) or {}).get("text") for name in ("title", "submit", "close")}
        return {
            "id": view.id,
            "callback_id": view.callback_id,
            "type": view.type,
            **texts,
            "blocks": self._files.with_addresses(view.blocks),
            "hash": view.hash,
            "errors": view.errors,
            "state": {"values": copy.deepcopy(view.values)},
        }

    def _put_on_top(self, person: str, parts: dict[str, Any]) -> View:
        self._refuse_taken_name(parts)
        stack = self.stack_of(person)
        view = self._new(person, parts)
        view.root_view_id = stack[0].id if stack else view.id
        view.previous_view_id = stack[-1].id if stack else None
        stack.append(view)
        self._tell(view, "view_opened")
        return view

    def _refuse_taken_name(self, parts: dict[str, Any], besides: View | None = None) -> None:
        name = parts.get("external_id")
        views = [view for stack in self._stacks.values() for view in stack]
        if name and any(view.external_id == name and view is not besides for view in views):
            raise ApiError("duplicate_external_id")

    def _new(self, person: str, parts: dict[str, Any]) -> View:
        view = View(id=self._identifiers.of("V"), owner=person, hash=self._new_hash(), **parts)
        view.root_view_id = view.id
        view.values = initial_values(view.blocks)
        return view

    def _new_hash(self) -> str:
        return f"{self._identifiers.stamp().partition('.')[0]}.{self._identifiers.secret()[:8]}"

    def _tell(self, view: View, kind: str) -> None:
        self._feeds.tell([view.owner], {"type": kind, "view": self.to_page(view)})
