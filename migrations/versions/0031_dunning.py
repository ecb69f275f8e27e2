"""Follow renewals that were not paid"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "dunning_cases",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("subscription_stripe_id", sa.String(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("mode", "state", "reason")),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        *(_instant(name, nullable=False) for name in ("opened_at", "access_ends_at")),
        *(_instant(name) for name in ("next_attempt_at", "closed_at")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"]),
    )
    cases = "dunning_cases"
    op.create_index("ix_dunning_cases_state", cases, ["state", "id"])
    op.create_index("ix_dunning_cases_organization_id", cases, ["organization_id", "id"])
    waiting = sa.text("next_attempt_at IS NOT NULL")
    op.create_index("ix_dunning_cases_next", cases, ["next_attempt_at", "id"], postgresql_where=waiting)
    op.create_table(
        "dunning_attempts",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("source", "outcome")),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("reason", "code")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        _instant("at", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["dunning_cases.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("case_id", "position"),
    )
    op.create_index("ix_dunning_attempts_case_id", "dunning_attempts", ["case_id"])


def _instant(name: str, *, nullable: bool = True) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def downgrade() -> None:
    op.drop_table("dunning_attempts")
    op.drop_table("dunning_cases")
