"""Lead staff to an invoice by its number, a person by a mail address, and a customer's movements in their order"""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_index("ix_invoices_number", "invoices", ["number"])
    op.create_index("ix_users_email_prefix", "users", ["email"], postgresql_ops={"email": "text_pattern_ops"})
    op.drop_index("ix_revenue_movements_organization", table_name="revenue_movements")
    op.create_index("ix_revenue_movements_organization", "revenue_movements", ["organization_id", "at", "id"])


def downgrade() -> None:
    op.drop_index("ix_revenue_movements_organization", table_name="revenue_movements")
    op.create_index(
        "ix_revenue_movements_organization",
        "revenue_movements",
        ["organization_id"],
        postgresql_where="annual_amount > 0",
    )
    op.drop_index("ix_users_email_prefix", table_name="users")
    op.drop_index("ix_invoices_number", table_name="invoices")
