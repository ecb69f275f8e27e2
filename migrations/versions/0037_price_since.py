"""Remember since when a subscription has its price"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("price_since", sa.DateTime(timezone=True)))
    op.execute("""
        UPDATE subscriptions SET price_since = changes.latest FROM (
            SELECT subject, max(at) AS latest FROM audit_entries WHERE action = 'subscription.plan_changed' GROUP BY subject
        ) changes WHERE changes.subject = subscriptions.public_id
    """)


def downgrade() -> None:
    op.drop_column("subscriptions", "price_since")
