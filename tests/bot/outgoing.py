"""The way out, put together from its real parts: an outbox, a line that can fail, the practice workspace."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from slack_sdk import WebClient
from slack_sdk.models.blocks import HeaderBlock, SectionBlock
from sqlmodel import select

from approvals.person import Account
from bot.database import Database
from bot.delivery import Lost, Outbox
from bot.outbox import Chart, OutboxWriter
from bot.pacing import Pacing
from bot.practice.people import OTTO, TRADING_APPROVALS, TRADING_OPS, TRADING_REPORTS
from bot.practice.rates import Rates
from bot.practice.server import BOT_TOKEN, Installation, Workspace
from bot.tables import OutboxRow
from bot.view import View
from tests.bot.ear import Ear, listening
from tests.bot.faulty_slack import (
    Line,
    faulty_line,
)
from tests.bot.intake import Clock, open_database, until

MANIFEST = Path(__file__).parents[2] / "config" / "slack_manifest.json"
OPS, APPROVALS, REPORTS = TRADING_OPS.id, TRADING_APPROVALS.id, TRADING_REPORTS.id
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d4944415478da63fcffff3f030005fe02fea72d99630000000049454e44ae426082"
)


def said(text: str) -> View:
    """A message of one section."""
    return View(text, [SectionBlock(text=text)])


@dataclass
class Way:
    """An outbox on its way to the practice workspace, over a line that can fail."""

    database: Database
    line: Line
    workspace: Workspace
    clock: Clock
    ear: Ear
    cards: dict[str, str | View] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    is_introduced: bool = True
    draw: Callable[[Chart], bytes] = lambda chart: PNG

    def __post_init__(self) -> None:
        self.outbox = self.another()
        self.people = httpx.Client(base_url=self.workspace.url)

    def another(self, *, strict: bool = True, hurry: float = 50) -> Outbox:
        """An outbox as a new process would make it; for its pace, time goes by `hurry` times as fast."""
        return Outbox(
            self.database,
            WebClient(token=BOT_TOKEN, base_url=f"{self.line.url}/api/"),
            {"session": self._card, "home": self._card},
            self.clock,
            draw=lambda chart: self.draw(chart),
            on_undeliverable=self.lost.append,
            pacing=Pacing(lambda: time.monotonic() * hurry),
            workspace_url=lambda: f"{self.workspace.url}/" if self.is_introduced else None,
            strict=strict,
        )

    def _card(self, session_id: str) -> View | None:
        shown = self.cards.get(session_id)
        return View(shown, [HeaderBlock(text=shown)]) if isinstance(shown, str) else shown

    @contextmanager
    def writing(self, *, practice: bool = False) -> Iterator[OutboxWriter]:
        """A transaction that writes messages, and the wake-up after it."""
        with self.database.transaction() as session:
            yield OutboxWriter(session, self.clock(), practice=practice)
        self.outbox.wake()

    def rows(self) -> list[OutboxRow]:
        """What the table holds."""
        with self.database.reading() as session:
            found = list(session.exec(select(OutboxRow).order_by(OutboxRow.id)).all())
            session.expunge_all()
            return found

    def states(self) -> list[str]:
        """The states of the rows, in order."""
        return [row.state for row in self.rows()]

    def sees(self, channel: str, person: Any = OTTO) -> list[dict[str, Any]]:
        """What somebody sees in a channel."""
        state = self.people.get("/desk/state", params={"as": person.id}).json()
        (found,) = [each for each in state["channels"] if each["id"] == channel]
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    def texts(self, channel: str, person: Any = OTTO) -> list[str]:
        """The texts of what somebody sees there."""
        return [message["text"] for message in self.sees(channel, person)]

    def home_of(self, person: Any) -> str:
        """What somebody's Home tab shows; empty before one was published."""
        state = self.people.get("/desk/state", params={"as": person.id}).json()
        return str(state["home"]["blocks"]) if state["home"] else ""

    def whispers(self, person: Any) -> list[str]:
        """What was shown to one person alone, in a channel."""
        asked = {"as": person.id, "after": 0, "wait_s": 0}
        events = self.people.get("/desk/events", params=asked).json()
        found = events["events"] if isinstance(events, dict) else events
        shown = [event["message"] for event in found if event["type"] == "message"]
        return [message["text"] for message in shown if message["ephemeral"]]

    def given_up(self) -> Lost:
        """Wait for the message that is given up, and give what was told of it."""
        return until(lambda: self.lost and self.lost[0], "a message was given up")

    def delivered(self) -> None:
        """Wait until nothing waits."""
        until(lambda: "waiting" not in self.states(), "everything is delivered")


@contextmanager
def way_out(folder: Path, rates: Rates | None = None) -> Iterator[Way]:
    """An outbox, a line and a workspace, at Slack's rates unless told otherwise; nothing runs yet."""
    clock = Clock()
    with listening() as ear:
        installation = Installation(
            MANIFEST,
            request_url=ear.url,
            signing_secret="practice",
            share_delay_s=0.05,
            rates=rates or Rates(),
        )
        with Workspace.running(installation, clock) as workspace, faulty_line(workspace.url) as line:
            way = Way(open_database(folder), line, workspace, clock, ear)
            try:
                yield way
            finally:
                way.outbox.stop()
                way.people.close()


def account(person: Any) -> Account:
    """A practice person's account."""
    return Account.parse(person.account)


def response_url(way: Way) -> str:
    """An address for an answer to Otto in the operations channel, as a real command carries one."""
    way.people.post("/desk/say", json={"as": OTTO.id, "channel": OPS, "text": "/peak status"})
    fields = parse_qs(until(lambda: way.ear.bodies, "the command arrived")[-1].decode())
    return fields["response_url"][0]


def retry(way: Way) -> bool:
    """Let the back-off pass."""
    way.clock.passes(seconds=11)
    way.outbox.wake()
    return False


def retried(way: Way) -> None:
    """Wait for a failed try, then let the back-off pass."""
    until(lambda: way.rows()[-1].error, "a try failed")
    retry(way)
