"""Links to pay from a mail"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("invoices", sa.Column("tried_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("invoices", "tried_at")
