"""What each person sees happen, in order."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]

EVENTS_KEPT = 5_000


class Feed:
    """One person's events, numbered from 1; readers may wait for the next."""

    def __init__(self) -> None:
        self.seq = 0
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        """Append an event and wake everybody who waits."""
        self.seq += 1
        self._events.append({**event, "seq": self.seq})
        self._news.set()
        self._news = asyncio.Event()

    def after(self, seq: int) -> list[Event]:
        """Give the events later than ``seq``."""
        return [event for event in self._events if event["seq"] > seq]

    async def wait_after(self, seq: int, wait_s: float | None) -> list[Event]:
        """Give the events later than ``seq``, waiting for one at most ``wait_s``; None waits for ever."""
        news = self._news
        if events := self.after(seq):
            return events
        try:
            await asyncio.wait_for(news.wait(), wait_s)
        except TimeoutError:
            return []
        return self.after(seq)


class Feeds:
    """The feeds of all persons."""

    def __init__(self, persons: Iterable[str]) -> None:
        self._feeds = {person: Feed() for person in persons}
        self._order = 0

    def of(self, person: str) -> Feed:
        """Give one person's feed."""
        return self._feeds[person]

    def tell(self, persons: Iterable[str], event: Event) -> None:
        """Let these persons see an event; ids without a feed (the bot's) are passed over.

        Each event carries its ``order`` in the whole workspace, the same for everybody who sees it.
        """
        self._order += 1
        for person in persons:
            if person in self._feeds:
                self._feeds[person].put({**event, "order": self._order})
