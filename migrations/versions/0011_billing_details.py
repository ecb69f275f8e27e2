"""Billing details of an organization"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"

TEXTS = ["line1", "line2", "city", "state", "postal_code", "purchase_order"]


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("organizations", sa.Column(name, sa.String(), nullable=True))
    op.add_column("organizations", sa.Column("invoice_recipients", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("organizations", "invoice_recipients", server_default=None)
    op.create_table(
        "tax_ids",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("verification", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_tax_ids_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_ids")),
        sa.UniqueConstraint("public_id", name=op.f("uq_tax_ids_public_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_tax_ids_stripe_id")),
    )
    op.create_index(op.f("ix_tax_ids_organization_id"), "tax_ids", ["organization_id"], unique=False)


def downgrade() -> None:
    op.drop_table("tax_ids")
    for name in [*TEXTS, "invoice_recipients"]:
        op.drop_column("organizations", name)
