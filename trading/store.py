"""Sessions, orders, fills, events and equity in the database, inside the caller's transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, select, update
from sqlalchemy.orm import Session

from trading.checkpoint import Checkpoint
from trading.codec import Unreadable, decode, encode
from trading.equity import EquityPoint
from trading.errors import DuplicateOrder, DuplicateSession, NoSuchOrder, NoSuchSession
from trading.events import TradingEvent
from trading.fill import Fill
from trading.order import Order, OrderState
from trading.rows import (
    CHECKPOINT,
    EQUITY,
    EVENT,
    FILL,
    ORDER,
    SESSION,
    event_of,
    event_values,
    fill_of,
    fill_values,
    insert,
    order_of,
    order_values,
    session_of,
    session_values,
)
from trading.session import SessionState, TradingSession

_OPEN_SESSIONS = tuple(state for state in SessionState if not state.is_over)
_OPEN_ORDERS = tuple(state for state in OrderState if state.may_be_live)


# Databases take only so many values in one question.
_VALUES_MAX = 500


def _batched(values: Collection[str]) -> Iterator[list[str]]:
    """The values in lists that one question can hold."""
    listed = list(values)
    for begin in range(0, len(listed), _VALUES_MAX):
        yield listed[begin : begin + _VALUES_MAX]


class _Store:
    """One kind of row in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        return list(self._session.connection().execute(query).mappings())

    def _row(self, query: Select[Any]) -> RowMapping | None:
        return self._session.connection().execute(query).mappings().first()


class SessionStore(_Store):
    """Trading sessions."""

    def add(self, session: TradingSession) -> None:
        """Save a new session; raises DuplicateSession for an id or a request that has one."""
        if not insert(self._session, SESSION, session_values(session)):
            raise DuplicateSession(session_id=session.id)

    def get(self, session_id: str) -> TradingSession | None:
        """The session of an id."""
        row = self._row(select(SESSION).where(SESSION.c.id == session_id))
        return session_of(row) if row else None

    def of_request(self, request_id: str) -> TradingSession | None:
        """The session that an approved request started."""
        row = self._row(select(SESSION).where(SESSION.c.request_id == request_id))
        return session_of(row) if row else None

    def all_open(self) -> list[TradingSession]:
        """Every session that is not over, the oldest first; an unknown one is not over."""
        query = select(SESSION).where(SESSION.c.state.in_(_OPEN_SESSIONS))
        return [session_of(row) for row in self._rows(query.order_by(SESSION.c.created_at, SESSION.c.id))]

    def recent(self, limit: int) -> list[TradingSession]:
        """The sessions made last, the newest first."""
        query = select(SESSION).order_by(SESSION.c.created_at.desc(), SESSION.c.id.desc()).limit(limit)
        return [session_of(row) for row in self._rows(query)]

    def move(self, before: TradingSession, after: TradingSession) -> bool:
        """Write a move, unless somebody else moved the session since it was read: then False."""
        changed = self._session.connection().execute(
            update(SESSION)
            .where(SESSION.c.id == before.id, SESSION.c.state == before.state)
            .values(
                state=after.state,
                state_reason=after.state_reason,
                started_at=after.started_at,
                ended_at=after.ended_at,
                ends_at=after.ends_at,
            )
        )
        return changed.rowcount == 1

    def set_process(self, session_id: str, pid: int, started_at: float) -> bool:
        """Note the one process of a session; False when it has another, raises NoSuchSession."""
        self._session.connection().execute(
            update(SESSION)
            .where(SESSION.c.id == session_id, SESSION.c.pid.is_(None))
            .values(pid=pid, pid_started_at=started_at)
        )
        found = self.get(session_id)
        if found is None:
            raise NoSuchSession(session_id=session_id)
        return (found.pid, found.pid_started_at) == (pid, started_at)


