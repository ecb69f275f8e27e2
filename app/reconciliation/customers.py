"""A customer with cards and tax numbers, as one object: whoever repairs one of them fetches all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select

from app.core import drift
from app.core.drift import Drift
from app.core.extensions import db
from app.gateway import payment_methods as cards_at_stripe
from app.gateway import whole_customers
from app.gateway.listing import Page
from app.gateway.whole_customers import WholeCustomer
from app.organizations import comparing as billing
from app.organizations.models import Organization, TaxId
from app.organizations.owners import owners
from app.payment_methods import comparing as cards
from app.payment_methods.models import PaymentMethod
from app.payment_methods.service import Answer

MINOR = billing.MINOR | cards.MINOR


@dataclass(frozen=True)
class Customer:
    stripe_id: str
    whole: WholeCustomer
    answer: Answer


def page(after: str | None, since: datetime | None) -> Page[Customer]:
    """Those of the page that are ours, each with its cards: one call, and one for each."""
    found = whole_customers.page(after, since)
    mine = owners([whole.stripe_id for whole in found.records])
    return Page(tuple(_with_cards(whole) for whole in found.records if whole.stripe_id in mine), found.after)


def retrieve(stripe_id: str) -> Customer:
    """Raises GatewayNotFound, but not for one who was deleted."""
    return _with_cards(whole_customers.retrieve(stripe_id))


def _with_cards(whole: WholeCustomer) -> Customer:
    found = [] if whole.billing is None else cards_at_stripe.of_customer(whole.stripe_id)
    return Customer(whole.stripe_id, whole, Answer(whole.asked_at, whole.customer.default_payment_method, found))


def compare(records: Sequence[Customer]) -> list[Drift]:
    """What differs, of those that are ours. Three statements."""
    customers = [record.stripe_id for record in records]
    rows = _fresh(Organization, Organization.stripe_customer_id.in_(customers))
    by_customer = {row.stripe_customer_id: row for row in rows}
    owned = [row.id for row in rows]
    saved = _by_owner(_fresh(PaymentMethod, PaymentMethod.organization_id.in_(owned)))
    numbers = _by_owner(_fresh(TaxId, TaxId.organization_id.in_(owned)))
    found = []
    for record in records:
        if organization := by_customer.get(record.stripe_id):
            mine, its = saved.get(organization.id, []), numbers.get(organization.id, [])
            found.append(_compare(record, organization, mine, its))
    return [each for each in found if each is not None]


def _compare(
    record: Customer, organization: Organization, saved: list[PaymentMethod], numbers: list[TaxId]
) -> Drift | None:
    """Of one who was deleted only the cards are compared: the details stay what they were."""
    ours, original = cards.ours(saved), cards.original(record.answer)
    if record.whole.billing is not None:
        ours |= billing.ours(organization, numbers)
        original |= billing.original(record.whole.billing, record.whole.tax_ids)
    return drift.between(record.stripe_id, organization.id, ours, original, MINOR)


def _fresh(model: Any, chosen: Any) -> list[Any]:
    rows = select(model).where(chosen).order_by(model.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def _by_owner(rows: list[Any]) -> dict[int, list[Any]]:
    ordered = sorted(rows, key=lambda row: row.organization_id)
    return {owner: list(group) for owner, group in groupby(ordered, key=lambda row: row.organization_id)}
