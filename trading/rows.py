"""From a trading object to its row and back."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from trading.events import EventKind, TradingEvent
from trading.fill import Fill
from trading.order import Intent, Order, OrderState, OrderType, Side
from trading.session import SessionPlan, SessionState, Stage, TradingSession
from trading.tables import CheckpointRow, EquityRow, EventRow, FillRow, OrderRow, SessionRow


def _table(row: type[SQLModel]) -> Table:
    # SQLModel gives it to every table class and declares it on none.
    return cast(Table, row.__table__)  # type: ignore[attr-defined]


SESSION, ORDER, FILL, CHECKPOINT, EVENT, EQUITY = (
    _table(row) for row in (SessionRow, OrderRow, FillRow, CheckpointRow, EventRow, EquityRow)
)

_SESSION_FIELDS = tuple(name for name in TradingSession.__slots__ if name != "plan")
_ORDER_FIELDS = tuple(name for name in Order.__slots__ if name != "intent")


def insert(session: Session, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there: then False, and the transaction goes on."""
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    # SQLAlchemy forgets the row count of an insert on PostgreSQL unless it is asked to keep it.
    statement = statement.execution_options(preserve_rowcount=True)
    return connection.execute(statement).rowcount == 1


def session_values(session: TradingSession) -> dict[str, Any]:
    """The row of a session."""
    plan = {name: getattr(session.plan, name) for name in SessionPlan.__slots__}
    plan["parameters"] = [list(pair) for pair in session.plan.parameters]
    return {**plan, **{name: getattr(session, name) for name in _SESSION_FIELDS}}


def session_of(row: RowMapping) -> TradingSession:
    """The session of a row."""
    plan: dict[str, Any] = {name: row[name] for name in SessionPlan.__slots__}
    plan["stage"] = Stage(row["stage"])
    plan["parameters"] = tuple((name, text) for name, text in row["parameters"])
    fields: dict[str, Any] = {name: row[name] for name in _SESSION_FIELDS}
    fields["state"] = SessionState(row["state"])
    return TradingSession(plan=SessionPlan(**plan), **fields)


def order_values(order: Order) -> dict[str, Any]:
    """The row of an order."""
    intent = {name: getattr(order.intent, name) for name in Intent.__slots__}
    return {**intent, **{name: getattr(order, name) for name in _ORDER_FIELDS}}


def order_of(row: RowMapping) -> Order:
    """The order of a row."""
    intent: dict[str, Any] = {name: row[name] for name in Intent.__slots__}
    intent["side"] = Side(row["side"])
    intent["type"] = OrderType(row["type"])
    fields: dict[str, Any] = {name: row[name] for name in _ORDER_FIELDS}
    fields["state"] = OrderState(row["state"])
    return Order(intent=Intent(**intent), **fields)


def fill_values(fill: Fill, exchange: str) -> dict[str, Any]:
    """The row of a fill at one venue account."""
    return {"exchange": exchange, **{name: getattr(fill, name) for name in Fill.__slots__}}


def fill_of(row: RowMapping) -> Fill:
    """The fill of a row."""
    fields: dict[str, Any] = {name: row[name] for name in Fill.__slots__}
    fields["side"] = Side(row["side"])
    return Fill(**fields)


def event_values(event: TradingEvent) -> dict[str, Any]:
    """The row of an event that nobody was told of yet."""
    return {**{name: getattr(event, name) for name in TradingEvent.__slots__}, "projected_at": None}


def event_of(row: RowMapping) -> TradingEvent:
    """The event of a row."""
    fields: dict[str, Any] = {name: row[name] for name in TradingEvent.__slots__}
    fields["kind"] = EventKind(row["kind"])
    return TradingEvent(**fields)