class OrderStore(_Store):
    """Orders of sessions."""

    def add(self, order: Order) -> None:
        """Save an order before it is sent; raises DuplicateOrder for an id that was used before."""
        if not insert(self._session, ORDER, order_values(order)):
            raise DuplicateOrder(client_order_id=order.intent.client_order_id)

    def update(self, order: Order) -> None:
        """Write what is known of an order's fate; raises NoSuchOrder."""
        values = order_values(order)
        client_order_id = values.pop("client_order_id")
        changed = self._session.connection().execute(
            update(ORDER).where(ORDER.c.client_order_id == client_order_id).values(values)
        )
        if not changed.rowcount:
            raise NoSuchOrder(client_order_id=client_order_id)

    def get(self, client_order_id: str) -> Order | None:
        """The order of an id."""
        row = self._row(select(ORDER).where(ORDER.c.client_order_id == client_order_id))
        return order_of(row) if row else None

    def open_orders(self, exchange: str | None = None) -> list[Order]:
        """Every order that the venue may still hold, of one account or of all, the oldest first."""
        query = select(ORDER).where(ORDER.c.state.in_(_OPEN_ORDERS))
        if exchange is not None:
            query = query.join(SESSION, SESSION.c.id == ORDER.c.session_id).where(
                SESSION.c.exchange == exchange
            )
        return self._orders(query)

    def by_session(self, session_id: str) -> list[Order]:
        """Every order of one session, the oldest first."""
        return self._orders(select(ORDER).where(ORDER.c.session_id == session_id))

    def has_one(self, session_id: str) -> bool:
        """Whether a session has made exactly one order."""
        query = select(ORDER.c.client_order_id).where(ORDER.c.session_id == session_id)
        return len(self._rows(query.limit(2))) == 1

    def sent_since(self, session_id: str, at: datetime, at_most: int) -> list[datetime]:
        """When a session's newest orders were written down after a moment, those left out that we denied."""
        query = select(ORDER.c.created_at).where(
            ORDER.c.session_id == session_id, ORDER.c.created_at > at, ORDER.c.state != OrderState.DENIED
        )
        rows = self._rows(query.order_by(ORDER.c.created_at.desc()).limit(at_most))
        return [row["created_at"] for row in rows]

    def open_count(self, session_id: str) -> int:
        """How many orders of one session the venue may still hold."""
        query = select(func.count()).where(ORDER.c.session_id == session_id, ORDER.c.state.in_(_OPEN_ORDERS))
        return int(self._session.connection().execute(query).scalar_one())

    def _orders(self, query: Select[Any]) -> list[Order]:
        ordered = query.order_by(ORDER.c.created_at, ORDER.c.client_order_id)
        return [order_of(row) for row in self._rows(ordered)]


class FillStore(_Store):
    """Fills, in the order in which they happened."""

    def add(self, fill: Fill, exchange: str) -> bool:
        """Book a fill of one venue account; False when it is known already."""
        return insert(self._session, FILL, fill_values(fill, exchange))

    def filled(self, client_order_id: str) -> Decimal:
        """How much of one order was executed."""
        rows = self._rows(select(FILL.c.quantity).where(FILL.c.client_order_id == client_order_id))
        return sum((row["quantity"] for row in rows), Decimal(0))

    def by_session(self, session_id: str) -> list[Fill]:
        """The fills of one session."""
        return self._fills(select(FILL).where(FILL.c.session_id == session_id))

    def since(self, at: datetime, exchange: str | None = None) -> list[Fill]:
        """The fills from a moment on, of one account or of all."""
        return self._fills(self._of(exchange).where(FILL.c.at >= at))

    def all(self, exchange: str | None = None) -> list[Fill]:
        """Every fill of one account or of all."""
        return self._fills(self._of(exchange))

    def _of(self, exchange: str | None) -> Select[Any]:
        return select(FILL) if exchange is None else select(FILL).where(FILL.c.exchange == exchange)

    def _fills(self, query: Select[Any]) -> list[Fill]:
        return [fill_of(row) for row in self._rows(query.order_by(FILL.c.at, FILL.c.sequence))]

    def after(self, sequence: int, exchange: str) -> list[Fill]:
        """The fills of one account that were booked after a row."""
        return self._fills(self._of(exchange).where(FILL.c.sequence > sequence))

    def extent(self, exchange: str, until: int | None = None) -> tuple[int, int]:
        """The last row of one account's fills, up to a row or of all, and how many they are."""
        columns: list[Any] = [func.max(FILL.c.sequence).label("last"), func.count().label("count")]
        query = select(*columns).where(FILL.c.exchange == exchange)
        row = self._rows(query if until is None else query.where(FILL.c.sequence <= until))[0]
        return row["last"] or 0, row["count"]

    def filled_of(self, client_order_ids: Collection[str]) -> dict[str, Decimal]:
        """How much of each of these orders was executed, without those of which nothing was."""
        filled: dict[str, Decimal] = {}
        columns = select(FILL.c.client_order_id, FILL.c.quantity)
        for some in _batched(client_order_ids):
            for row in self._rows(columns.where(FILL.c.client_order_id.in_(some))):
                ident = row["client_order_id"]
                filled[ident] = filled.get(ident, Decimal(0)) + row["quantity"]
        return filled


