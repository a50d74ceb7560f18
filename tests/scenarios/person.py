"""A person at the desk, who does and sees what people do and see."""

from collections.abc import Callable, Mapping
from typing import Any, Self

from bot.views.code_field import CODE
from tests.scenarios.hearing import Hearing, view_fits, wanted
from tests.scenarios.reading import (
    Json,
    buttons,
    elements,
    field_names,
    named,
    option_values,
    plain,
    view_text,
)
from tests.scenarios.surfaces import Card, Form, Surface
from tests.scenarios.witness import Shown


class Person:
    """Somebody at the desk; every act gives the person back, so acts can be chained."""

    def __init__(self, hearing: Hearing, person_id: str, name: str) -> None:
        self._hearing = hearing
        self._witness = hearing.witness
        self.id = person_id
        self.name = name
        self._filled: dict[str, dict[str, dict[str, object]]] = {}
        self._told: Card | None = None
        self.code: Callable[[], str] | None = None

    @property
    def told(self) -> Card:
        """The private message last met by is_told, for clicking in it."""
        assert self._told is not None, f"{self.name} has not been told anything yet; call is_told first."
        return self._told

    @property
    def form(self) -> Form:
        """The topmost open form; waits for one."""
        return Form(self._top(lambda shown: True, "a form"))

    @property
    def home(self) -> Form:
        """The App Home; waits until the app has published one."""
        __tracebackhide__ = True
        shown = self._wait(lambda: self._witness.homes.get(self.id), lambda: f"{self.name} has no home.")
        return Form(shown)

    def says(self, text: str, channel: str = "trading-ops", thread: Card | None = None) -> Self:
        """Type a message or a command."""
        where = thread.said.channel if thread else self._witness.channel_id(channel, self.id)
        spoken = text if len(text) <= 100 else f"{text[:100]}... ({len(text)} characters)"
        what = f"says in #{channel}: {spoken}"
        thread_ts = thread.ts if thread else None
        return self._do("/desk/say", what, channel=where, text=text, thread_ts=thread_ts)

    def clicks(self, surface: Surface, label: str) -> Self:
        """Press a button, saying yes if it asks; waits until the button is there."""
        __tracebackhide__ = True

        def look() -> tuple[Json, Json] | None:
            for block, element in elements(surface.blocks):
                if element["type"] == "button" and plain(element["text"]["text"]) == label:
                    return block, element
            return None

        def missing() -> str:
            return f"{self.name} finds no button {label!r}; there are {buttons(surface.blocks)}."

        block, element = self._wait(look, missing)
        return self._act(surface, block, element, None, f"clicks {label!r}")

    def approves(self, card: Card) -> Self:
        """Open the form of Approve and send it."""
        __tracebackhide__ = True
        return self.clicks(card, "Approve").sees_form("Approve this?").submits()

    def rejects(self, card: Card, reason: str) -> Self:
        """Open the form of Reject, say why, and send it."""
        __tracebackhide__ = True
        return self.clicks(card, "Reject").sees_form("Reject this?").fills(reason=reason).submits()

    def chooses(self, surface: Surface, name: str, option: object) -> Self:
        """Choose in a select, an overflow menu, boxes or a date picker outside of a form's inputs."""
        __tracebackhide__ = True
        block, element = self._field(surface, name)
        return self._act(
            surface, block, element, self._value(element, option), f"chooses {option!r} in {name}"
        )

    def fills(self, fields: Mapping[str, object] | None = None, /, **more: object) -> Self:
        """Fill fields of the topmost form, each by its label, action id or block id."""
        __tracebackhide__ = True
        for name, value in {**(fields or {}), **more}.items():
            shown = self._top_with(name)
            form = Form(shown)
            block, element = self._field(form, name)
            entered = self._value(element, value)
            filled = self._filled.setdefault(shown.view["id"], {}).setdefault(block["block_id"], {})
            filled[element["action_id"]] = entered
            if block["type"] != "input" or block.get("dispatch_action"):
                self._act(form, block, element, entered, f"chooses {value!r} in {name}")
        return self

    def submits(self) -> Self:
        """Send the topmost form, with a code of one's own where it asks for one; waits for such a form."""
        __tracebackhide__ = True
        shown = self._top(lambda shown: bool(shown.view["submit"]), "a form with a submit button")
        values = self._filled.get(shown.view["id"], {})
        if self.code and CODE not in values and named(shown.view["blocks"], CODE):
            values = {**values, CODE: {CODE: self.code()}}
        what = f"submits {shown.view['title']!r} with {values}"
        return self._do("/desk/submit", what, view_id=shown.view["id"], values=values)

    def closes(self) -> Self:
        """Close the topmost form without sending it."""
        __tracebackhide__ = True
        shown = self._top(lambda shown: True, "a form")
        return self._do("/desk/close", f"closes {shown.view['title']!r}", view_id=shown.view["id"])

    def opens_home(self) -> Self:
        """Look at the App Home tab."""
        return self._do("/desk/home", "opens the home tab")

    def sees_home(self, text: str, buttons: list[str] | None = None) -> Self:
        """Wait until the App Home contains this text and, if given, has exactly these buttons."""
        __tracebackhide__ = True

        def look() -> bool | None:
            shown = self._witness.homes.get(self.id)
            return True if shown and view_fits(shown.view, text, buttons) else None

        def missing() -> str:
            shown = self._witness.homes.get(self.id)
            reads = view_text(shown.view) if shown else "nothing"
            return f"{self.name}'s home never read {wanted(text, buttons)}. It reads {reads!r}."

        self._wait(look, missing)
        return self

    def sees_form(self, title: str, text: str = "", buttons: list[str] | None = None) -> Self:
        """Wait until the topmost form has this title and contains this text."""
        __tracebackhide__ = True
        self._top(
            lambda shown: title in (shown.view["title"] or "") and view_fits(shown.view, text, buttons),
            f"a form {title!r} that reads {wanted(text, buttons)}",
        )
        return self

    def sees_error(self, field: str, text: str) -> Self:
        """Wait until this field of the topmost form carries a complaint that contains this text."""
        __tracebackhide__ = True

        def complains(shown: Shown) -> bool:
            ids = {block["block_id"] for block, _ in named(shown.view["blocks"], field)}
            return any(plain(text) in plain(shown.view["errors"].get(block_id, "")) for block_id in ids)

        shown = self._top(complains, f"a complaint {text!r} at {field!r}")
        for block, _ in named(shown.view["blocks"], field):
            shown.unread_errors.pop(block["block_id"], None)
        return self

    def is_told(self, text: str, buttons: list[str] | None = None) -> Self:
        """Wait for something new that only this person sees: ephemeral, direct message or notice."""
        __tracebackhide__ = True
        said = self._hearing.hear(
            lambda said: said.person == self.id, text, buttons, self.id, f"{self.name} alone"
        )
        self._told = Card(self._hearing, said)
        return self

    def is_refused(self, text: str) -> Self:
        """Be told so for what was pressed: where it was pressed, and by direct message, which lasts."""
        __tracebackhide__ = True
        return self.is_told(text).is_told(text)

    def may_be_told(self, text: str) -> Self:
        """Let private messages with this text pass unexpected."""
        self._hearing.tolerate(lambda said: said.person == self.id, text)
        return self

    def _act(self, surface: Surface, block: Json, element: Json, value: object, what: str) -> Self:
        view_id = str(surface.address.get("view_id"))
        return self._do(
            "/desk/act",
            what,
            **surface.address,
            block_id=block["block_id"],
            action_id=element["action_id"],
            value=value,
            values=self._filled.get(view_id, {}),
        )

    def _do(self, path: str, what: str, **body: object) -> Self:
        __tracebackhide__ = True
        self._witness.do(path, what, **{"as": self.id, **body})
        return self

    def _wait(self, look: Callable[[], Any], missing: Callable[[], str]) -> Any:
        __tracebackhide__ = True
        return self._hearing.wait(look, missing, self.id)

    def _top(self, fits: Callable[[Shown], bool], wanted: str) -> Shown:
        __tracebackhide__ = True
        stack = self._witness.stacks[self.id]

        def missing() -> str:
            if not stack:
                return f"{self.name} sees no form; expected {wanted}."
            view = stack[-1].view
            fields = f"fields: {field_names(view['blocks'])}; complaints: {view['errors'] or 'none'}"
            return f"{self.name} does not see {wanted}. The form reads {view_text(view)!r}; {fields}."

        shown: Shown = self._wait(lambda: stack[-1] if stack and fits(stack[-1]) else None, missing)
        shown.looked_at = True
        return shown

    def _top_with(self, name: str) -> Shown:
        __tracebackhide__ = True
        return self._top(lambda shown: bool(named(shown.view["blocks"], name)), f"a field {name!r}")

    def _field(self, surface: Surface, name: str) -> tuple[Json, Json]:
        __tracebackhide__ = True
        found: list[tuple[Json, Json]] = self._wait(
            lambda: named(surface.blocks, name) or None,
            lambda: f"{self.name} finds no {name!r}; there is {field_names(surface.blocks)}.",
        )
        if len(found) > 1:
            self._witness.fail(f"{name!r} could be any of {[element['action_id'] for _, element in found]}.")
        return found[0]

    def _value(self, element: Json, value: object) -> object:
        __tracebackhide__ = True
        if "options" not in element and "option_groups" not in element:
            return None if value is None else str(value)
        values = option_values(element, value)
        if values is None:
            known = [plain(option["text"]["text"]) for option in element.get("options", [])]
            self._witness.fail(f"{element['action_id']} has no option {value!r}; there are {known}.")
        many = element["type"] in ("checkboxes", "multi_static_select")
        return values if many or not values else values[0]
