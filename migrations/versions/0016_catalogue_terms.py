"""Seats, trials and cancellation terms of a plan, and the cards that trials began with"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

WORDS = {"trial_card": "required", "trial_end": "cancel", "cancel": "period_end", "cancel_refund": "none"}
NUMBERS = ("seats_min", "seats_max")


def upgrade() -> None:
    for name, default in WORDS.items():
        op.add_column("plans", sa.Column(name, sa.String(), nullable=False, server_default=default))
        op.alter_column("plans", name, server_default=None)
    for name in NUMBERS:
        op.add_column("plans", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("subscriptions", sa.Column("without_card", sa.String(), nullable=True))
    op.create_table(
        "trial_cards",
        sa.Column("fingerprint", sa.String(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("trial_cards")
    op.drop_column("subscriptions", "without_card")
    for name in (*NUMBERS, *WORDS):
        op.drop_column("plans", name)