class CheckpointStore(_Store):
    """What the first fills of each account come to."""

    def get(self, exchange: str) -> Checkpoint:
        """The checkpoint of an account, an empty one where there is none that can be read."""
        row = self._row(select(CHECKPOINT).where(CHECKPOINT.c.exchange == exchange))
        try:
            return decode(Checkpoint, row["folded"]) if row else Checkpoint()
        except Unreadable:
            return Checkpoint()

    def save(self, exchange: str, checkpoint: Checkpoint) -> None:
        """Put it in the place of the one before."""
        connection = self._session.connection()
        connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.exchange == exchange))
        insert(self._session, CHECKPOINT, {"exchange": exchange, "folded": encode(checkpoint)})


class EventStore(_Store):
    """What happened, each happening once."""

    def add(self, event: TradingEvent) -> bool:
        """Save an event with the state it belongs to; False when its key is there already."""
        return insert(self._session, EVENT, event_values(event))

    def unprojected(self, limit: int) -> list[TradingEvent]:
        """The events that the desk was not told of yet, in the order in which they were saved."""
        query = select(EVENT).where(EVENT.c.projected_at.is_(None)).order_by(EVENT.c.sequence).limit(limit)
        return [event_of(row) for row in self._rows(query)]

    def mark_projected(self, keys: Iterable[str], at: datetime) -> None:
        """Note that the desk was told of the events with these keys."""
        self._session.connection().execute(
            update(EVENT)
            .where(EVENT.c.key.in_(list(keys)), EVENT.c.projected_at.is_(None))
            .values(projected_at=at)
        )

    def by_session(self, session_id: str) -> list[TradingEvent]:
        """Everything that happened in one session, in the order in which it was saved."""
        query = select(EVENT).where(EVENT.c.session_id == session_id).order_by(EVENT.c.sequence)
        return [event_of(row) for row in self._rows(query)]


class EquityStore(_Store):
    """What each account was worth."""

    def add(
        self, exchange: str, at: datetime, equity: Decimal, detail: Mapping[str, Any], day: date | None = None
    ) -> bool:
        """Save a mark; with `day` it is the one that day begins with, and only the first such counts."""
        values = {"exchange": exchange, "at": at, "equity": equity, "detail": dict(detail), "day": day}
        return insert(self._session, EQUITY, values)

    def marks(self, since: datetime, exchange: str) -> list[EquityPoint]:
        """The marks of one account from a moment on, the oldest first."""
        columns = select(EQUITY.c.at, EQUITY.c.equity)
        query = columns.where(EQUITY.c.exchange == exchange, EQUITY.c.at >= since)
        rows = self._rows(query.order_by(EQUITY.c.at, EQUITY.c.sequence))
        return [EquityPoint(row["at"], row["equity"]) for row in rows]

    def forget(self, before: datetime, exchange: str) -> None:
        """Remove the marks of one account before a moment, but for those that a day began with."""
        self._session.connection().execute(
            delete(EQUITY).where(EQUITY.c.exchange == exchange, EQUITY.c.at < before, EQUITY.c.day.is_(None))
        )

    def day_mark(self, day: date, exchange: str) -> EquityPoint | None:
        """The mark that a day began with, None when there is none and the day's loss is unknown."""
        row = self._row(select(EQUITY).where(EQUITY.c.exchange == exchange, EQUITY.c.day == day))
        return EquityPoint(row["at"], row["equity"]) if row else None
