"""The promotion code a subscription was begun with"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("promotion_code", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "promotion_code")
