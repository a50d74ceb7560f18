"""Where things stand: cards, threads, channels, forms and homes."""

from typing import Self

from tests.scenarios.hearing import Hearing, Where, fits, wanted
from tests.scenarios.reading import Json, view_text
from tests.scenarios.witness import Said, Shown


class Card:
    """A message that the scenario has met; it follows the message through its changes."""

    def __init__(self, hearing: Hearing, said: Said) -> None:
        self._hearing = hearing
        self.said = said

    @property
    def ts(self) -> str:
        """Its time stamp, which is its id in the channel."""
        return str(self.said.message["ts"])

    @property
    def text(self) -> str:
        """What stands in it now."""
        return self.said.text

    @property
    def blocks(self) -> list[Json]:
        """Its blocks now."""
        blocks: list[Json] = self.said.message["blocks"]
        return blocks

    @property
    def address(self) -> Json:
        """What /desk/act needs to find it."""
        return {"channel": self.said.channel, "ts": self.ts}

    @property
    def reader(self) -> str | None:
        """The only person who sees it, if it is private."""
        return self.said.person

    @property
    def thread(self) -> "Channel":
        """The thread below it."""
        channel, ts = self.said.channel, self.ts
        return Channel(
            self._hearing,
            f"the thread below {self.text[:40]!r}",
            lambda said: said.channel == channel and said.message["thread_ts"] == ts,
        )

    def now_reads(self, text: str, buttons: list[str] | None = None) -> Self:
        """Wait until the message contains this text and, if given, has exactly these buttons."""
        __tracebackhide__ = True

        def look() -> Self | None:
            return self if not self.said.gone and fits(self.said, text, buttons) else None

        self._hearing.wait(
            look,
            lambda: (
                f"The card never read {wanted(text, buttons)}. It reads {self.text!r} {self.said.buttons}."
            ),
            self.reader,
        )
        self.said.heard = self.said.version
        return self


class Channel:
    """A channel or thread, as anybody in it sees it."""

    def __init__(self, hearing: Hearing, name: str, where: Where) -> None:
        self._hearing = hearing
        self.name = name
        self._where = where

    def expects(self, text: str, buttons: list[str] | None = None) -> Card:
        """Wait for a new message that contains this text and, if given, has exactly these buttons."""
        __tracebackhide__ = True
        said = self._hearing.hear(self._where, text, buttons, None, self.name)
        return Card(self._hearing, said)

    def may_say(self, text: str) -> None:
        """Let messages with this text pass unexpected here."""
        self._hearing.tolerate(self._where, text)


class Form:
    """The topmost form a person has open, as an address for clicks."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown

    @property
    def text(self) -> str:
        """What stands in it now."""
        return view_text(self.shown.view)

    @property
    def blocks(self) -> list[Json]:
        """Its blocks now."""
        blocks: list[Json] = self.shown.view["blocks"]
        return blocks

    @property
    def address(self) -> Json:
        """What /desk/act needs to find it."""
        return {"view_id": self.shown.view["id"]}

    @property
    def reader(self) -> str | None:
        """The only person who sees it."""
        return self.shown.person


Surface = Card | Form
