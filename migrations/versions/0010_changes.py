"""What is scheduled and what waits for payment"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

COLUMNS = [
    sa.Column("item", sa.String(), nullable=True),
    sa.Column("schedule", sa.String(), nullable=True),
    sa.Column("scheduled_price_id", sa.BigInteger(), nullable=True),
    sa.Column("scheduled_quantity", sa.BigInteger(), nullable=True),
    sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("pending_price_id", sa.BigInteger(), nullable=True),
    sa.Column("pending_quantity", sa.BigInteger(), nullable=True),
    sa.Column("pending_expires_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("paused_because", sa.String(), nullable=True),
    sa.Column("discounts", JSONB(), nullable=False, server_default="[]"),
]
PRICES = ["scheduled_price_id", "pending_price_id"]


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("subscriptions", column._copy())
    op.alter_column("subscriptions", "discounts", server_default=None)
    for name in PRICES:
        op.create_foreign_key(op.f(f"fk_subscriptions_{name}"), "subscriptions", "prices", [name], ["id"])


def downgrade() -> None:
    for name in PRICES:
        op.drop_constraint(op.f(f"fk_subscriptions_{name}"), "subscriptions", type_="foreignkey")
    for column in COLUMNS:
        op.drop_column("subscriptions", column.name)
