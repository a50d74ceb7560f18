"""Letting a paused live session go on: asked for and approved as its start was, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from approvals.errors import ApprovalError
from approvals.events import ExecutionChanged
from approvals.payload import one_line
from approvals.person import Account, Person
from approvals.quorum import may_ask
from approvals.request import REASON_LENGTH_MAX, Assurance, ExecutionState, RequestId
from bot.operations.asker import Asker
from bot.operations.desk import RESUME, SHOWN, Desk, Refused
from bot.operations.edited_rows import refused_by
from bot.operations.filing import Asked, file_request, may_file
from bot.operations.health import in_short
from bot.operations.request_card import subject as request_subject
from bot.operations.sessions import subject
from bot.operations.starting import GrantSpent, Start, halted, unready
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.wording import quantity
from trading.events import EventKind
from trading.health import HealthReport
from trading.killswitch import Latch
from trading.position import Book
from trading.session import SessionState, Stage, TradingSession
from trading.session_states import move_event

SAY_WHY = "Say why it can go on: /peak resume <session or symbol> <reason>. Nothing was asked for."


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session opens again."""

    session: TradingSession


class RequestResume:
    """File a request for one paused live session, after its readiness."""

    def __init__(
        self, storage: Storage, desk: Desk, readiness: Callable[[Stage], HealthReport], latch: Latch
    ) -> None:
        self._storage = storage
        self._desk = desk
        self._readiness = readiness
        self._latch = latch

    def paused(self, actor: Person, wanted: str) -> TradingSession | Refused:
        """The session that is meant; Refused where asking would be in vain."""
        if refusal := may_ask(self._desk.rule(RESUME), actor):
            return Refused(refusal.sentence)
        if refused := halted(self._latch, "nothing can go on"):
            return refused
        key = wanted.strip().lower()
        with self._storage.reading() as tx:
            meant = [s for s in tx.sessions.all_open() if key in (s.id.lower(), s.plan.symbol.lower())]
            paused = [session for session in meant if session.state is SessionState.PAUSED]
            if not meant or len(paused) > 1:
                which = ", ".join(f"{s.plan.symbol} ({s.id})" for s in tx.sessions.all_open())
                return Refused(
                    f"Which session? “{wanted[:60]}” is not one of those that are open, so nothing was asked "
                    f"for. There is {which or 'none'}."
                )
            session = paused[0] if paused else meant[0]
            return (
                self._hindered(tx, session) or may_file(tx, self._desk, actor, RESUME, session.id) or session
            )

    def __call__(
        self,
        actor: Person,
        account: Account | None,
        session_id: str,
        reason: str,
        cause: str,
        proof: Assurance = Assurance.NONE,
    ) -> Asked | Refused:
        """Look at everything that a start is looked at for, then file the request and its card."""
        with self._storage.reading() as tx:
            if known := tx.requests.by_cause(cause):
                return Asked(known)
        session = self.paused(actor, session_id)
        if isinstance(session, Refused):
            return session
        if not one_line(reason, REASON_LENGTH_MAX):
            return Refused(SAY_WHY)
        report = self._readiness(Stage.LIVE)
        if refused := unready(report):
            return refused
        with self._storage.transaction() as tx:
            payload = resume_payload(tx, self._desk, session)
            payload[SHOWN] = {"readiness": in_short(report), "held": _held(tx, session)}
            return file_request(
                tx, self._desk, actor, account, RESUME, session.id, payload, reason, cause, proof
            )

    def _hindered(self, tx: Transaction, session: TradingSession) -> Refused | None:
        """What keeps this session from ever going on."""
        symbol = session.plan.symbol
        if session.plan.stage is not Stage.LIVE:
            return Refused(f"{symbol} is a {session.plan.stage} session; stop it and start it anew.")
        if session.state is not SessionState.PAUSED:
            return Refused(f"{symbol} is {session.state} and not paused, so nothing was asked for.")
        if session.ends_at is not None and tx.now >= session.ends_at:
            return Refused(
                f"The activation of {symbol} ended at {session.ends_at:%Y-%m-%d %H:%M} UTC, so it only "
                "reduces. Stop it, then ask for a new start with /peak live start."
            )
        return None


