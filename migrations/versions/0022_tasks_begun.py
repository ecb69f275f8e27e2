"""Remember that something was going out"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

PARKED = "state = 'parked'"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("begun", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(f"UPDATE tasks SET finished_at = CURRENT_TIMESTAMP WHERE {PARKED}")
    op.create_index("ix_tasks_parked", "tasks", ["finished_at"], postgresql_where=PARKED)


def downgrade() -> None:
    op.drop_index("ix_tasks_parked", table_name="tasks", postgresql_where=PARKED)
    op.drop_column("tasks", "begun")
