"""Is our copy of a subscription what Stripe has? By the same values that `service.absorb` would write."""

from collections.abc import Sequence

from sqlalchemy import select

from app.core import drift
from app.core.drift import Drift
from app.core.extensions import db
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.owners import owners

from . import mirror
from .models import Subscription

MINOR = {"feedback", "comment", "latest_invoice", "item", "without_card", "promotion_code"}
"""What neither says what is charged, nor who may use what."""


def compare(records: Sequence[SubscriptionRecord]) -> list[Drift]:
    """What differs, of those whose customer is ours. Three statements."""
    of = owners([record.customer for record in records])
    ours = [record for record in records if record.customer in of]
    chosen = select(Subscription).where(Subscription.stripe_id.in_([record.stripe_id for record in ours]))
    rows = {row.stripe_id: row for row in db.session.scalars(chosen.execution_options(populate_existing=True))}
    prices = mirror.prices(ours)
    found = [_compare(record, of[record.customer], rows.get(record.stripe_id), prices) for record in ours]
    return [each for each in found if each is not None]


def _compare(record: SubscriptionRecord, owner: int, row: Subscription | None, prices: dict[str, int]) -> Drift | None:
    try:
        original = mirror.values(record, prices) | {"organization_id": owner}
    except mirror.UnknownPrice:
        original = {"price_id": None}
    ours = {name: getattr(row, name) for name in original} if row else None
    return drift.between(record.stripe_id, owner, ours, original, MINOR)
