"""What shows that a request and a vote are as the desk wrote them; older ones have none and do not count."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("approval_request", "approval_vote")


def upgrade() -> None:
    """Go to revision 0006."""
    for table in TABLES:
        op.add_column(table, sa.Column("mac", sqlmodel.AutoString(length=64), nullable=True))


def downgrade() -> None:
    """Go back to revision 0005."""
    for table in TABLES:
        op.drop_column(table, "mac")
