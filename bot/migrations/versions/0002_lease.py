"""The lease: one bot at work."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0002."""
    op.create_table(
        "lease",
        sa.Column("name", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("holder", sqlmodel.AutoString(length=40), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("host", sqlmodel.AutoString(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_back", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Go back to revision 0001."""
    op.drop_table("lease")
