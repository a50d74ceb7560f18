"""What a fill cost by the venue's own rounding; of older fills it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0004."""
    op.add_column("trading_fill", sa.Column("cost", sa.String(length=131), nullable=True))


def downgrade() -> None:
    """Go back to revision 0003."""
    op.drop_column("trading_fill", "cost")
