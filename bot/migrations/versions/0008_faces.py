"""With which faces the cards of requests and the Home tabs were shown."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0008."""
    op.create_table(
        "face",
        sa.Column("subject", sqlmodel.AutoString(length=200), nullable=False),
        sa.Column("face", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "face"),
    )


def downgrade() -> None:
    """Go back to revision 0007."""
    op.drop_table("face")
