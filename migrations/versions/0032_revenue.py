"""Keep a book of recurring revenue, and let staff look through what there is"""

import json
import secrets
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

INDEXES = [
    ("ix_revenue_movements_at", "revenue_movements", ["at", "id"], None),
    ("ix_revenue_movements_subscription", "revenue_movements", ["subscription_id", "at", "id"], None),
    ("ix_revenue_movements_organization", "revenue_movements", ["organization_id"], "annual_amount > 0"),
    ("ix_organizations_name", "organizations", ["name", "id"], None),
    ("ix_subscriptions_started", "subscriptions", ["started_at", "id"], None),
    ("ix_subscriptions_canceled", "subscriptions", ["canceled_at"], "canceled_at IS NOT NULL"),
    ("ix_invoices_issued", "invoices", ["issued_at", "id"], None),
    ("ix_invoices_not_paid", "invoices", ["status", "issued_at", "id"], "status <> 'paid'"),
    ("ix_payment_attempts_failed", "payment_attempts", ["made_at", "payment_id"], "status = 'failed'"),
]


COUNTED = ("active", "past_due")
PERIODS = {"month": 12, "year": 1}

SUBSCRIPTIONS = """
SELECT s.id, s.organization_id, s.status, s.quantity, s.discounts, s.started_at, s.trial_end, s.ended_at, s.pauses_at,
       s.past_due_since, s.current_period_start, p.unit_amount, p.interval, p.currency
FROM subscriptions s JOIN prices p ON p.id = s.price_id
WHERE s.began_at IS NOT NULL ORDER BY s.organization_id, s.started_at, s.id
"""
LINES = """
SELECT s.id AS subscription_id, l.period_start, l.period_end, l.amount, l.quantity, l.discounts, p.unit_amount, p.interval
FROM subscriptions s
JOIN invoices i ON i.subscription_stripe_id = s.stripe_id AND i.status <> 'void'
JOIN invoice_lines l ON l.invoice_id = i.id AND l.amount > 0
JOIN prices p ON p.stripe_price_id = l.price_stripe_id
WHERE s.began_at IS NOT NULL ORDER BY s.organization_id, s.started_at, s.id, l.period_start, l.id
"""

WRITE = """
INSERT INTO revenue_movements (public_id, organization_id, subscription_id, at, currency, status, status_before,
                               annual_amount, annual_before, kind)
VALUES (:public_id, :organization_id, :subscription_id, :at, :currency, :status, :status_before,
        :annual_amount, :annual_before, :kind)
"""


def upgrade() -> None:
    op.create_table(
        "revenue_movements",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.String(), nullable=False, unique=True),
        sa.Column("organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), sa.ForeignKey("subscriptions.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("currency", "status", "status_before", "kind")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("annual_amount", "annual_before")),
    )
    for name, table, columns, condition in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(condition) if condition else None)
    fill(op.get_bind())


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    op.drop_table("revenue_movements")


def fill(connection: sa.Connection) -> None:
    """Write the book of what was before it: each subscription by the lines of its invoices, and as it stands now.

    An invoice does not say whether a discount recurs, so one that was for once looks like an expansion afterwards.
    """
    found = connection.execute(sa.text(LINES), execution_options={"yield_per": 1000})
    billed = groupby(found.mappings(), itemgetter("subscription_id"))
    subscription_id, lines = next(billed, (None, iter(())))
    paid: set[int] = set()
    for row in connection.execute(sa.text(SUBSCRIPTIONS)).mappings().all():
        mine = []
        if subscription_id == row["id"]:
            mine = list(lines)
            subscription_id, lines = next(billed, (None, iter(())))
        written = _movements(row, _standings(row, mine), row["organization_id"] in paid)
        if any(line["annual_amount"] for line in written):
            paid.add(row["organization_id"])
        if written:
            connection.execute(sa.text(WRITE), written)



def _standings(row, lines):
    """Since when, which status, and how much by the year."""
    found, until = [], None
    if row["trial_end"] and row["trial_end"] > row["started_at"]:
        found.append((row["started_at"], "trialing", 0))
    for line in lines:
        if until and line["period_start"] > until:
            found.append((until, "paused", 0))
        found.append((line["period_start"], "active", _of_line(line)))
        until = max(until or line["period_end"], line["period_end"])
    return [*found, _now(row, found)]


def _now(row, before):
    last = before[-1][0] if before else row["started_at"]
    if row["ended_at"]:
        return (row["ended_at"], row["status"], 0)
    if row["status"] not in COUNTED:
        at = row["started_at"] if row["status"] == "trialing" else row["pauses_at"] or row["trial_end"]
        return (max(at or row["current_period_start"], last), row["status"], 0)
    at = row["past_due_since"] if row["status"] == "past_due" else None
    return (max(at or last, last), row["status"], _of_subscription(row))


def _of_line(line):
    """Of a whole period where the line is for a part of one."""
    left = line["amount"] - sum(discount["amount"] for discount in line["discounts"])
    whole = line["unit_amount"] * (line["quantity"] or 1)
    return _rounded(Decimal(whole) * left / line["amount"]) * PERIODS[line["interval"]]


def _of_subscription(row):
    discounts = row["discounts"] if isinstance(row["discounts"], list) else json.loads(row["discounts"] or "[]")
    left = row["unit_amount"] * row["quantity"]
    for one in discounts:
        if one["duration"] == "once":
            continue
        if one["percent_off"] is not None:
            left -= _rounded(left * Decimal(one["percent_off"]) / 100)
        elif one["currency"] == row["currency"]:
            left -= one["amount_off"]
    return max(left, 0) * PERIODS[row["interval"]]


def _rounded(amount):
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _movements(row, standings, has_paid):
    found, status, annual = [], "", 0
    for at, now, amount in standings:
        if (now, amount) == (status, annual):
            continue
        found.append({
            "public_id": f"mov_{secrets.token_urlsafe(16)}",
            "organization_id": row["organization_id"],
            "subscription_id": row["id"],
            "at": at,
            "currency": row["currency"],
            "status": now,
            "status_before": status,
            "annual_amount": amount,
            "annual_before": annual,
            "kind": _kind(annual, amount, has_paid),
        })
        has_paid, status, annual = has_paid or amount > 0, now, amount
    return found


def _kind(before, after, has_paid):
    if before == after:
        return "none"
    if after == 0:
        return "churn"
    if before == 0:
        return "reactivation" if has_paid else "new"
    return "expansion" if after > before else "contraction"
