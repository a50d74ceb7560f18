"""A desk of five people over a real database, with small stand-ins for what lies behind the gateway."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

from sqlmodel import select

from approvals.factor import Secret, step_at
from approvals.in_force import Kind
from approvals.person import Person, PersonId
from approvals.policy import Policy
from approvals.request import ApprovalRequest, Assurance, RequestId, VoteWord
from bot.database import Database
from bot.operations.desk import Channels, Desk, Refused, StrategyChoice
from bot.operations.filing import Asked
from bot.operations.halt import RequestRearm
from bot.operations.in_force import put_in_force
from bot.operations.live import GoLive, Launched, RequestLive
from bot.operations.reminders import RemindAwaited, draw_reminder
from bot.operations.request_card import read_card
from bot.operations.requests import AnswerRequest
from bot.operations.starting import Start
from bot.outbox import SENT
from bot.storage import Keys, Storage, Transaction
from bot.summaries import RequestCard
from bot.tables import OutboxRow
from bot.views.live_form import CHECKLIST, LiveAnswers
from tests.approvals.desk import KEY, OLIVIA, OTTO, ROSTER, a_policy
from tests.bot.intake import Clock
from tests.bot.operations.stand_ins import Rehearsing, Venue
from tests.trading.given import a_fill, an_intent, an_order, the_limits
from trading.killswitch import Latch
from trading.order import OrderState, Side
from trading.session import SessionPlan, SessionState, TradingSession

BTC, ETH = "BTC/USD", "ETH/USD"
CHANNELS = Channels("C0OPS", "C0APPROVALS", "C0ALERTS", "C0INCIDENTS", "C0REPORTS")
STRATEGY = StrategyChoice("ma_crossover", "strategies.ma:Cross", (("fast", "5"), ("slow", "20")), "5" * 64)
ANSWERS = LiveAnswers("ma_crossover", BTC, "1m", "100", "first small run", tuple(CHECKLIST))

T = TypeVar("T")


def a_desk(**changes: Any) -> Desk:
    """The desk of these tests, as configured."""
    fields: dict[str, Any] = {
        "roster": ROSTER,
        "policy": a_policy(),
        "limits": the_limits(),
        "channels": CHANNELS,
        "live_exchange": "kraken",
        "venue_url": "http://127.0.0.1:9001",
        "symbols": (BTC, ETH),
        "strategies": (STRATEGY,),
        "timezone": "Europe/Berlin",
        "code_version": "0.1.0+abc",
        "practice": True,
    }
    return Desk(**{**fields, **changes})


class Rig:
    """One desk with its database, and short words for what happens at it."""

    def __init__(self, database: Database, home: Path) -> None:
        self.clock = Clock()
        self.database = database
        self.storage = Storage(database, Keys(KEY, KEY), self.clock)
        self.desk = a_desk()
        self.files = self.desk.rules
        self.latch = Latch(home)
        self.latch.begin("olivia", self.clock())
        self.rehearsing = Rehearsing()
        self.venue = Venue(self.storage)
        self.woken = 0
        self.secrets: dict[PersonId, Secret] = {}
        self.recovery_codes: dict[PersonId, tuple[str, ...]] = {}
        self.is_alone = True
        self.gateway_settings = self.desk.settings_digest

    def gateway(self, exchange: str) -> Venue:
        """The gateway of an account."""
        assert exchange == "kraken"
        return self.venue

    @property
    def asking(self) -> RequestLive:
        """The operation that files a request for a live session."""
        return RequestLive(self.storage, self.desk, self.rehearsing, self.latch)

    def a_plan(self, **changes: str) -> SessionPlan:
        """The plan of the usual answers."""
        plan = self.asking.plan(replace(ANSWERS, **changes))
        assert isinstance(plan, SessionPlan), plan
        return plan

    def asks(
        self,
        by: Person = OTTO,
        cause: str = "view:V1:h",
        symbol: str = BTC,
        reason: str = "first small run",
        proof: Assurance | None = None,
    ) -> Asked | Refused:
        """Ask for a live session, with the asker's code where the policy wants one."""
        if proof is None:
            wanted = self.desk.policy.rule("live.activate").step_up
            proof = Assurance.TOTP if wanted else Assurance.NONE
        return self.asking(by, by.accounts[0], self.a_plan(symbol=symbol), reason, cause, proof)

    def asked(self, **given: Any) -> ApprovalRequest:
        """A request that is filed."""
        outcome = self.asks(**given)
        assert isinstance(outcome, Asked), outcome
        return outcome.request

    def answers(
        self,
        request_id: str,
        by: Person = OLIVIA,
        word: VoteWord = VoteWord.YES,
        account: int = 0,
        reason: str = "",
    ) -> ApprovalRequest | Refused:
        """Say yes or no to a request."""
        answer = AnswerRequest(self.storage, self.desk)
        return answer(by, by.accounts[account], RequestId(request_id), word, reason)

    def approved(self, **given: Any) -> ApprovalRequest:
        """A request that Olivia has approved."""
        outcome = self.answers(self.asked(**given).id)
        assert isinstance(outcome, ApprovalRequest), outcome
        return outcome

    def reminds(self) -> None:
        """The scheduler's look at what waits."""
        RemindAwaited(self.storage, self.desk)()

    def reminded(self) -> list[tuple[str, str]]:
        """Who is reminded of what: the account, and the subject as it would be drawn now."""
        rows = [row for row in self.outgoing("dm") if "drawn" in row.target]
        return [(row.lane, self.drawn(row.target["drawn"])) for row in rows]

    def card_of(self, request: ApprovalRequest) -> RequestCard:
        """What the card of a request says now."""
        card = self.read(lambda tx: read_card(tx, self.desk, request.id))
        assert card is not None
        return card

    def drawn(self, subject: str) -> str:
        """What a reminder says if it leaves now; empty for one that does not leave any more."""
        _, request_id, person = subject.split(":")
        view = self.read(lambda tx: draw_reminder(tx, self.desk, request_id, person))
        return view.text if view else ""

    def goes_by(self, settings_digest: str) -> bool:
        """The gateway of this rig goes by the desk's own settings, unless it is told otherwise."""
        return settings_digest == self.gateway_settings

    @property
    def start(self) -> Start:
        """The checks of whoever carries a start out."""
        return Start(self.desk, self.latch, self, lambda: self.is_alone)

    def goes_live(self, request_id: str, by: Person = OTTO) -> Launched | Refused:
        """Press Go live."""
        launch = GoLive(self.storage, self.desk, self.start, self._wake)
        return launch(by, RequestId(request_id))

    def live_session(self, **given: Any) -> TradingSession:
        """A live session that runs."""
        launched = self.goes_live(self.approved(**given).id)
        assert isinstance(launched, Launched), launched
        with self.storage.transaction() as tx:
            running = launched.session.moved(SessionState.RUNNING, tx.now)
            assert tx.sessions.move(launched.session, running)
        return running

    def bought(self, session: TradingSession, quantity: str, price: str = "64000") -> None:
        """A session's buy that the venue has filled."""
        intent = an_intent(Side.BUY, quantity, session.plan.symbol, session_id=session.id)
        with self.storage.transaction() as tx:
            tx.orders.add(an_order(intent, OrderState.FILLED, quantity))
            fill = a_fill(Side.BUY, quantity, price, session.plan.symbol, fee="0.10", of=intent)
            tx.fills.add(fill, "kraken")

    def halted(self, reason: str = "price feed looks wrong", by: str = "sam") -> None:
        """Somebody has halted, and the files are as old as the rig's own clock has it."""
        self.latch.engage(reason, by, self.clock())
        os.utime(self.latch.halt_file, times=(self.clock().timestamp(),) * 2)

    def is_begun(self) -> None:
        """Two people have let the rig's roster and policy count."""
        with self.storage.transaction() as tx:
            for kind in Kind:
                put_in_force(tx, kind, self.desk.rules.value(kind), "the test", "olivia")

    def rearm_asked(self, by: Person = OTTO, reason: str = "feed is back", cause: str = "c:1") -> Any:
        """Ask for the halt to be cleared."""
        return RequestRearm(self.storage, self.desk, self.latch)(by, by.accounts[0], reason, cause)

    def enrols(self, *persons: Person) -> None:
        """Enrol second factors, proven a minute ago."""
        for person in persons:
            secret = self.secrets[person.id] = Secret.new()
            with self.storage.transaction() as tx:
                earlier = step_at(tx.now) - 2
                codes = tx.factors.enrol(person.id, secret, earlier, tx.now, tx.now)
                tx.note("factor.enrolled", "the test", person.id)
            self.recovery_codes[person.id] = codes

    def code(self, person: Person, steps: int = 0) -> str:
        """What a person's app shows now, or some steps later."""
        return self.secrets[person.id].code_at(step_at(self.clock()) + steps)

    def with_policy(self, policy: Policy) -> None:
        """From now on under another policy."""
        self.desk = replace(self.desk, policy=policy)

    def read(self, look: Callable[[Transaction], T]) -> T:
        """Read something."""
        with self.storage.reading() as tx:
            return look(tx)

    def request(self, request_id: str) -> ApprovalRequest:
        """A request as it stands."""
        return self.read(lambda tx: tx.requests.get(RequestId(request_id)))

    def sessions(self) -> list[TradingSession]:
        """Every session there ever was."""
        return self.read(lambda tx: tx.sessions.recent(100))

    def recorded(self) -> list[str]:
        """The kinds of everything in the record, oldest first, once the chain is seen to hold."""
        entries = self.read(lambda tx: list(tx.audit.entries()))
        assert self.read(lambda tx: tx.audit.verify()).ok
        return [entry.kind for entry in entries]

    def outgoing(self, kind: str | None = None) -> list[OutboxRow]:
        """What is on its way to Slack, oldest first."""
        query = select(OutboxRow).order_by("id")
        rows = self.read(lambda tx: list(tx.session.exec(query)))
        return [row for row in rows if kind in (None, row.kind)]

    def announced(self) -> list[OutboxRow]:
        """What is posted in a channel itself, not in the thread of a request."""
        rows = self.outgoing("post")
        return [row for row in rows if not str(row.target["thread_of"]).startswith("request:")]

    def cards(self) -> list[str | None]:
        """The subjects of the cards that are on their way."""
        return [row.subject for row in self.outgoing("card")]

    def delivered(self) -> None:
        """All that is on its way has reached Slack."""
        with self.storage.transaction() as tx:
            for row in tx.session.exec(select(OutboxRow)):
                row.state = SENT

    def told(self) -> list[tuple[str, str]]:
        """Who is told what by direct message."""
        return [(row.lane, row.body["text"]) for row in self.outgoing("dm") if "text" in row.body]

    def _wake(self) -> None:
        self.woken += 1


def at_once(acts: list[Callable[[], T]]) -> list[T]:
    """Let everybody act in the same moment, and give what came of it."""
    together = Barrier(len(acts))

    def act(one: Callable[[], T]) -> T:
        together.wait(10)
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def refusal(outcome: object) -> str:
    """The sentence of a no; fails on a yes."""
    assert isinstance(outcome, Refused), outcome
    return outcome.sentence
