"""Waiting for something new, and knowing afterwards what nobody waited for."""

from collections.abc import Callable
from typing import Any

from tests.scenarios.reading import Json, buttons, plain, view_text
from tests.scenarios.witness import Said, Witness

Where = Callable[[Said], bool]


class Hearing:
    """Hears messages as they are expected, and lists those that were not."""

    def __init__(self, witness: Witness, deadline_s: float) -> None:
        self.witness = witness
        self.deadline_s = deadline_s
        self._tolerated: list[tuple[Where, str]] = []

    def tolerate(self, where: Where, text: str) -> None:
        """Let messages with this text pass unexpected in some places."""
        self._tolerated.append((where, plain(text)))

    def wait(self, look: Callable[[], Any], missing: Callable[[], str], person: str | None = None) -> Any:
        """Wait for what ``look`` finds, reading this person's events (anybody's for public things)."""
        __tracebackhide__ = True
        return self.witness.until(look, person or next(iter(self.witness.names)), self.deadline_s, missing)

    def hear(self, where: Where, text: str, labels: list[str] | None, person: str | None, place: str) -> Said:
        """Wait for a new message in a place, and count it as expected.

        A private message that was rewritten is new again; a card in a channel is not, it ``now_reads``.
        """
        __tracebackhide__ = True

        def is_news(said: Said) -> bool:
            return said.is_news and (said.heard == 0 or person is not None)

        def look() -> Said | None:
            for said in self.witness.said.values():
                if is_news(said) and said.message["bot"] and where(said) and fits(said, text, labels):
                    return said
            return None

        def missing() -> str:
            news = [each for each in self.witness.said.values() if is_news(each) and where(each)]
            others = "; ".join(f"{each.text!r} {each.buttons}" for each in news) or "nothing"
            return f"Nothing new to {place} reads {wanted(text, labels)}. New there: {others}."

        found: Said = self.wait(look, missing, person)
        found.heard = found.version
        return found

    def unexpected(self) -> list[str]:
        """Describe every message, form and complaint that nobody expected or tolerated."""
        names = self.witness.names
        said = [
            f"{each.where}: {each.text} {each.buttons or ''}".rstrip()
            for each in self.witness.said.values()
            if each.heard == 0 and not each.gone and each.message["bot"] and not self._is_tolerated(each)
        ]
        forms = [
            f"form shown to {names[each.person]}: {view_text(each.view)}"
            for each in self.witness.views
            if not each.looked_at
        ]
        complaints = [
            f"complaint to {names[each.person]} in {each.view['title']!r}: {text}"
            for each in self.witness.views
            for text in each.unread_errors.values()
        ]
        return [*said, *forms, *complaints]

    def _is_tolerated(self, said: Said) -> bool:
        return any(where(said) and text in said.text for where, text in self._tolerated)


def fits(said: Said, text: str, labels: list[str] | None) -> bool:
    return plain(text) in said.text and labels in (None, said.buttons)


def view_fits(view: Json, text: str, labels: list[str] | None) -> bool:
    return plain(text) in view_text(view) and labels in (None, buttons(view["blocks"]))


def wanted(text: str, labels: list[str] | None) -> str:
    return f"{text!r}" if labels is None else f"{text!r} with the buttons {labels}"
