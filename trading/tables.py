"""The tables of sessions, orders, fills, events and equity; rows never leave the store."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from approvals.columns import DecimalText, JsonText, UtcDateTime

# SQLite counts up by itself only in a column that it knows as INTEGER.
_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")


class SessionRow(SQLModel, table=True):
    """One trading session; `parameters` is a list of name and text pairs."""

    __tablename__ = "trading_session"
    __table_args__ = (Index("ix_trading_session_state", "state"),)

    id: str = Field(primary_key=True, max_length=64)
    stage: str = Field(max_length=16)
    exchange: str = Field(max_length=64)
    strategy: str = Field(max_length=64)
    symbol: str = Field(max_length=32)
    timeframe: str = Field(max_length=8)
    notional_max: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    parameters: Any = Field(sa_column=Column(JsonText, nullable=False))
    class_path: str = Field(sa_column=Column(Text, nullable=False))
    source_digest: str = Field(max_length=64)
    state: str = Field(max_length=16)
    state_reason: str = Field(sa_column=Column(Text, nullable=False))
    started_by: str = Field(max_length=64)
    reason: str = Field(sa_column=Column(Text, nullable=False))
    request_id: str | None = Field(default=None, max_length=40, unique=True)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    started_at: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))
    ended_at: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))
    ends_at: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))
    pid: int | None = Field(default=None)
    pid_started_at: float | None = Field(default=None)


class OrderRow(SQLModel, table=True):
    """One order of a session, saved before it is sent."""

    __tablename__ = "trading_order"
    __table_args__ = (Index("ix_trading_order_state", "state"),)

    client_order_id: str = Field(primary_key=True, max_length=64)
    session_id: str = Field(foreign_key="trading_session.id", index=True, max_length=64)
    symbol: str = Field(max_length=32)
    side: str = Field(max_length=4)
    type: str = Field(max_length=16)
    quantity: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    limit_price: Decimal | None = Field(sa_column=Column(DecimalText, nullable=True))
    state: str = Field(max_length=16)
    filled_quantity: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    venue_order_id: str | None = Field(default=None, index=True, max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    deadline: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))
    updated_at: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))


class FillRow(SQLModel, table=True):
    """One execution, known once at each venue account however often it is reported."""

    __tablename__ = "trading_fill"
    __table_args__ = (
        UniqueConstraint("exchange", "fill_id", name="uq_trading_fill"),
        Index("ix_trading_fill_at", "at", "sequence"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(_SEQUENCE, primary_key=True))
    exchange: str = Field(max_length=64)
    fill_id: str = Field(max_length=64)
    client_order_id: str | None = Field(default=None, index=True, max_length=64)
    venue_order_id: str = Field(max_length=64)
    session_id: str | None = Field(default=None, index=True, max_length=64)
    symbol: str = Field(max_length=32)
    side: str = Field(max_length=4)
    quantity: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    price: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    fee: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    fee_currency: str = Field(max_length=16)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    cost: Decimal | None = Field(sa_column=Column(DecimalText, nullable=True))


class CheckpointRow(SQLModel, table=True):
    """What the first fills of a venue account come to, so that they need not be folded at each start."""

    __tablename__ = "trading_checkpoint"

    exchange: str = Field(primary_key=True, max_length=64)
    folded: Any = Field(sa_column=Column(JsonText, nullable=False))


class EventRow(SQLModel, table=True):
    """One thing that happened, until the desk was told of it and for ever after."""

    __tablename__ = "trading_event"
    __table_args__ = (Index("ix_trading_event_untold", "projected_at", "sequence"),)

    sequence: int | None = Field(default=None, sa_column=Column(_SEQUENCE, primary_key=True))
    key: str = Field(unique=True, max_length=200)
    kind: str = Field(max_length=32)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    session_id: str | None = Field(default=None, index=True, max_length=64)
    facts: Any = Field(sa_column=Column(JsonText, nullable=False))
    projected_at: datetime | None = Field(sa_column=Column(UtcDateTime, nullable=True))


class EquityRow(SQLModel, table=True):
    """What an account was worth at one moment; `day` only on the mark that a day of the desk begins with."""

    __tablename__ = "trading_equity"
    __table_args__ = (
        UniqueConstraint("exchange", "day", name="uq_trading_equity_day"),
        Index("ix_trading_equity_at", "exchange", "at"),
    )

    sequence: int | None = Field(default=None, sa_column=Column(_SEQUENCE, primary_key=True))
    exchange: str = Field(max_length=64)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    equity: Decimal = Field(sa_column=Column(DecimalText, nullable=False))
    detail: Any = Field(sa_column=Column(JsonText, nullable=False))
    day: date | None = Field(sa_column=Column(Date, nullable=True))
