"""List the use beyond a plan that nobody bills"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "usage_unbilled",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("total_id", sa.BigInteger(), sa.ForeignKey("usage_totals.id"), nullable=False, unique=True),
        sa.Column("plan_id", sa.BigInteger(), sa.ForeignKey("plans.id"), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit_amount", sa.Numeric(24, 12), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("usage_unbilled")
