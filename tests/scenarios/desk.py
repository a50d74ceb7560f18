"""A whole practice desk for one scenario: workspace, exchange, bot, and everybody who works there."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import delete, func
from sqlmodel import Session, SQLModel, col, select

from approvals.factor import DRIFT_STEPS, step_at
from approvals.person import person_id
from approvals.tables import EntryRow, FactorRow
from bot.clock import system_clock
from bot.database import Database
from bot.demo import PracticeDesk, end, end_leftovers, practice_desk
from bot.errors import BotError
from bot.inbox import RECEIVED
from bot.outbox import WAITING
from bot.payloads import Kind
from bot.tables import CardRow, InboxRow, OutboxRow
from tests.scenarios.conversation import QUIET_S, Card, Conversation, Person
from trading.errors import TradingError
from trading.gateway_client import GatewayClient
from trading.gateway_files import gateway_process, socket_path
from trading.session import TradingSession
from trading.store import SessionStore
from trading.tables import EventRow

DEADLINE_S = 30.0
# Two processes that start beside those of other tests; nothing else is waited for so long.
START_DEADLINE_S = 75.0
CHECKLIST = ["testnet", "limits", "halt", "contacts", "present"]
# As a service starts it: the installed command, in a folder that is not the repository's.
PEAK_OPS = str(Path(sys.executable).with_name("peak-ops"))
# What is told to those who press a button together: to one that it worked, to all others why not.
PRESSED_AT_ONCE = (
    "Starting",
    "can press Go live",
    "was carried out already",
    "Somebody has pressed this already",
    "has a live session already",
    "guest",
)
DEAD_END = "http://127.0.0.1:9"

T = TypeVar("T")


def until(look: Callable[[], T | None], missing: str, deadline_s: float = DEADLINE_S) -> T:
    """Look again and again until there is something; fail with what is missing."""
    end_at = time.monotonic() + deadline_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > end_at:
            raise AssertionError(f"{missing} (waited {deadline_s:g} s)")
        time.sleep(0.02)


class Desk(Conversation):
    """The conversation with the bot of one practice desk, and the ways to kill, halt and disturb it."""

    def __init__(self, practice: PracticeDesk, database_url: str | None = None) -> None:
        super().__init__(practice.workspace_url, deadline_s=DEADLINE_S)
        self.practice = practice
        # A proxy of the machine's own, which nothing of a practice desk may use.
        self.environ = {**practice.environ, "HTTP_PROXY": DEAD_END, "all_proxy": DEAD_END}
        self.home = practice.home
        self.exchange = httpx.Client(base_url=practice.exchange_url, trust_env=False, timeout=10)
        self._database = Database(database_url or f"sqlite:///{self.home / 'peak-ops.db'}")
        self._spare = {person: list(codes) for person, codes in practice.recovery_codes.items()}
        for person in practice.factors.secrets:
            self.somebody(person).code = partial(self.code_of, person)
        self.bot: subprocess.Popen[bytes] | None = None
        self._bots: list[subprocess.Popen[bytes]] = []
        self._forget_the_beginning()
        self.begin_bot()

    def code_of(self, person: str) -> str:
        """What this person's app shows now; a recovery code where that was used already."""
        secret, step = self.practice.factors.secrets[person], step_at(system_clock())
        with self._database.reading() as session:
            name = person_id(self.somebody(person).name)
            used = session.exec(select(FactorRow.last_step).where(FactorRow.person == name)).one()
        free = max(step, used + 1)
        return secret.code_at(free) if free <= step + DRIFT_STEPS else self.spare_code_of(person)

    def spare_code_of(self, person: str) -> str:
        """A recovery code of this person that nobody has used yet."""
        return self._spare[person].pop()

    def _forget_the_beginning(self) -> None:
        """What was to be told of it is no part of a scenario."""
        with self._database.transaction() as session:
            for table in (OutboxRow, CardRow):
                session.exec(delete(table))
            self._begun_with = self._count(session, EntryRow)

    def begin_bot(self) -> None:
        """Start the bot's process without waiting for it."""
        self.bot = self._another_bot()

    def begin_standby(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a second bot and wait until it says that it stands by."""
        said = self.bot_output().count("tanding by")
        standby = self._another_bot(*words)
        until(
            lambda: self.bot_output().count("tanding by") > said,
            f"It does not stand by: {self.bot_output()}",
        )
        return standby

    def _another_bot(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.home / "logs" / "bot.out").open("ab") as output:
            bot = subprocess.Popen(
                [PEAK_OPS, "run", *words],
                env=self.environ,
                stdout=output,
                stderr=output,
                cwd=self.home,
            )
        self._bots.append(bot)
        return bot

    def start_bot(self) -> None:
        """Start the bot and wait until it and its gateway are ready."""
        self.begin_bot()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the bot listens and its gateway has reconciled."""
        for name, is_ready in (("bot", self._bot_ready), ("gateway", self._gateway_ready)):
            try:
                until(is_ready, f"The {name} did not become ready", START_DEADLINE_S)
            except AssertionError as error:
                raise AssertionError(f"{error}: {self.bot_output()}") from None

    def kill_bot(self) -> None:
        """End the bot as a crash would: SIGKILL, no last words.

        A private answer that was on its way may come a second time: Slack gives no way to look for one.
        """
        assert self.bot is not None
        for person in (self.otto, self.olivia, self.rita, self.sam):
            for answer in ("Asked as", "Your yes to", "Starting", "Stopping", "HALTED", "was approved by"):
                person.may_be_told(answer)
        self.bot.send_signal(signal.SIGKILL)
        self.bot.wait(10)

    def verify_silence(self, quiet_s: float = QUIET_S) -> None:
        """Let the bot say all that it has to say first: silence before its next look proves nothing."""
        __tracebackhide__ = True
        if self.bot is not None and self.bot.poll() is None:
            until(self._nothing_waits, "The bot still has something to do or to say")
        super().verify_silence(quiet_s)

    def recorded(self, kind: str) -> int:
        """How many rows of a kind the record has since the desk was begun."""
        later = col(EntryRow.sequence) > self._begun_with
        with self._database.reading() as session:
            return self._count(session, EntryRow, EntryRow.kind == kind, later)

    def bot_output(self) -> str:
        """The end of what the bot has written to its terminal."""
        path = self.home / "logs" / "bot.out"
        return path.read_text()[-2000:] if path.exists() else ""

    def sessions(self) -> list[TradingSession]:
        """Every session, the newest first, as the database has them."""
        with self._database.reading() as session:
            return SessionStore(session).recent(50)

    def orders_sent(self) -> list[dict[str, Any]]:
        """Every AddOrder that the exchange was sent, in order of arrival."""
        calls = self.exchange.get("/practice/orders").raise_for_status().json()["calls"]
        return [call for call in calls if call["endpoint"] == "AddOrder"]

    def refused_for_calling_too_often(self) -> int:
        """How many calls and orders the exchange has refused because its limits were exceeded."""
        rates = self.exchange.get("/practice/state").raise_for_status().json()["rates"]
        return int(rates["refused"])

    def control(self, name: str, **options: Any) -> None:
        """Turn one of the practice exchange's knobs."""
        self.exchange.post(f"/practice/{name}", json=options).raise_for_status()

    def slack_fault(self, kind: str, **options: Any) -> None:
        """Let something go wrong in the workspace; none mends it all."""
        url = f"{self.practice.workspace_url}/practice/fault"
        httpx.post(url, json={"kind": kind, **options}, trust_env=False).raise_for_status()

    def asks_to_go_live(self, symbol: str = "BTC/USD", notional: str = "90") -> Card:
        """Otto asks; gives the card of his request."""
        self.otto.says(f"/peak live start ma_crossover {symbol}").sees_form("Start a live session")
        self.otto.fills(notional=notional, reason="first small run", checklist=CHECKLIST).submits()
        card = self.channel("trading-approvals").expects(
            "Otto asks to go live", buttons=["Approve", "Reject", "Withdraw"]
        )
        self.otto.is_told("Asked as")
        self.olivia.is_told("Otto asks to go live")
        return card

    def is_approved(self, card: Card, button: str = "Go live") -> None:
        """Olivia approves; Otto, who asked, is told and finds the button."""
        self.olivia.approves(card).is_told("counted")
        self.otto.is_told("was approved by Olivia")
        card.thread.expects("Olivia said yes, with a")
        card.now_reads("Approved by Olivia", buttons=[button])

    def is_stopped(self, session: Card) -> None:
        """Otto, who stops it, is told at once and at the end; thread, owner and card hear of it."""
        self.otto.is_told("Stopping BTC/USD")
        session.thread.expects("Otto stops it")
        self.olivia.is_told("Otto is stopping BTC/USD")
        self.otto.is_told("0 open orders, proven by the venue")
        session.now_reads("has stopped", buttons=[])

    def has_live_session(self, symbol: str = "BTC/USD") -> Card:
        """Otto asks, Olivia approves, Otto presses; gives the session's card once it holds something."""
        self.control("market", pair=symbol, trend="up")
        card = self.asks_to_go_live(symbol)
        self.is_approved(card)
        self.otto.clicks(card, "Go live").is_told(f"Starting {symbol}")
        session = self.channel("trading-ops").expects(
            f"{symbol} is live", buttons=["Pause", "Stop", "Halt everything"]
        )
        session.thread.expects("First order: buy")
        session.thread.expects("Fill: buy")
        session.thread.may_say("Fill: buy")
        card.now_reads("the session is live", buttons=[])
        return session

    def press_at_once(self, persons: list[Person], card: Card, label: str) -> None:
        """Have several people press one button in the same moment; each may be told how that went."""
        block, button = next(
            (block, element)
            for block in card.blocks
            for element in block.get("elements", [])
            if element.get("type") == "button" and element["text"]["text"] == label
        )
        act = {**card.address, "block_id": block["block_id"], "action_id": button["action_id"]}

        def press(person: Person) -> None:
            httpx.post(f"{self.practice.workspace_url}/desk/act", json={"as": person.id, **act}, timeout=30)

        for person in persons:
            for refusal in PRESSED_AT_ONCE:
                person.may_be_told(refusal)
        with ThreadPoolExecutor(len(persons)) as pool:
            list(pool.map(press, persons))

    def fills_of(self, session: Card) -> int:
        """How many fills the exchange has made of the one order; its card says so too in the end."""

        def filled() -> int | None:
            orders = self.exchange.get("/practice/orders").raise_for_status().json()["orders"]
            return len(orders[0]["trades"]) if orders and orders[0]["status"] == "closed" else None

        count = until(filled, "The exchange has not filled the order")
        session.now_reads(f"Fills {count}, fees")
        return count

    def shell(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `peak-ops` as somebody at the machine would."""
        return subprocess.run(
            [PEAK_OPS, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.home,
            check=False,
        )

    def shut(self) -> None:
        """End every bot, the gateway and the sessions."""
        for bot in reversed(self._bots):
            end(bot)
        with suppress(BotError):  # a bot that never began has left no tables
            for session in self.sessions():
                if session.pid is not None:
                    _end_pid(session.pid)
        end_leftovers(self.home)
        self.exchange.close()
        self._database.close()

    def _nothing_waits(self) -> bool:
        with self._database.reading() as session:
            waiting = (
                self._count(session, OutboxRow, OutboxRow.state == WAITING),
                self._count(session, InboxRow, InboxRow.state == RECEIVED, InboxRow.kind != Kind.VIEW),
                self._count(session, EventRow, col(EventRow.projected_at).is_(None)),
            )
        return not any(waiting)

    @staticmethod
    def _count(session: Session, table: type[SQLModel], *where: Any) -> int:
        return int(session.exec(select(func.count()).select_from(table).where(*where)).one())

    def _bot_ready(self) -> bool | None:
        assert self.bot is not None
        assert self.bot.poll() is None, f"The bot ended: {self.bot_output()}"
        try:
            return bool(json.loads((self.home / "run" / "bot.json").read_text())["pid"] == self.bot.pid)
        except (OSError, ValueError):
            return None

    def _gateway_ready(self) -> bool | None:
        if gateway_process(self.home, "kraken") is None:
            return None
        try:
            return GatewayClient(socket_path(self.home, "kraken"), timeout_s=5).status().ready or None
        except TradingError:
            return None


def zone_by_day(now: datetime) -> str:
    """Where it is noon now: nobody of a scenario sleeps, whenever the tests run."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/UTC"


def _end_pid(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def open_desk(
    home: Path,
    *,
    socket_mode: bool = True,
    health_report: timedelta = timedelta(hours=12),
    cooldown_s: int = 300,
    database_url: str | None = None,
    watched: bool = True,
    changes: Callable[[str], str] = lambda text: text,
    policy_changes: Callable[[str], str] = lambda text: text,
) -> Iterator[Desk]:
    """A desk whose bot is ready; if watched, a message that nobody expected fails the scenario at the end.

    `health_report` is how far away its hour is, far enough by default that no report comes by itself.
    """
    home.mkdir(parents=True)
    now = system_clock()
    hour = (now + health_report).astimezone(ZoneInfo("Europe/Berlin"))

    def edited(text: str) -> str:
        return changes(text.replace('health_report = "07:30"', f'health_report = "{hour:%H:%M}"'))

    def ruled(text: str) -> str:
        return policy_changes(text.replace("cooldown_s = 300", f"cooldown_s = {cooldown_s}"))

    with practice_desk(
        home,
        now,
        socket_mode=socket_mode,
        changes=edited,
        policy_changes=ruled,
        database_url=database_url,
    ) as practice:
        people = home / "config" / "people.toml"
        people.write_text(re.sub(r'(?<=timezone = ").*(?=")', zone_by_day(now), people.read_text()))
        desk = Desk(practice, database_url)
        try:
            desk.wait_ready()
            with desk if watched else closing(desk):
                yield desk
                assert desk.refused_for_calling_too_often() == 0
        finally:
            desk.shut()
