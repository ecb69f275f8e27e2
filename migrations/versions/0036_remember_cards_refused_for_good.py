"""Remember which cards were refused for good"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("dunning_cases", sa.Column("refused_cards", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("dunning_cases", "refused_cards", server_default=None)


def downgrade() -> None:
    op.drop_column("dunning_cases", "refused_cards")
