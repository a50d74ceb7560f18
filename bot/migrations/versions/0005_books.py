"""What a fill cost by the venue's own rounding, unknown of older ones; what the first fills come to."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0005."""
    op.create_table(
        "trading_checkpoint",
        sa.Column("exchange", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("exchange"),
    )
    op.add_column("trading_fill", sa.Column("cost", sa.String(length=131), nullable=True))


def downgrade() -> None:
    """Go back to revision 0004."""
    op.drop_column("trading_fill", "cost")
    op.drop_table("trading_checkpoint")
