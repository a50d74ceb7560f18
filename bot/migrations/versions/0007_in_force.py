"""The roster and the policy that count, as they were agreed to."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0007."""
    op.create_table(
        "approval_in_force",
        sa.Column("kind", sqlmodel.AutoString(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("mac", sqlmodel.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )


def downgrade() -> None:
    """Go back to revision 0006."""
    op.drop_table("approval_in_force")
