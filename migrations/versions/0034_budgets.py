"""Budgets of meters, and which of their levels were told"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "usage_budgets",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("meter_key", sa.String(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("levels", JSONB(), nullable=False),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.UniqueConstraint("organization_id", "meter_key"),
    )
    op.create_table(
        "usage_budget_notices",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("budget_id", sa.BigInteger(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["usage_budgets.id"]),
        sa.UniqueConstraint("budget_id", "begins_at", "amount"),
    )


def downgrade() -> None:
    op.drop_table("usage_budget_notices")
    op.drop_table("usage_budgets")
