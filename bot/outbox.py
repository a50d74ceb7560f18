"""Messages, written in the transaction of the state that they tell; `bot.delivery` sends them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import uuid4

from slack_sdk.models.blocks import HeaderBlock
from sqlmodel import Session, col, select

from approvals.person import Account
from bot import faces
from bot.block_limits import split
from bot.tables import CardRow, HomeRow, OutboxRow
from bot.view import View, as_dicts

WAITING, SENT, FAILED = "waiting", "sent", "failed"
# The cards of these change what the Home tab shows; one that was opened within a day may still be looked at.
SHOWN_AT_HOME = frozenset({"request", "session", "halt"})
HOME_FOLLOWS_FOR = timedelta(days=1)
# A start or a halt changes several cards within a moment; the Home tab is drawn once for them.
HOME_GATHERS_FOR = timedelta(seconds=2)


class Urgency(IntEnum):
    """Who goes first when much waits: halts and approvals, then alerts and sessions, then reports."""

    FIRST = 0
    NEXT = 1
    LAST = 2


class MessageKind(StrEnum):
    """The ways in which something is said."""

    POST = "post"
    CARD = "card"
    REPLY = "reply"
    DM = "dm"
    IMAGE = "image"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Chart:
    """An equity curve, drawn when its message is delivered; `alt` tells it to whoever cannot see it."""

    points: tuple[tuple[datetime, Decimal], ...]
    currency: str
    alt: str

    def as_value(self) -> dict[str, Any]:
        """What is stored of it."""
        return {
            "points": [[at.isoformat(), str(equity)] for at, equity in self.points],
            "currency": self.currency,
            "alt": self.alt,
        }

    @classmethod
    def restored(cls, value: Mapping[str, Any]) -> "Chart":
        """What was stored, as it was."""
        points = tuple((datetime.fromisoformat(at), Decimal(equity)) for at, equity in value["points"])
        return cls(points, value["currency"], value["alt"])


class OutboxWriter:
    """Adds messages to an open transaction; a key that is known already adds nothing.

    One that is too long for Slack becomes several, in order. With `practice` cards, posts, charts, direct
    messages and looks at the desk begin with that word.
    """

    def __init__(self, session: Session, now: datetime, *, practice: bool = False) -> None:
        self._session = session
        self._now = now
        self._practice = practice

    def post(
        self,
        key: str,
        channel: str,
        view: View,
        urgency: Urgency = Urgency.NEXT,
        *,
        thread_of: str | None = None,
    ) -> None:
        """Say something in a channel, or under the card of a subject."""
        target = {"channel": channel, "thread_of": thread_of}
        pages = self._pages(view, marked=thread_of is None)
        self._add_all(key, MessageKind.POST, urgency, channel, target, pages)

    def card(
        self, subject: str, channel: str, urgency: Urgency = Urgency.NEXT, *, at_home: bool = True
    ) -> None:
        """Have the card of a subject (`kind:id`) drawn from the state as it is when it is delivered.

        The Home tabs that show it follow, unless what has changed is not told there (`at_home`).
        """
        if at_home and subject.partition(":")[0] in SHOWN_AT_HOME:
            self._redraw_homes()
        if self._session.get(CardRow, subject) is None:
            self._session.add(CardRow(subject=subject, channel=channel, created_at=self._now))
        waiting = self._not_begun(subject)
        if waiting is not None:  # so it will show this state too
            waiting.urgency = min(waiting.urgency, int(urgency))
            return
        key, body = f"card:{subject}:{uuid4().hex}", {"practice": self._practice}
        self._add(key, MessageKind.CARD, urgency, channel, {"channel": channel}, body, subject=subject)

    def home_opened(self, account: Account) -> None:
        """Note that somebody looks at the Home tab, which follows what happens for a day."""
        self._session.merge(HomeRow(account=str(account), opened_at=self._now))

    def home_shown(self, account: Account, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Note what a Home tab is about to look like."""
        faces.shows(self._session, f"home:{account}", faces.face(blocks), self._now)

    def was_shown(self, subject: str, face: str) -> bool:
        """Whether a card or a Home tab was shown by us as the click on it says."""
        return faces.was_shown(self._session, subject, face)

    def _redraw_homes(self) -> None:
        lately = col(HomeRow.opened_at) > self._now - HOME_FOLLOWS_FOR
        for home in self._session.exec(select(HomeRow).where(lately)):
            subject = f"home:{home.account}"
            if self._not_begun(subject) is None:
                key, body = f"{subject}:{uuid4().hex}", {"practice": self._practice}
                target = {"account": home.account}
                due = self._now + HOME_GATHERS_FOR
                self._add(key, MessageKind.HOME, Urgency.LAST, subject, target, body, subject, next_at=due)

    def _not_begun(self, subject: str) -> OutboxRow | None:
        """The drawing of a subject that waits and that nobody has tried yet."""
        untried = select(OutboxRow).where(
            OutboxRow.subject == subject, OutboxRow.state == WAITING, OutboxRow.attempts == 0
        )
        return self._session.exec(untried).first()

    def place(self, subject: str) -> tuple[str, str] | None:
        """Channel and ts of a subject's card, once Slack has taken it."""
        card = self._session.get(CardRow, subject)
        return (card.channel, card.ts) if card is not None and card.ts is not None else None

    def reply(
        self,
        key: str,
        view: View,
        *,
        account: Account,
        channel: str | None = None,
        response_url: str | None = None,
        urgency: Urgency = Urgency.FIRST,
        lasting: bool = False,
    ) -> None:
        """Answer one person in private: where the question was asked, else by direct message.

        What is `lasting` goes both ways, since Slack forgets the first.
        A look at the desk, which begins with a header, is marked as practice; a sentence is not.
        """
        target: dict[str, Any] = {"account": str(account), "channel": channel, "response_url": response_url}
        if lasting:
            target["lasting"] = True
        pages = self._pages(view, marked=isinstance(view.blocks[0], HeaderBlock))
        self._add_all(key, MessageKind.REPLY, urgency, str(account), target, pages)

    def dm(
        self,
        key: str,
        account: Account,
        view: View,
        urgency: Urgency = Urgency.NEXT,
        *,
        about: str | None = None,
    ) -> None:
        """Tell one person by direct message; with the link to the card of a subject that it is `about`."""
        target = {"account": str(account), "about": about}
        self._add_all(key, MessageKind.DM, urgency, str(account), target, self._pages(view, marked=True))

    def drawn_dm(
        self, key: str, account: Account, drawn: str, urgency: Urgency = Urgency.NEXT, *, about: str
    ) -> None:
        """Tell one person what a subject (`kind:id`) shows when it is delivered, if it shows anything."""
        target, body = {"account": str(account), "about": about, "drawn": drawn}, {"practice": self._practice}
        self._add(key, MessageKind.DM, urgency, str(account), target, body)

    def image(
        self,
        key: str,
        channel: str,
        view: View,
        chart: Chart,
        urgency: Urgency = Urgency.LAST,
        *,
        thread_of: str | None = None,
    ) -> None:
        """Say something with a chart below it; if the chart cannot be had, it is said without."""
        target = {"channel": channel, "thread_of": thread_of}
        *before, last = self._pages(view, marked=thread_of is None)
        self._add_all(f"{key}:before", MessageKind.POST, urgency, channel, target, before)
        self._add(key, MessageKind.IMAGE, urgency, channel, target, last | {"chart": chart.as_value()})

    def _pages(self, view: View, *, marked: bool) -> list[dict[str, Any]]:
        pages = split(as_dicts(view.blocks))
        pages_of = f" ({{}} of {len(pages)})" if len(pages) > 1 else ""
        return [
            {
                "text": view.text + pages_of.format(number),
                "blocks": blocks,
                "practice": self._practice and marked,
            }
            for number, blocks in enumerate(pages, 1)
        ]

    def _add_all(
        self,
        key: str,
        kind: MessageKind,
        urgency: Urgency,
        lane: str,
        target: dict[str, Any],
        pages: list[dict[str, Any]],
    ) -> None:
        for number, body in enumerate(pages):
            self._add(f"{key}:{number}" if number else key, kind, urgency, lane, target, body)

    def knows(self, key: str) -> bool:
        """Whether a message of this key was ever added; what was delivered is forgotten after a week."""
        return self._session.exec(select(col(OutboxRow.id)).where(OutboxRow.key == key)).first() is not None

    def _add(
        self,
        key: str,
        kind: MessageKind,
        urgency: Urgency,
        lane: str,
        target: dict[str, Any],
        body: dict[str, Any],
        subject: str | None = None,
        next_at: datetime | None = None,
    ) -> None:
        if self.knows(key):
            return
        self._session.add(
            OutboxRow(
                key=key,
                kind=kind.value,
                urgency=int(urgency),
                lane=lane,
                subject=subject,
                target=target,
                body=body,
                state=WAITING,
                next_at=next_at or self._now,
                created_at=self._now,
            )
        )