def resume_payload(tx: Transaction, desk: Desk, session: TradingSession) -> dict[str, Any]:
    """What would go on, under what, and the pause that would end; another pause changes it."""
    told = [e for e in tx.events.by_session(session.id) if e.kind is EventKind.SESSION_PAUSED]
    # The first reason stands in the row; whoever paused it again has given another one.
    reasons = [session.state_reason, *(str(event.facts.get("reason")) for event in told[-1:])]
    pause = {"at": told[-1].at if told else "unknown", "why": "; ".join(dict.fromkeys(reasons))}
    return {
        **desk.live_payload(session.plan),
        "action": RESUME,
        "session": session.id,
        "ends_at": session.ends_at or "never",
        "pause": pause,
    }


def _held(tx: Transaction, session: TradingSession) -> str:
    position = Book(tx.fills.by_session(session.id)).position(session.plan.symbol)
    base = session.plan.symbol.partition("/")[0]
    return (
        f"{quantity(position.quantity)} {base} by our books" if position.quantity else "nothing by our books"
    )


class ResumeLive:
    """Carry out an approved request: the session opens again from this transaction on."""

    def __init__(self, storage: Storage, desk: Desk, start: Start) -> None:
        self._storage = storage
        self._desk = desk
        self._start = start

    def __call__(self, actor: Person, request_id: RequestId, asker: Asker | None = None) -> Resumed | Refused:
        """Claim, grant, move and outcome are one transaction: it has gone on, or nothing has happened."""
        if refused := self._start.refused_around():
            return refused
        try:
            with self._storage.transaction() as tx:
                outcome = self._resume(tx, actor, request_id)
                if isinstance(outcome, Resumed) and asker is not None:
                    asker.told(tx, f"{outcome.session.plan.symbol} goes on ({outcome.session.id}).")
                return outcome
        except ApprovalError as error:
            with self._storage.transaction() as tx:
                return refused_by(tx, self._desk, error)
        except GrantSpent as error:
            return Refused(str(error))

    def _resume(self, tx: Transaction, actor: Person, request_id: RequestId) -> Resumed | Refused:
        request = tx.requests.get(request_id)
        if refused := self._start.refused(tx, actor, request, RESUME):
            return refused
        session = tx.sessions.get(str(request.payload["session"]))
        if session is None or session.state is not SessionState.PAUSED:
            state = session.state if session else "unknown"
            return Refused(f"The session is {state} and not paused, so nothing was resumed.")
        if session.ends_at is not None and tx.now >= session.ends_at:
            return Refused("Its activation has ended, so nothing was resumed. Ask for a new start.")
        if refused := self._start.drifted(tx, request, resume_payload(tx, self._desk, session)):
            return refused
        if refused := self._start.claimed(tx, request):
            return refused
        grant = tx.grants.issue(request)
        grant.covers(request.payload_text, RESUME, tx.now)
        running = session.moved(SessionState.RUNNING, tx.now, request.reason)
        if not tx.grants.spend(grant.id, tx.now) or not tx.sessions.move(session, running):
            raise GrantSpent(name=request.name)
        if (event := move_event(session, running, tx.now)) is not None:
            tx.events.add(event)
        tx.note("session.resume", actor.id, session.id, request=request.id, reason=request.reason)
        done = tx.requests.finish_execution(
            request.id, ExecutionState.EXECUTED, "the session goes on", tx.now
        )
        tx.record(ExecutionChanged(done, actor.id))
        tx.outbox.card(request_subject(request.id), self._desk.channels.approvals, Urgency.FIRST)
        tx.outbox.card(subject(session.id), self._desk.channels.ops, Urgency.FIRST)
        return Resumed(running)
