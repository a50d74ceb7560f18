"""First tables."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "alert",
    "approval_request",
    "audit_entry",
    "card",
    "halt",
    "inbox",
    "outbox",
    "report",
    "trading_equity",
    "trading_event",
    "trading_fill",
    "trading_session",
    "approval_grant",
    "approval_vote",
    "trading_order",
)


def upgrade() -> None:
    """Go to revision 0001."""
    alert()
    approval_request()
    audit_entry()
    card()
    halt()
    inbox()
    outbox()
    report()
    trading_equity()
    trading_event()
    trading_fill()
    trading_session()
    approval_grant()
    approval_vote()
    trading_order()


def downgrade() -> None:
    """Go back to an empty database."""
    for table in reversed(TABLES):
        op.drop_table(table)


def alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("severity", sqlmodel.AutoString(length=10), nullable=False),
        sa.Column("title", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sqlmodel.AutoString(length=80), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_alert_open", "alert", ["kind", "session_id", "acknowledged_at"])


def approval_request() -> None:
    op.create_table(
        "approval_request",
        sa.Column("id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("action", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("requested_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("account", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload_text", sa.Text(), nullable=False),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("state", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("execution", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("execution_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("cause"),
    )
    op.create_index("ix_approval_request_asked", "approval_request", ["requested_by", "created_at"])
    op.create_index("ix_approval_request_created", "approval_request", ["created_at"])
    op.create_index("ix_approval_request_execution", "approval_request", ["execution", "decided_at"])
    op.create_index("ix_approval_request_name", "approval_request", ["name"])
    op.create_index("ix_approval_request_state", "approval_request", ["state", "expires_at"])
    op.create_index(
        "uq_approval_request_open",
        "approval_request",
        ["action", "account"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("previous_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("mac", sqlmodel.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("hash"),
    )


def card() -> None:
    op.create_table(
        "card",
        sa.Column("subject", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("channel", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("ts", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject"),
    )


def halt() -> None:
    op.create_table(
        "halt",
        sa.Column("id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("by", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latch_ms", sa.Integer(), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("account", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("trigger", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
    op.create_index("ix_inbox_state", "inbox", ["state", "id"])


def outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=300), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("lane", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(length=200), nullable=True),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("ts", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "urgency", "id"])
    op.create_index("ix_outbox_subject", "outbox", ["subject", "state"])


def report() -> None:
    op.create_table(
        "report",
        sa.Column("id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("day", sqlmodel.AutoString(length=10), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sqlmodel.AutoString(length=10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("day"),
    )


def trading_equity() -> None:
    op.create_table(
        "trading_equity",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exchange", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("equity", sa.String(length=131), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("exchange", "day", name="uq_trading_equity_day"),
    )
    op.create_index("ix_trading_equity_at", "trading_equity", ["exchange", "at"])


def trading_event() -> None:
    op.create_table(
        "trading_event",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("projected_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_trading_event_session_id", "trading_event", ["session_id"])
    op.create_index("ix_trading_event_untold", "trading_event", ["projected_at", "sequence"])


def trading_fill() -> None:
    op.create_table(
        "trading_fill",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exchange", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("fill_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("client_order_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("venue_order_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("symbol", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("side", sqlmodel.AutoString(length=4), nullable=False),
        sa.Column("quantity", sa.String(length=131), nullable=False),
        sa.Column("price", sa.String(length=131), nullable=False),
        sa.Column("fee", sa.String(length=131), nullable=False),
        sa.Column("fee_currency", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("exchange", "fill_id", name="uq_trading_fill"),
    )
    op.create_index("ix_trading_fill_at", "trading_fill", ["at", "sequence"])
    op.create_index("ix_trading_fill_client_order_id", "trading_fill", ["client_order_id"])
    op.create_index("ix_trading_fill_session_id", "trading_fill", ["session_id"])


def trading_session() -> None:
    op.create_table(
        "trading_session",
        sa.Column("id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("stage", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("exchange", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("strategy", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("symbol", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("timeframe", sqlmodel.AutoString(length=8), nullable=False),
        sa.Column("notional_max", sa.String(length=131), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("class_path", sa.Text(), nullable=False),
        sa.Column("source_digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("state", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("started_by", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_id", sqlmodel.AutoString(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("pid_started_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id"),
    )
    op.create_index("ix_trading_session_created_at", "trading_session", ["created_at"])
    op.create_index("ix_trading_session_state", "trading_session", ["state"])


def approval_grant() -> None:
    op.create_table(
        "approval_grant",
        sa.Column("id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("request_id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("action", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("request_id"),
    )


def approval_vote() -> None:
    op.create_table(
        "approval_vote",
        sa.Column("request_id", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("person", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("vote", sqlmodel.AutoString(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("step_up", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"]),
        sa.PrimaryKeyConstraint("request_id", "person"),
    )


def trading_order() -> None:
    op.create_table(
        "trading_order",
        sa.Column("client_order_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("session_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("symbol", sqlmodel.AutoString(length=32), nullable=False),
        sa.Column("side", sqlmodel.AutoString(length=4), nullable=False),
        sa.Column("type", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("quantity", sa.String(length=131), nullable=False),
        sa.Column("limit_price", sa.String(length=131), nullable=True),
        sa.Column("state", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("filled_quantity", sa.String(length=131), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("venue_order_id", sqlmodel.AutoString(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["trading_session.id"]),
        sa.PrimaryKeyConstraint("client_order_id"),
    )
    op.create_index("ix_trading_order_session_id", "trading_order", ["session_id"])
    op.create_index("ix_trading_order_state", "trading_order", ["state"])
    op.create_index("ix_trading_order_venue_order_id", "trading_order", ["venue_order_id"])
