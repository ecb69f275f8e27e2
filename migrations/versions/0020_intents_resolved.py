"""Keep an open call to Stripe until its outcome is known"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"

OPEN = "state IN ('started', 'unknown')"


def upgrade() -> None:
    op.add_column("stripe_intents", sa.Column("subject", sa.String(), nullable=True))
    op.add_column("stripe_intents", sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("stripe_intents", sa.Column("tries", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stripe_intents", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stripe_intents", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"UPDATE stripe_intents SET retry_at = started_at WHERE {OPEN}")
    op.create_index("ix_stripe_intents_open", "stripe_intents", ["retry_at"], postgresql_where=OPEN)
    op.create_index("ix_stripe_intents_subject", "stripe_intents", ["subject", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_stripe_intents_subject", table_name="stripe_intents")
    op.drop_index("ix_stripe_intents_open", table_name="stripe_intents", postgresql_where=OPEN)
    for name in ("retry_at", "begun_at", "tries", "request", "subject"):
        op.drop_column("stripe_intents", name)
