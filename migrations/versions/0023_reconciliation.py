"""Compare what stands here with what Stripe has"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"


def _instant(name: str, *, nullable: bool = True) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "reconciliation_rounds",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("key", sa.String(), nullable=False, unique=True),
        sa.Column("scope", sa.String(), nullable=False),
        _instant("made_since"),
        _instant("heard_since"),
        _instant("began_at", nullable=False),
        _instant("started_at", nullable=False),
        _instant("heard_at"),
        _instant("finished_at"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("fetched", "missed", "compared", "found")),
    )
    op.create_table(
        "reconciliation_sightings",
        sa.Column("round_id", sa.BigInteger(), primary_key=True),
        sa.Column("object_type", sa.String(), primary_key=True),
        sa.Column("stripe_id", sa.String(), primary_key=True),
        sa.ForeignKeyConstraint(["round_id"], ["reconciliation_rounds.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "reconciliation_differences",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("object_type", sa.String(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("is_serious", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        _instant("found_at", nullable=False),
        _instant("seen_at", nullable=False),
        _instant("settled_at"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["reconciliation_rounds.id"]),
    )
    differences, same = "reconciliation_differences", ["object_type", "stripe_id"]
    op.create_index(f"uq_{differences}_open", differences, same, unique=True, postgresql_where="state = 'open'")
    op.create_index(f"ix_{differences}_object", differences, same)


def downgrade() -> None:
    op.drop_table("reconciliation_differences")
    op.drop_table("reconciliation_sightings")
    op.drop_table("reconciliation_rounds")
