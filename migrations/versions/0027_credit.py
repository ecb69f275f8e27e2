"""What an organization has as credit at Stripe"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("credit_amount", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("organizations", sa.Column("credit_currency", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("organizations", "credit_currency")
    op.drop_column("organizations", "credit_amount")
