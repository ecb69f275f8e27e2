"""Keep a book of recurring revenue, and let staff look through what there is"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0027"

INDEXES = [
    ("ix_revenue_movements_at", "revenue_movements", ["at", "id"], None),
    ("ix_revenue_movements_subscription", "revenue_movements", ["subscription_id", "at", "id"], None),
    ("ix_revenue_movements_organization", "revenue_movements", ["organization_id"], "annual_amount > 0"),
    ("ix_organizations_name", "organizations", ["name", "id"], None),
    ("ix_subscriptions_started", "subscriptions", ["started_at", "id"], None),
    ("ix_subscriptions_canceled", "subscriptions", ["canceled_at"], "canceled_at IS NOT NULL"),
    ("ix_invoices_issued", "invoices", ["issued_at", "id"], None),
    ("ix_invoices_not_paid", "invoices", ["status", "issued_at", "id"], "status <> 'paid'"),
    ("ix_payment_attempts_failed", "payment_attempts", ["made_at", "payment_id"], "status = 'failed'"),
]


def upgrade() -> None:
    op.create_table(
        "revenue_movements",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), sa.ForeignKey("subscriptions.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("currency", "status", "status_before", "kind")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("annual_amount", "annual_before")),
    )
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(condition) if condition else None)


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    op.drop_table("revenue_movements")
