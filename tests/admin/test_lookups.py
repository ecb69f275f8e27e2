"""What names one thing leads to it by an index, however many others there are: PostgreSQL says how it looks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from app.auth.models import User
from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.dunning.models import DunningCase
from app.organizations.models import Membership, Organization, Role
from tests.cast import Browser
from tests.revenue.rows import customer, invoice

OTHERS = 3000
TABLES = (
    "organizations",
    "users",
    "memberships",
    "subscriptions",
    "revenue_movements",
    "invoices",
    "payments",
    "dunning_cases",
)
ANOTHER = """
INSERT INTO {table} SELECT another.*
FROM (SELECT {table} AS one FROM {table} ORDER BY id DESC LIMIT 1) AS last, generate_series(1, :others) AS n,
LATERAL jsonb_populate_record(last.one, jsonb_build_object(
  'id', 1000 + n, 'organization_id', 1000 + n, 'user_id', 1000 + n, 'subscription_id', 1000 + n, 'invoice_id', 1000 + n,
  'public_id', 'other_' || n, 'stripe_id', 'other_' || n, 'stripe_customer_id', 'cus_' || n, 'number', 'B-' || n, 'reference', 'B-' || n,
  'name', 'Customer ' || n, 'email', n || '@example.com'
)) AS another
"""


@pytest.fixture
def crowd(sam: Browser, nexus: Callable[..., Price]) -> None:
    """Ada's organization with one of everything, and as many others as make it worth while to look in an index."""
    ada = customer("Ada", nexus("growth"), annual=118800)
    bill, now = invoice(ada, "A-1"), clock.now()
    terms = {"mode": "app", "reason": "declined", "counted": 0, "opened_at": now, "access_ends_at": now}
    user = User(email="ada@example.com", name="Ada", password_hash="")
    db.session.add_all([user, DunningCase(organization_id=ada.organization_id, invoice_id=bill.id, **terms)])
    db.session.flush()
    db.session.add(Membership(organization_id=ada.organization_id, user_id=user.id, role=Role.ADMIN))
    db.session.flush()
    for table in TABLES:
        db.session.execute(text(ANOTHER.format(table=table)), {"others": OTHERS})
        db.session.execute(text(f"ANALYZE {table}"))
    commit()


@contextmanager
def explained() -> Iterator[list[str]]:
    """How PostgreSQL finds the rows of each statement of the block."""
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN {statement}", values)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)


@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("invoices?about=A-1", "ix_invoices_number"),
        ("invoices?about=in_A-1", "uq_invoices_stripe_id"),
        ("dunning?number=A-1", "ix_invoices_number"),
        ("customers?who=ada@", "users_email"),
        ("movements?who={ada}", "ix_revenue_movements_organization"),
    ],
)
def test_a_name_leads_straight_to_its_row(sam: Browser, crowd: None, address: str, index: str):
    ada = db.session.scalar(db.select(Organization.public_id).where(Organization.name == "Ada"))
    with explained() as plans:
        page = sam.get(f"/admin/{address.format(ada=ada)}").text
    assert "Ada" in page
    (plan,) = [plan for plan in plans if index in plan]
    assert "Seq Scan" not in plan, plan
