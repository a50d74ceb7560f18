"""The tables of requests, votes, grants and the record."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from approvals.audit import FIELD_LENGTH_MAX
from approvals.columns import JsonText, UtcDateTime

PENDING = text("state = 'pending'")


class RequestRow(SQLModel, table=True):
    """One approval request; at most one of an action and account is pending."""

    __tablename__ = "approval_request"
    __table_args__ = (
        Index(
            "uq_approval_request_open",
            "action",
            "account",
            unique=True,
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        Index("ix_approval_request_state", "state", "expires_at"),
        Index("ix_approval_request_asked", "requested_by", "created_at"),
        Index("ix_approval_request_execution", "execution", "decided_at"),
        Index("ix_approval_request_created", "created_at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=64, index=True)
    action: str = Field(max_length=64)
    requested_by: str = Field(max_length=64)
    account: str = Field(max_length=64)
    reason: str = Field(sa_column=Column(Text, nullable=False))
    payload_text: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(max_length=64)
    rule: Any = Field(sa_column=Column(JsonText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    cause: str = Field(max_length=300, unique=True)
    state: str = Field(max_length=16)
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    decided_by: str | None = Field(default=None, max_length=64)
    note: str = Field(sa_column=Column(Text, nullable=False))
    execution: str = Field(max_length=16)
    execution_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    mac: str | None = Field(default=None, max_length=64)


class VoteRow(SQLModel, table=True):
    """One person's one answer to one request."""

    __tablename__ = "approval_vote"

    request_id: str = Field(primary_key=True, foreign_key="approval_request.id", max_length=40)
    person: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=16)
    vote: str = Field(max_length=8)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    account: str = Field(max_length=80)
    step_up: str = Field(max_length=32)
    reason: str = Field(sa_column=Column(Text, nullable=False))
    mac: str | None = Field(default=None, max_length=64)


class FactorRow(SQLModel, table=True):
    """One person's second factor, its secret sealed; `last_step` and all before it are used up."""

    __tablename__ = "approval_factor"

    person: str = Field(primary_key=True, max_length=64)
    sealed_secret: str = Field(sa_column=Column(Text, nullable=False))
    phrase: str = Field(max_length=64)
    enrolled_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    good_from: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_step: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_subject: str = Field(max_length=120)
    last_cause: str = Field(max_length=300)


class RecoveryCodeRow(SQLModel, table=True):
    """One recovery code of a person, hashed, and what it was used for."""

    __tablename__ = "approval_recovery_code"

    person: str = Field(primary_key=True, foreign_key="approval_factor.person", max_length=64)
    digest: str = Field(primary_key=True, max_length=64)
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    used_by: str = Field(sa_column=Column(Text, nullable=False))


class FactorTryRow(SQLModel, table=True):
    """How many codes of a person were refused for one request, or for one asking."""

    __tablename__ = "approval_factor_try"

    person: str = Field(primary_key=True, max_length=64)
    subject: str = Field(primary_key=True, max_length=120)
    count: int


class InForceRow(SQLModel, table=True):
    """The roster or the policy that counts: agreed to last, signed, and the request or file it came from."""

    __tablename__ = "approval_in_force"

    kind: str = Field(primary_key=True, max_length=16)
    version: int
    body_text: str = Field(sa_column=Column(Text, nullable=False))
    since: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    origin: str = Field(max_length=64)
    mac: str = Field(max_length=64)


class GrantRow(SQLModel, table=True):
    """The one grant of an approved request, and when it was spent."""

    __tablename__ = "approval_grant"

    id: str = Field(primary_key=True, max_length=64)
    request_id: str = Field(foreign_key="approval_request.id", unique=True, max_length=40)
    action: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    issued_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    spent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class EntryRow(SQLModel, table=True):
    """One row of the record, in the text that was hashed."""

    __tablename__ = "audit_entry"

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: str = Field(max_length=32)
    kind: str = Field(max_length=FIELD_LENGTH_MAX)
    actor: str = Field(max_length=FIELD_LENGTH_MAX)
    subject: str = Field(max_length=FIELD_LENGTH_MAX)
    body_text: str = Field(sa_column=Column(Text, nullable=False))
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)
    mac: str = Field(max_length=64)
