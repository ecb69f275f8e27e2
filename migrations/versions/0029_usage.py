"""Count usage"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _latest() -> tuple[sa.Column[sa.DateTime], sa.Column[sa.String]]:
    return _instant("latest_at"), sa.Column("latest_id", sa.String(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "usage_events",
        sa.Column("organization_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.String(), primary_key=True),
        sa.Column("meter_key", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        _instant("occurred_at"),
        sa.Column("is_timed", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "usage_totals",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("meter_key", sa.String(), nullable=False),
        _instant("begins_at"),
        _instant("ends_at", nullable=True),
        sa.Column("used", sa.Numeric(), nullable=False),
        *_latest(),
        _instant("counted_at"),
        sa.Column("included", sa.Numeric(), nullable=True),
        sa.Column("sold", sa.Numeric(), nullable=False, server_default="0"),
        sa.Column("sales", sa.BigInteger(), nullable=False, server_default="0"),
        _instant("sold_at", nullable=True),
        sa.Column("price", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.UniqueConstraint("organization_id", "meter_key", "begins_at"),
    )
    op.create_table(
        "usage_days",
        sa.Column("organization_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("meter_key", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("used", sa.Numeric(), nullable=False),
        *_latest(),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
    )
    op.create_table(
        "usage_sales",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("total_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        _instant("at"),
        _instant("delivered_at", nullable=True),
        sa.ForeignKeyConstraint(["total_id"], ["usage_totals.id"]),
    )
    undelivered = "delivered_at IS NULL"
    op.create_index("uq_usage_sales_undelivered", "usage_sales", ["total_id"], unique=True, postgresql_where=undelivered)


def downgrade() -> None:
    for table in ("usage_sales", "usage_days", "usage_totals", "usage_events"):
        op.drop_table(table)
