"""Starting a shadow session: real prices, orders filled on paper; one person's word is enough."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from approvals.payload import one_line
from approvals.person import Person
from approvals.quorum import may_ask
from approvals.request import REASON_LENGTH_MAX
from bot.operations.asker import Asker
from bot.operations.desk import NOT_BEGUN, Desk, Refused
from bot.operations.sessions import subject
from bot.operations.starting import halted
from bot.outbox import Urgency
from bot.records import new_id
from bot.storage import Storage, Transaction
from bot.views.live_form import TIMEFRAMES
from bot.words import unknown
from trading.amount import BadAmount, parse_amount
from trading.killswitch import Latch
from trading.paper_account import DUMMY, exchange_of
from trading.session import SessionPlan, SessionState, Stage, TradingSession

# Each is a process of its own.
OPEN_MAX = 10
NOTED_AS = "session.start"


@dataclass(frozen=True, slots=True)
class ShadowAnswers:
    """What somebody wants to run on paper, still as text; what is empty takes the usual."""

    strategy: str
    symbol: str
    timeframe: str = ""
    notional: str = ""
    dummy: bool = False
    reason: str = ""


class StartShadow:
    """Save a shadow session; the supervisor starts it, and its gateway needs no key."""

    def __init__(self, storage: Storage, desk: Desk, latch: Latch, wake: Callable[[], None]) -> None:
        self._storage = storage
        self._desk = desk
        self._latch = latch
        self._wake = wake

    def __call__(
        self, actor: Person, answers: ShadowAnswers, asker: Asker | None = None
    ) -> TradingSession | Refused:
        """Session, record, card and answer are one transaction."""
        if refusal := may_ask(self._desk.policy.alone("session.start"), actor):
            return Refused(f"{refusal.sentence} Nothing was started.")
        return self._start(actor.id, answers, asker)

    def from_shell(self, at_shell: str, answers: ShadowAnswers) -> TradingSession | Refused:
        """The same for whoever is at the machine; a bot at work starts it."""
        return self._start(at_shell, answers, None)

    def _start(self, actor: str, answers: ShadowAnswers, asker: Asker | None) -> TradingSession | Refused:
        if not self._desk.begun:
            return Refused(NOT_BEGUN)
        if refused := halted(self._latch, "nothing was started"):
            return refused
        plan = self._plan(answers)
        if isinstance(plan, Refused):
            return plan
        with self._storage.transaction() as tx:
            if refused := _busy(tx, plan):
                return refused
            reason = one_line(answers.reason, REASON_LENGTH_MAX)
            session = TradingSession(
                new_id("shadow"), plan, SessionState.STARTING, actor, reason, created_at=tx.now
            )
            tx.sessions.add(session)
            tx.note(NOTED_AS, actor, session.id, stage=plan.stage, symbol=plan.symbol, reason=reason)
            tx.outbox.card(subject(session.id), self._desk.channels.ops, Urgency.NEXT)
            if asker is not None:
                asker.told(tx, started(session))
        self._wake()
        return session

    def _plan(self, answers: ShadowAnswers) -> SessionPlan | Refused:
        desk = self._desk
        symbol, timeframe = answers.symbol.upper(), answers.timeframe or TIMEFRAMES[0]
        names = tuple(choice.name for choice in desk.strategies)
        problem = (
            unknown(answers.strategy, names, "strategy")
            or unknown(symbol, desk.symbols, "symbol")
            or unknown(timeframe, TIMEFRAMES, "bar length")
        )
        choice = desk.strategy(answers.strategy)
        if problem is None and choice is not None and not choice.source_digest:
            problem = f"There is no file for {choice.class_path}, so nothing was done."
        if problem or choice is None:
            return Refused(problem or f"Say which strategy: {', '.join(names)}. Nothing was started.")
        account = DUMMY if answers.dummy else desk.shadow_account
        if not account:
            return Refused(
                "No exchange serves shadow, so nothing was started. Name one in [stages] of config.toml, "
                "or add --dummy for prices that are made here."
            )
        notional = desk.limits.max_order_notional
        try:
            if answers.notional:
                notional = parse_amount(answers.notional, minimum=Decimal(1), maximum=notional)
        except BadAmount as error:
            return Refused(f"{error} Nothing was started.")
        return SessionPlan(
            stage=Stage.SHADOW,
            exchange=account,
            strategy=choice.name,
            symbol=symbol,
            timeframe=timeframe,
            notional_max=notional,
            parameters=choice.parameters,
            class_path=choice.class_path,
            source_digest=choice.source_digest,
        )


def _busy(tx: Transaction, plan: SessionPlan) -> Refused | None:
    open_now = [session for session in tx.sessions.all_open() if session.plan.stage is Stage.SHADOW]
    if len(open_now) >= OPEN_MAX:
        return Refused(
            f"{OPEN_MAX} shadow sessions are open, and no more are run at once. Stop one with /peak stop."
        )
    wanted = (plan.exchange, plan.strategy, plan.symbol, plan.timeframe)
    for session in open_now:
        mine = session.plan
        if (mine.exchange, mine.strategy, mine.symbol, mine.timeframe) == wanted:
            return Refused(
                f"{plan.symbol} {plan.strategy} {plan.timeframe} runs in shadow already as {session.id}, so "
                "nothing was started. Stop it first."
            )
    return None


def started(session: TradingSession) -> str:
    """What is told of a shadow session that begins."""
    plan = session.plan
    prices = "made on this machine" if plan.exchange == DUMMY else f"those of {exchange_of(plan.exchange)}"
    return (
        f"Starting {plan.symbol} in shadow as {session.id}: prices are {prices}, orders are filled on paper. "
        "Its card follows in the operations channel."
    )
