"""Remember when a subscription began"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE subscriptions SET began_at = started_at WHERE status NOT IN ('incomplete', 'incomplete_expired')"
    )


def downgrade() -> None:
    op.drop_column("subscriptions", "began_at")
