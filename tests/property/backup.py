"""The tables as they were: kept, put back, and compared without what is different each time."""

from collections import Counter
from typing import Any

from sqlalchemy import insert, select, text

from app.audit.models import Entry
from app.core.extensions import db
from app.core.transactions import abandon, commit
from app.invoices.models import Invoice, InvoiceLine
from app.payment_methods.models import PaymentMethod
from app.payments.models import Attempt, Payment, Refund
from app.subscriptions.models import Subscription

Rows = dict[str, list[dict[str, Any]]]

MIRROR = (Subscription, Invoice, InvoiceLine, Payment, Attempt, Refund, PaymentMethod)
OURS = {"id", "public_id", "invoice_id", "payment_id", "synced_at", "version", "past_due_since", "next_charge"}
"""What counts or names rows here, or says when we heard of something."""


def take() -> Rows:
    """Every row of every table."""
    found = {
        table.name: [dict(row) for row in db.session.execute(select(table)).mappings()]
        for table in db.metadata.sorted_tables
    }
    db.session.rollback()
    return found


def put_back(rows: Rows) -> None:
    """The tables as they were when `rows` were taken."""
    abandon()
    names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
    db.session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    for table in db.metadata.sorted_tables:
        if rows[table.name]:
            db.session.execute(insert(table), rows[table.name])
            if "id" in table.columns:
                count_on = (
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
                )
                db.session.execute(text(count_on))
    commit()
    db.session.expire_all()


def mirrored() -> dict[str, Any]:
    """What the tables say of Stripe, and how often what was audited, whatever the order in which it came in."""
    db.session.expire_all()
    found: dict[str, Any] = {}
    for model in MIRROR:
        columns = [column for column in model.__table__.columns if column.name not in OURS]
        found[model.__tablename__] = sorted(map(repr, db.session.execute(select(*columns)).all()))
    found["audit"] = Counter(db.session.scalars(select(Entry.action)))
    db.session.rollback()
    return found
