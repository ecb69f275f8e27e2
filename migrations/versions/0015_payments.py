"""Payments, their attempts and refunds, and what explains the lines of an invoice"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

FACTS = [
    sa.Column("subtotal_amount", sa.BigInteger(), nullable=True),
    sa.Column("item", sa.String(), nullable=True),
    sa.Column("discounts", JSONB(), nullable=True),
    sa.Column("taxes", JSONB(), nullable=True),
    sa.Column("credited", JSONB(), nullable=True),
    sa.Column("paid", JSONB(), nullable=True),
]
# Of lines that are here already the sums are known, but neither names nor rates.
FILL = """
UPDATE invoice_lines SET subtotal_amount = invoice_lines.amount, credited = '[]',
    discounts = CASE WHEN invoice_lines.discount_amount = 0 THEN '[]'
        ELSE jsonb_build_array(jsonb_build_object('amount', invoice_lines.discount_amount, 'name', '', 'percent', NULL)) END,
    taxes = CASE WHEN invoice_lines.tax_amount = 0 THEN '[]'
        ELSE jsonb_build_array(jsonb_build_object(
            'amount', invoice_lines.tax_amount, 'rate', NULL, 'reason', 'not_available',
            'is_inclusive', COALESCE((invoices.taxes->0->>'is_inclusive')::boolean, false))) END
FROM invoices WHERE invoices.id = invoice_lines.invoice_id
"""
EMPTY = """
UPDATE invoice_lines SET
    discount_amount = (SELECT COALESCE(sum((one->>'amount')::bigint), 0) FROM jsonb_array_elements(discounts) AS one),
    tax_amount = (SELECT COALESCE(sum((one->>'amount')::bigint), 0) FROM jsonb_array_elements(taxes) AS one)
"""


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_payments_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payments_public_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_payments_stripe_id")),
    )
    op.create_index("ix_payments_reference", "payments", ["organization_id", "purpose", "reference"])


def _attempts() -> None:
    op.create_table(
        "payment_attempts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("refunded_amount", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_payment_attempts_organization_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_attempts_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_attempts_public_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_payment_attempts_stripe_id")),
    )
    op.create_index("ix_payment_attempts_newest", "payment_attempts", ["organization_id", "made_at", "id"])
    op.create_index(op.f("ix_payment_attempts_payment_id"), "payment_attempts", ["payment_id"])


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_refunds_organization_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("public_id", name=op.f("uq_refunds_public_id")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_refunds_stripe_id")),
    )
    op.create_index(op.f("ix_refunds_payment_id"), "refunds", ["payment_id"])


def upgrade() -> None:
    for column in FACTS:
        op.add_column("invoice_lines", column._copy())
    op.execute(FILL)
    for name in ("subtotal_amount", "discounts", "taxes", "credited"):
        op.alter_column("invoice_lines", name, nullable=False)
    op.drop_column("invoice_lines", "tax_amount")
    op.drop_column("invoice_lines", "discount_amount")
    op.create_index("ix_invoice_lines_stripe_id", "invoice_lines", ["stripe_id"])
    _payments()
    _attempts()
    _refunds()


def downgrade() -> None:
    for table in ("refunds", "payment_attempts", "payments"):
        op.drop_table(table)
    op.drop_index("ix_invoice_lines_stripe_id", "invoice_lines")
    for name in ("tax_amount", "discount_amount"):
        op.add_column("invoice_lines", sa.Column(name, sa.BigInteger(), nullable=True))
    op.execute(EMPTY)
    for name in ("tax_amount", "discount_amount"):
        op.alter_column("invoice_lines", name, nullable=False)
    for column in FACTS:
        op.drop_column("invoice_lines", column.name)
