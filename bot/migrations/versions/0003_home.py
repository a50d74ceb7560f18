"""Who has opened the Home tab, so that it can follow what happens."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0003."""
    op.create_table(
        "home",
        sa.Column("account", sqlmodel.AutoString(length=80), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )


def downgrade() -> None:
    """Go back to revision 0002."""
    op.drop_table("home")
