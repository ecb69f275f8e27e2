"""The promotion codes each organization has taken"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

KNOWN = """
INSERT INTO taken_codes (organization_id, code, taken_at)
SELECT organization_id, lower(code), min(began_at)
FROM (
    SELECT organization_id, began_at, promotion_code AS code FROM subscriptions
    UNION ALL
    SELECT organization_id, began_at, discount ->> 'code'
    FROM subscriptions, jsonb_array_elements(discounts) AS discount
) AS taken
WHERE code <> '' AND began_at IS NOT NULL
GROUP BY organization_id, lower(code)
"""


def upgrade() -> None:
    op.create_table(
        "taken_codes",
        sa.Column("organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), primary_key=True),
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_table("taken_codes")
