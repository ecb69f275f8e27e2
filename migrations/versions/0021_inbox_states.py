"""Keep events of unknown customers until the customer appears"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

INDEXES = [
    ("ix_inbox_events_object", "object_id", "state = 'received'"),
    ("ix_inbox_events_unmatched", "customer", "state = 'unmatched'"),
    ("ix_inbox_events_stuck", "state", "state IN ('parked', 'unmatched')"),
]


def upgrade() -> None:
    op.add_column("inbox_events", sa.Column("customer", sa.String(), nullable=True))
    for name, column, condition in INDEXES:
        op.create_index(name, "inbox_events", [column], postgresql_where=condition)
    op.create_index("ix_inbox_events_age", "inbox_events", ["received_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_inbox_events_age", table_name="inbox_events")
    for name, _, condition in INDEXES:
        op.drop_index(name, table_name="inbox_events", postgresql_where=condition)
    op.drop_column("inbox_events", "customer")
