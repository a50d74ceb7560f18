"""Live sessions made as an approved request makes them: two people's yes, one grant, spent once."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import cycle

from approvals.person import Account, Person, PersonId, Role, Roster
from approvals.request import ApprovalRequest, Assurance, RequestId, Vote, VoteWord
from bot.clock import system_clock
from bot.installation import Installation, read_installation
from bot.operations.desk import SHOWN, plan_of
from bot.records import new_id
from bot.settings import Environment
from bot.storage import Transaction
from bot.summaries import HaltSummary
from trading.pids import ProcessId
from trading.session import SessionPlan, SessionState, Stage, TradingSession

SYMBOLS = ("BTC/USD", "ETH/USD", "BTC/EUR", "ETH/EUR", "EUR/USD")
OPERATORS = 20
_NOTHING_TO_SHOW = {"readiness": "not asked: a benchmark", "preview": "not asked: a benchmark"}


class ApprovedSessions:
    """Adds live sessions to a desk's database; its supervisor starts a process for each."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._installation: Installation = read_installation(
            Environment.from_environ(dict(environ)), system_clock
        )
        self._installation.begin()
        roster = self._installation.desk.roster
        # A person may ask five times an hour, so many take turns.
        operators = [_operator(number) for number in range(OPERATORS)]
        self._askers = cycle(operators)
        self._roster = Roster((*roster, *operators))
        self._owner: Person = roster.with_role(Role.OWNER)[0]

    def add(self, symbol: str, notional_max: Decimal, process: ProcessId | None = None) -> str:
        """Save a session in state starting and give its id; `process` is its own when it has one already."""
        plan = SessionPlan(
            Stage.LIVE,
            self._installation.desk.live_exchange,
            "ma_crossover",
            symbol,
            "1h",
            notional_max,
            (("fast", "5"), ("slow", "20")),
        )
        with self._installation.storage().transaction() as tx:
            request = self._approved(tx, plan)
            tx.requests.claim_execution(request.id, self._roster, tx.now)
            grant = tx.grants.issue(request)
            tx.grants.spend(grant.id, tx.now)
            session = TradingSession.live(
                new_id("live"),
                plan_of(request.payload),
                grant,
                request.payload_text,
                request.requested_by,
                request.reason,
                tx.now,
            )
            tx.sessions.add(session)
            if process is not None:
                tx.sessions.set_process(session.id, process.pid, process.started_at)
        return session.id

    def begun(self) -> list[TradingSession]:
        """The open sessions that have a process and have met the gateway."""
        with self._installation.storage().reading() as tx:
            found = tx.sessions.all_open()
        return [one for one in found if one.state is not SessionState.STARTING and one.pid is not None]

    def last_proven_halt(self) -> HaltSummary | None:
        """The newest halt, once every account has answered for it."""
        with self._installation.storage().reading() as tx:
            halt = tx.halts.last()
        return halt if halt is not None and not halt.waiting_for else None

    def _approved(self, tx: Transaction, plan: SessionPlan) -> ApprovalRequest:
        desk, asker = self._installation.desk, next(self._askers)
        request = ApprovalRequest.asked(
            rule=desk.policy.rule("live.activate"),
            roster=self._roster,
            requested_by=asker.id,
            account=f"{plan.exchange}:{plan.symbol}:{new_id('bench')}",
            reason="to be measured",
            payload={**desk.live_payload(plan), SHOWN: _NOTHING_TO_SHOW},
            cause=new_id("bench"),
            now=tx.now,
        )
        tx.requests.add(request, Vote(asker.id, VoteWord.YES, tx.now, asker.accounts[0], Assurance.TOTP))
        owner = self._owner
        tx.requests.record_vote(
            request.id,
            Vote(owner.id, VoteWord.YES, tx.now, owner.accounts[0], Assurance.TOTP),
            self._roster,
            tx.now,
        )
        return tx.requests.get(RequestId(request.id))


def _operator(number: int) -> Person:
    """Somebody who asks, and is on no roster but this one."""
    name = f"Operator {number}"
    account = Account("T0PEAKOPS", f"UOPERATOR{number}")
    return Person(PersonId(f"operator-{number}"), name, (account,), frozenset({Role.OPERATOR}))
