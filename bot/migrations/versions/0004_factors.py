"""Second factors: sealed secrets, hashed recovery codes, and refused codes counted for each request."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to revision 0004."""
    op.create_table(
        "approval_factor",
        sa.Column("person", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("phrase", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("good_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("last_subject", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("last_cause", sqlmodel.AutoString(length=300), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "approval_recovery_code",
        sa.Column("person", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("digest", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["approval_factor.person"]),
        sa.PrimaryKeyConstraint("person", "digest"),
    )
    op.create_table(
        "approval_factor_try",
        sa.Column("person", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(length=120), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "subject"),
    )


def downgrade() -> None:
    """Go back to revision 0003."""
    op.drop_table("approval_factor_try")
    op.drop_table("approval_recovery_code")
    op.drop_table("approval_factor")
