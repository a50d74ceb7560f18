"""Reading sessions, and stopping them with the venue's proof."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from threading import Thread
from typing import Any, Protocol

from approvals.person import Person
from approvals.quorum import may_ask
from bot.operations.asker import Asker
from bot.operations.desk import Desk, Refused, owners
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.summaries import SessionSummary
from bot.views.replies import sentence
from bot.views.wording import milliseconds, quantity
from trading.errors import TradingError
from trading.events import EventKind
from trading.position import Book
from trading.session import SessionState, Stage, TradingSession
from trading.wire import GatewayStatus, StopProof

log = logging.getLogger(__name__)

STOPPABLE = frozenset(
    {
        SessionState.STARTING,
        SessionState.RUNNING,
        SessionState.PAUSED,
        SessionState.STOPPING,
        SessionState.UNKNOWN,
    }
)
NOTED_AS = "session.stop"
TAKEN_UP = "taken up again"
HEARTBEAT_AGE_MAX_S = 15.0
PROVEN_STATES = frozenset({SessionState.STOPPED, SessionState.HALTED, SessionState.UNKNOWN})


class Stopper(Protocol):
    """The part of a gateway that a stop needs."""

    def stop_session(self, session_id: str, reason: str) -> StopProof:
        """End a session and prove that none of its orders is left."""


def subject(session_id: str) -> str:
    """The card of a session."""
    return f"session:{session_id}"


def silent_sessions(status: GatewayStatus) -> frozenset[str]:
    """The ids of the attached sessions that have not been heard of lately."""
    return frozenset(ident for ident, age in status.heartbeats.items() if age > HEARTBEAT_AGE_MAX_S)


def summarise(
    tx: Transaction,
    desk: Desk,
    session: TradingSession,
    prices: Mapping[str, Decimal] | None = None,
    silent: Collection[str] = (),
) -> SessionSummary:
    """One session with its own fills folded; its PnL is unknown while it holds something without a price."""
    fills = tx.fills.by_session(session.id)
    position = Book(fills).position(session.plan.symbol)
    price = (prices or {}).get(session.plan.symbol)
    pnl: Decimal | None = None
    if position.quantity == 0:
        pnl = position.realised_pnl - position.fees
    elif price is not None:
        pnl = position.realised_pnl - position.fees + position.unrealised_pnl(price)
    return SessionSummary(
        id=session.id,
        stage=session.plan.stage,
        strategy=session.plan.strategy,
        symbol=session.plan.symbol,
        timeframe=session.plan.timeframe,
        state=session.state,
        state_reason=session.state_reason,
        started_at=session.started_at,
        started_by=desk.name_of(session.started_by),
        request_id=session.request_id,
        pid=session.pid,
        notional_max=session.plan.notional_max,
        currency=session.plan.symbol.split("/")[-1],
        position=position.quantity,
        equity=None if pnl is None else session.plan.notional_max + pnl,
        daily_pnl=pnl,
        open_orders=tx.orders.open_count(session.id),
        fills=len(fills),
        fees=position.fees,
        proof=proof_of(tx, session),
        silent_since=_silent_since(tx, session) if session.id in silent else None,
        ends_at=session.ends_at,
        at=tx.now,
    )


def _silent_since(tx: Transaction, session: TradingSession) -> datetime | None:
    """When the gateway found that a session that should be running is not heard of."""
    if session.state.is_over:
        return None
    told = [event.at for event in tx.events.by_session(session.id) if event.kind is EventKind.SESSION_SILENT]
    return told[-1] if told else tx.now


def proof_of(tx: Transaction, session: TradingSession) -> str:
    """What the venue proved when a session ended, in one sentence; empty while it has not."""
    if session.state not in PROVEN_STATES:
        return ""
    told = [event.facts for event in tx.events.by_session(session.id) if "proven" in event.facts]
    return proof_sentence(told[-1], of_account=session.state is SessionState.HALTED) if told else ""


def proof_sentence(facts: Mapping[str, Any], *, of_account: bool = False) -> str:
    """What the venue proved, and what is still held; never reads as flat when it is not.

    A halt proves its whole account (`of_account`): what is held then may be other sessions' too.
    """
    steps = facts.get("steps") or []
    took = f" after {milliseconds(int(steps[-1][1]))}" if steps else ""
    amounts = {asset: Decimal(amount) for asset, amount in (facts.get("held") or {}).items()}
    held = ", ".join(f"{quantity(abs(amount))} {asset}" for asset, amount in amounts.items() if amount)
    detail = facts.get("detail")
    whose = "the account" if of_account else "it"
    nothing = f"What {whose} holds is not known" if detail else f"Nothing is held by {whose}"
    still = "The account is STILL HOLDING" if of_account else "STILL HOLDING"
    holding = f"{still} {held}" if held else nothing
    if facts.get("proven"):
        return f"0 open orders, proven by the venue{took}. {holding}{f' ({detail})' if detail else ''}."
    return f"NOT PROVEN{took}: {detail}. {holding}. Look at the venue's own page now."


class StopSession:
    """End one session: no new orders, open ones cancelled, the venue's proof; it needs nobody else."""

    def __init__(self, storage: Storage, desk: Desk, gateway: Callable[[str], Stopper]) -> None:
        self._storage = storage
        self._desk = desk
        self._gateway = gateway

    def matching(self, wanted: str) -> tuple[str, ...]:
        """The open sessions that `all`, an id or a symbol stands for."""
        with self._storage.reading() as tx:
            sessions = [session for session in tx.sessions.all_open() if session.state in STOPPABLE]
        key = wanted.strip().lower()
        if key == "all":
            return tuple(session.id for session in sessions)
        return tuple(s.id for s in sessions if key in (s.id.lower(), s.plan.symbol.lower()))

    def __call__(
        self,
        actor: Person,
        session_ids: Sequence[str],
        reason: str,
        cause: str,
        asker: Asker | None = None,
    ) -> list[SessionSummary | Refused]:
        """Note every stop first, then have the gateways prove them side by side, then read what they wrote.

        From the note on none of the sessions trades, so the last one does not while the first is proven; and
        the asker is told so, since a venue that is down takes its time.
        """
        if refusal := may_ask(self._desk.policy.alone("session.stop"), actor):
            told = "Only an operator, owner or risk officer may stop one session, so nothing was stopped. "
            if actor.roles:
                told = f"{refusal.sentence} Nothing was stopped. "
            return [Refused(f"{told}You can halt everything with /peak-kill.")]
        with self._storage.transaction() as tx:
            begun = [self._begin(tx, actor, each, reason, cause) for each in session_ids]
            going = [each for each in begun if not isinstance(each, Refused)]
            if going and asker is not None:
                symbols = ", ".join(each.plan.symbol for each in going)
                asker.told_soon(
                    tx, f"Stopping {symbols}: no new orders from now on. The venue is asked to prove it."
                )
        proven = iter(self._proven(going))
        return [each if isinstance(each, Refused) else next(proven) for each in begun]

    def again(self, cause: str) -> list[SessionSummary]:
        """The sessions that this very act has begun to stop before, as they stand once that is proven."""
        with self._storage.reading() as tx:
            noted = [tx.sessions.get(entry.subject) for entry in tx.audit.caused(NOTED_AS, cause)]
        return self._proven([session for session in noted if session is not None])

    def resume_unfinished(self) -> None:
        """Take up, on threads of their own, the stops that a former process did not see the end of."""
        with self._storage.reading() as tx:
            waiting = [s for s in tx.sessions.all_open() if s.state is SessionState.STOPPING]
        for session in waiting:
            self._on_a_thread(session)

    def _proven(self, sessions: Sequence[TradingSession]) -> list[SessionSummary]:
        for proof in [self._on_a_thread(each) for each in sessions if not each.state.is_over]:
            proof.result()
        with self._storage.reading() as tx:
            return [summarise(tx, self._desk, tx.sessions.get(each.id) or each) for each in sessions]

    def _on_a_thread(self, session: TradingSession) -> "Future[None]":
        """Have a stop proven; a bot that ends does not wait for it, and the next one takes it up."""
        proven: Future[None] = Future()

        def run() -> None:
            try:
                self._prove(session)
                proven.set_result(None)
            except Exception as error:
                log.exception("stop: %s could not be seen to its end", session.id)
                proven.set_exception(error)

        Thread(target=run, name=f"stop-{session.id}", daemon=True).start()
        return proven

    def _prove(self, session: TradingSession) -> None:
        try:
            self._gateway(session.plan.exchange).stop_session(session.id, session.state_reason or TAKEN_UP)
        except TradingError as error:
            self._unproven(session, str(error))

    def _begin(
        self, tx: Transaction, actor: Person, session_id: str, reason: str, cause: str
    ) -> TradingSession | Refused:
        session = tx.sessions.get(session_id)
        if session is None:
            return Refused(
                f"There is no session {session_id}, so nothing was stopped. /peak status lists them."
            )
        if session.state not in STOPPABLE:
            return Refused(f"{session.plan.symbol} is {session.state} already, so nothing had to be stopped.")
        because = f"stopped by {actor.name}{_why(reason)}"
        if session.state not in (SessionState.STOPPING, SessionState.UNKNOWN):
            stopping = session.moved(SessionState.STOPPING, tx.now, because)
            if not tx.sessions.move(session, stopping):
                return Refused(
                    "The session changed in the same moment, so nothing was done. Look at /peak status."
                )
            session = stopping
        tx.note(NOTED_AS, actor.id, session_id, reason=reason, symbol=session.plan.symbol, cause=cause)
        tx.outbox.card(subject(session_id), self._desk.channels.ops, Urgency.FIRST)
        said = sentence(f"{actor.name} stops it{_why(reason)}.")
        key, ops = f"stopping:{session_id}:{actor.id}", self._desk.channels.ops
        tx.outbox.post(key, ops, said, Urgency.FIRST, thread_of=subject(session_id))
        if session.plan.stage is Stage.LIVE:
            self._tell_owners(tx, actor, session, reason)
        return replace(session, state_reason=because)

    def _tell_owners(self, tx: Transaction, actor: Person, session: TradingSession, reason: str) -> None:
        for owner in owners(self._desk.roster):
            if owner.id != actor.id:
                key = f"stop:{session.id}:{owner.id}"
                told = sentence(
                    f"{actor.name} is stopping {session.plan.symbol} ({session.id}){_why(reason)}."
                )
                tx.outbox.dm(key, owner.accounts[0], told, Urgency.NEXT)

    def _unproven(self, session: TradingSession, why: str) -> None:
        with self._storage.transaction() as tx:
            found = tx.sessions.get(session.id)
            if found is not None and found.state is SessionState.STOPPING:
                told = f"{session.state_reason}; not proven: {why}"
                tx.sessions.move(found, found.moved(SessionState.UNKNOWN, tx.now, told))
                tx.outbox.card(subject(session.id), self._desk.channels.ops, Urgency.FIRST)


def _why(reason: str) -> str:
    return f": {reason}" if reason else ""
