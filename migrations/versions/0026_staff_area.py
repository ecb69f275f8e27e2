"""Let staff look for rows and press a button once"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0023"

FEW_EVENTS = "state IN ('parked', 'unmatched', 'discarded', 'ignored')"
FEW_TASKS = "state IN ('pending', 'parked', 'discarded')"
FEW_CALLS = "state IN ('started', 'unknown', 'unresolved', 'overtaken')"
OF_PEOPLE = "organization_id IS NULL AND user_id IS NOT NULL"

BEFORE = [
    ("ix_inbox_events_object", "inbox_events", ["object_id"], "state = 'received'"),
    ("ix_inbox_events_stuck", "inbox_events", ["state"], "state IN ('parked', 'unmatched')"),
]
AFTER = [
    ("ix_inbox_events_object", "inbox_events", ["object_id", "state"], None),
    ("ix_inbox_events_few", "inbox_events", ["state", "id"], FEW_EVENTS),
    ("ix_inbox_events_type", "inbox_events", ["type", "id"], None),
    ("ix_inbox_events_customer", "inbox_events", ["customer", "id"], "customer IS NOT NULL"),
    ("ix_tasks_few", "tasks", ["state", "id"], FEW_TASKS),
    ("ix_tasks_run_at", "tasks", ["run_at", "id"], None),
    ("ix_stripe_intents_few", "stripe_intents", ["started_at", "key"], FEW_CALLS),
    ("ix_audit_entries_subject", "audit_entries", ["subject"], OF_PEOPLE),
    ("ix_staff_presses_pressed_at", "staff_presses", ["pressed_at"], None),
]


def upgrade() -> None:
    op.create_table(
        "staff_presses",
        sa.Column("press", sa.String(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("press", name="pk_staff_presses"),
    )
    _replace(BEFORE, AFTER)


def downgrade() -> None:
    _replace(AFTER, BEFORE)
    op.drop_table("staff_presses")


def _replace(old: list, new: list) -> None:
    for name, table, _, _ in old:
        op.drop_index(name, table_name=table)
    for name, table, columns, condition in new:
        op.create_index(name, table, columns, postgresql_where=sa.text(condition) if condition else None)
