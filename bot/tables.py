"""The bot's own tables: what came in, what goes out, and where each card hangs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from approvals.columns import JsonText, UtcDateTime


class InboxRow(SQLModel, table=True):
    """One command, click, form or event as Slack delivered it, under Slack's own interaction key.

    `reply` is what a form was first answered with, `trigger` the delivery that it answered.
    """

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state", "state", "id"), Index("ix_inbox_received_at", "received_at"))

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=300)
    kind: str = Field(max_length=16)
    account: str = Field(default="", max_length=80)
    trigger: str = Field(default="", max_length=120)
    received_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(max_length=16)
    attempts: int = Field(default=0)
    done_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    reply: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class OutboxRow(SQLModel, table=True):
    """One message to deliver, written in the transaction of the state change that it tells."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "urgency", "id"),
        Index("ix_outbox_subject", "subject", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=300)
    kind: str = Field(max_length=16)
    urgency: int
    lane: str = Field(max_length=120)
    subject: str | None = Field(default=None, max_length=200)
    target: Any = Field(sa_column=Column(JsonText, nullable=False))
    body: Any = Field(sa_column=Column(JsonText, nullable=False))
    state: str = Field(max_length=16)
    attempts: int = Field(default=0)
    next_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    channel: str | None = Field(default=None, max_length=40)
    ts: str | None = Field(default=None, max_length=40)
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class CardRow(SQLModel, table=True):
    """Where the card of one subject hangs; `ts` is empty until Slack has taken it."""

    __tablename__ = "card"

    subject: str = Field(primary_key=True, max_length=200)
    channel: str = Field(max_length=40)
    ts: str | None = Field(default=None, max_length=40)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    drawn_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class HomeRow(SQLModel, table=True):
    """When somebody on the roster has opened the Home tab last."""

    __tablename__ = "home"

    account: str = Field(primary_key=True, max_length=80)
    opened_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class FaceRow(SQLModel, table=True):
    """One face with which a card or a Home tab was shown: a click counts on no other."""

    __tablename__ = "face"

    subject: str = Field(primary_key=True, max_length=200)
    face: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AlertRow(SQLModel, table=True):
    """Something that somebody should look at; the same trouble again raises `times` instead of a new row."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_open", "kind", "session_id", "acknowledged_at"),)

    id: str = Field(primary_key=True, max_length=40)
    key: str = Field(unique=True, max_length=300)
    kind: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    title: str = Field(max_length=200)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    advice: str = Field(sa_column=Column(Text, nullable=False))
    session_id: str | None = Field(default=None, max_length=40)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    times: int = Field(default=1)
    acknowledged_by: str | None = Field(default=None, max_length=80)
    acknowledged_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class HaltRow(SQLModel, table=True):
    """One halt of everything: who, why, and what each venue account proved afterwards."""

    __tablename__ = "halt"

    id: str = Field(primary_key=True, max_length=40)
    by: str = Field(max_length=80)
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    latch_ms: int | None = Field(default=None)
    waiting_for: Any = Field(sa_column=Column(JsonText, nullable=False))
    outcomes: Any = Field(sa_column=Column(JsonText, nullable=False))


class ReportRow(SQLModel, table=True):
    """One health report as it was found; `day` is set for a scheduled one, so that it comes once."""

    __tablename__ = "report"

    id: str = Field(primary_key=True, max_length=40)
    day: str | None = Field(default=None, unique=True, max_length=10)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    verdict: str = Field(max_length=10)
    body: Any = Field(sa_column=Column(JsonText, nullable=False))


class LeaseRow(SQLModel, table=True):
    """Which bot is at work, or was last; one row. `turn` grows with each renewal."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=16)
    holder: str = Field(max_length=40)
    turn: int
    host: str = Field(max_length=255)
    pid: int
    home: str = Field(sa_column=Column(Text, nullable=False))
    granted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    renewed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    given_back: bool
