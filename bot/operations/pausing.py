"""Pausing a session: it opens nothing until two people let it go on."""

from collections.abc import Sequence
from dataclasses import replace

from approvals.payload import one_line
from approvals.person import Person
from approvals.quorum import may_ask
from approvals.request import REASON_LENGTH_MAX
from bot.operations.asker import Asker
from bot.operations.desk import Desk, Refused, owners
from bot.operations.sessions import subject
from bot.outbox import Urgency
from bot.storage import Storage, Transaction
from bot.views.replies import sentence
from trading.session import SessionState, Stage, TradingSession
from trading.session_states import move_event

NOTED_AS = "session.pause"
PAUSED = "It opens nothing from now on, and may still sell what it holds."


class PauseSession:
    """Keep a session from opening anything, at once; it needs nobody else, and owners are told."""

    def __init__(self, storage: Storage, desk: Desk) -> None:
        self._storage = storage
        self._desk = desk

    def matching(self, wanted: str) -> tuple[str, ...]:
        """The open sessions that `all`, an id or a symbol stands for."""
        key = wanted.strip().lower()
        with self._storage.reading() as tx:
            sessions = tx.sessions.all_open()
        return tuple(s.id for s in sessions if key in ("all", s.id.lower(), s.plan.symbol.lower()))

    def __call__(
        self,
        actor: Person,
        session_ids: Sequence[str],
        reason: str,
        cause: str,
        asker: Asker | None = None,
    ) -> list[TradingSession | Refused]:
        """Move, event, record and answer are one transaction; the gateway reads it before its next order."""
        if refusal := may_ask(self._desk.policy.alone("session.pause"), actor):
            return [
                Refused(f"{refusal.sentence} Nothing was paused. You can halt everything with /peak-kill.")
            ]
        return self._pause(actor.id, actor.name, session_ids, reason, cause, asker)

    def from_shell(
        self, at_shell: str, session_ids: Sequence[str], reason: str
    ) -> list[TradingSession | Refused]:
        """The same for whoever is at the machine, who could end the process as well."""
        return self._pause(at_shell, at_shell, session_ids, reason, "", None)

    def _pause(
        self,
        actor: str,
        name: str,
        session_ids: Sequence[str],
        reason: str,
        cause: str,
        asker: Asker | None,
    ) -> list[TradingSession | Refused]:
        why = one_line(reason, REASON_LENGTH_MAX)
        because = f"paused by {name}" + (f": {why}" if why else "")
        with self._storage.transaction() as tx:
            outcomes = [self._one(tx, actor, each, because, why, cause) for each in session_ids]
            if asker is not None:
                asker.told(tx, " ".join(pause_told(outcome) for outcome in outcomes))
        return outcomes

    def _one(
        self, tx: Transaction, actor: str, session_id: str, because: str, why: str, cause: str
    ) -> TradingSession | Refused:
        session = tx.sessions.get(session_id)
        if session is None:
            return Refused(
                f"There is no session {session_id}, so nothing was paused. /peak status lists them."
            )
        if session.state is SessionState.PAUSED:
            return self._again(tx, actor, session, because, why, cause)
        if session.state is not SessionState.RUNNING:
            return Refused(
                f"{session.plan.symbol} is {session.state}, and only what runs can be paused. "
                "/peak stop ends it."
            )
        paused = session.moved(SessionState.PAUSED, tx.now, because)
        if not tx.sessions.move(session, paused):
            return Refused(
                "The session changed in the same moment, so nothing was done. Look at /peak status."
            )
        if (event := move_event(session, paused, tx.now, {"cause": cause})) is not None:
            tx.events.add(event)
        tx.note(NOTED_AS, actor, session_id, reason=why, symbol=session.plan.symbol, cause=cause)
        tx.outbox.card(subject(session_id), self._desk.channels.ops, Urgency.FIRST)
        if session.plan.stage is Stage.LIVE:
            self._tell_owners(tx, actor, paused)
        return paused

    def _again(
        self, tx: Transaction, actor: str, session: TradingSession, because: str, why: str, cause: str
    ) -> Refused:
        """Keep a pause of what is paused: the first reason stands, and no approval of before ends it."""
        told = f"{session.plan.symbol} is paused already ({session.state_reason})."
        if cause and any(event.facts.get("cause") == cause for event in tx.events.by_session(session.id)):
            return Refused(told)  # heard again after a crash
        again = replace(session, state_reason=because)
        if (event := move_event(session, again, tx.now, {"cause": cause})) is not None:
            tx.events.add(event)
        tx.note(NOTED_AS, actor, session.id, reason=why, symbol=session.plan.symbol, cause=cause)
        return Refused(f"{told} Yours is on record, and no approval of before lets it go on.")

    def _tell_owners(self, tx: Transaction, actor: str, session: TradingSession) -> None:
        told = sentence(f"{session.plan.symbol} ({session.id}) was {session.state_reason}.")
        for owner in owners(self._desk.roster):
            if owner.id != actor:
                key = f"pause:{session.id}:{tx.now.isoformat()}:{owner.id}"
                tx.outbox.dm(key, owner.accounts[0], told, Urgency.NEXT)


def pause_told(outcome: TradingSession | Refused) -> str:
    """What whoever asked for a pause is told of one session."""
    if isinstance(outcome, Refused):
        return outcome.sentence
    live = outcome.plan.stage is Stage.LIVE
    then = "/peak resume asks that it goes on." if live else "It does not go on: /peak stop ends it."
    return f"{outcome.plan.symbol} is paused. {PAUSED} {then}"
