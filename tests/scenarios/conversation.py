"""Scenarios as conversations: persons who say, click, fill in and read; channels that expect.

Everything goes over the people API of the practice workspace, so a scenario does and sees what a person
does and sees. Deadlines are how long to wait for something, never how fast it has to be.
"""

from types import TracebackType
from typing import Self

import httpx

from tests.scenarios.hearing import Hearing
from tests.scenarios.person import Person
from tests.scenarios.surfaces import Card, Channel, Form
from tests.scenarios.witness import Witness

__all__ = ["Card", "Channel", "Conversation", "Form", "Person"]

DEADLINE_S = 10.0
QUIET_S = 0.3


class Conversation:
    """Everybody and every channel; as a context manager it verifies the silence at the end."""

    def __init__(self, url: str, deadline_s: float = DEADLINE_S) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False)
        self.witness = Witness(self._http)
        self._hearing = Hearing(self.witness, deadline_s)
        self._persons = {name: Person(self._hearing, id_, name) for id_, name in self.witness.names.items()}
        self.olivia, self.otto, self.rita = (self.person(name) for name in ("Olivia", "Otto", "Rita"))
        self.sam, self.gil, self.xena = (self.person(name) for name in ("Sam", "Gil", "Xena"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        try:
            if kind is None:
                self.verify_silence()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def person(self, name: str) -> Person:
        """Give a person by name."""
        return self._persons[name]

    def somebody(self, person_id: str) -> Person:
        """Give a person by id."""
        return next(person for person in self._persons.values() if person.id == person_id)

    def channel(self, name: str) -> Channel:
        """Give a channel by name; its threads are reached through its cards."""
        channel_id = self.witness.channel_id(name)
        return Channel(
            self._hearing,
            f"#{name}",
            lambda said: said.channel == channel_id and not said.person and not said.message["thread_ts"],
        )

    def may_say(self, text: str) -> None:
        """Let messages with this text pass unexpected anywhere."""
        self._hearing.tolerate(lambda said: True, text)

    def verify_silence(self, quiet_s: float = QUIET_S) -> None:
        """Fail if a message, private message, notice, form or complaint came that nobody expected."""
        __tracebackhide__ = True
        self.witness.settle(quiet_s)
        if unexpected := self._hearing.unexpected():
            listed = "\n".join(f"  - {line}" for line in unexpected)
            self.witness.fail(f"Nobody expected this:\n{listed}")
