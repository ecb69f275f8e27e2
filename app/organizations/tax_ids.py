"""An organization's tax numbers: printed on every later invoice, verified by the authority where there is one to ask."""

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core import clock, ids, leases
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.transactions import apart
from app.gateway import tax_ids as gateway
from app.gateway.errors import GatewayNotFound, GatewayRefused
from app.gateway.tax_ids import TaxIdRecord

from . import tax_types
from .billing import LEASE_SECONDS, changed, lease
from .models import Organization, TaxId, Verification

MOST = 10
ANSWERED = {"verified": "tax_id.verified", "unverified": "tax_id.unverified"}
"""What the authority's answer is called on record."""


class TaxIdRefused(PortalError):
    """Not the form such a number has; nothing was changed."""

    status = 422
    code = "tax_id_invalid"

    def __init__(self, kind: str) -> None:
        example = tax_types.BY_TYPE[kind].example
        super().__init__(_("This is not a number of that kind. It should look like %(example)s.", example=example))


class TooManyTaxIds(PortalError):
    status = 422
    code = "too_many_tax_ids"

    def __init__(self) -> None:
        super().__init__(_("There is room for %(most)d tax numbers. Remove one first.", most=MOST))


def of(organization: Organization) -> list[TaxId]:
    """All of them, in the order they came."""
    return list(db.session.scalars(TaxId.of(organization)))


def add(organization: Organization, kind: str, value: str, token: str) -> None:
    """Print this number from the next invoice on. One that is listed already is not listed twice.

    Without a customer at Stripe it is kept here and sent when there is one: whoever only looks around shall not become
    a customer by typing a number. Raises TaxIdRefused, TooManyTaxIds, IntentSpent, Busy and GatewayUnavailable.
    """
    with leases.hold(lease(organization), LEASE_SECONDS):
        customer = db.session.scalar(select(Organization.stripe_customer_id).where(Organization.id == organization.id))
        listed = of(organization)
        if any((known.type, known.value) == (kind, value) for known in listed):
            return
        if len(listed) >= MOST:
            raise TooManyTaxIds()
        if customer is None:
            _keep(organization, kind, value)
            return
        try:
            record = gateway.create(f"tax-id-create:{organization.public_id}:{token}", customer, kind, value)
        except GatewayRefused as error:
            raise TaxIdRefused(kind) from error
        if _new(db.session(), organization.id, record):  # else the event was faster, and may know more by now
            changed(organization, "tax_ids")


def _keep(organization: Organization, kind: str, value: str) -> None:
    """Committed within the lease: a checkout that waits for it shall find the number and send it."""
    row = {"organization_id": organization.id, "type": kind, "value": value, "verification": Verification.WAITING}
    with apart() as session:
        session.add(TaxId(**row))
    data = {"fields": ["tax_ids"]}
    audit.write_apart(
        "organization.billing_changed", organization.public_id, organization_id=organization.id, data=data
    )


def remove(organization: Organization, public_id: str) -> None:
    """Print it no longer. Raises NotFound, also for one of another organization, Busy and GatewayUnavailable."""
    with leases.hold(lease(organization), LEASE_SECONDS):
        mine = TaxId.of(organization).where(TaxId.public_id == public_id)
        row = db.session.scalar(mine) if public_id.isprintable() else None  # PostgreSQL takes no NUL
        if row is None:
            raise NotFound()
        if row.stripe_id is not None:
            gateway.delete(f"tax-id-delete:{row.public_id}", str(organization.stripe_customer_id), row.stripe_id)
        db.session.execute(delete(TaxId).where(TaxId.id == row.id))
        changed(organization, "tax_ids")


def waiting(organization: Organization) -> list[TaxId]:
    """Those that Stripe was not told yet."""
    return list(db.session.scalars(TaxId.of(organization).where(TaxId.verification == Verification.WAITING)))


def send_waiting(organization: Organization, customer: str) -> None:
    """Tell Stripe the numbers that were entered before there was a customer.

    One that Stripe refuses stays in the list and says so: it must not stand between a customer and their plan. What an
    earlier try has sent is found at Stripe. Raises GatewayUnavailable. Within the lease of the organization.
    """
    rows = waiting(organization)
    sent = {(record.type, record.value): record for record in gateway.of_customer(customer)} if rows else {}
    for row in rows:
        record = sent.get((row.type, row.value)) or _send(row, customer)
        with apart() as session:
            if record is None:
                session.get_one(TaxId, row.id).verification = Verification.REFUSED
            else:
                session.execute(delete(TaxId).where(TaxId.id == row.id))
                _new(session, organization.id, record, row.public_id)


def _send(row: TaxId, customer: str) -> TaxIdRecord | None:
    """With the day in the deed's name: one whose end nobody heard must not close the checkout for good."""
    try:
        return gateway.create(f"tax-id-send:{row.public_id}:{clock.wall():%Y-%m-%d}", customer, row.type, row.value)
    except GatewayRefused:
        return None


def sync(stripe_id: str) -> None:
    """Absorb what Stripe says of a number now: added or removed by somebody there, verified, or not."""
    try:
        record = gateway.retrieve(stripe_id)
    except GatewayNotFound:
        _forget(stripe_id)
        return
    owner = select(Organization).where(Organization.stripe_customer_id == record.customer)
    organization = db.session.scalar(owner) if record.customer else None
    if organization is not None:
        _absorb(organization, record)


def sync_of(customer: str) -> None:
    """Absorb all numbers that Stripe has of a customer; nothing for a customer who is not ours."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == customer))
    if organization is None:
        return
    with leases.hold(lease(organization), LEASE_SECONDS):
        records = gateway.of_customer(customer)
        for record in records:
            _absorb(organization, record)
        for gone in {row.stripe_id for row in of(organization)} - {record.stripe_id for record in records} - {None}:
            _forget(gone)


def _absorb(organization: Organization, record: TaxIdRecord) -> None:
    if _new(db.session(), organization.id, record):
        changed(organization, "tax_ids")
    row = db.session.scalars(select(TaxId).where(TaxId.stripe_id == record.stripe_id).with_for_update()).one()
    if row.verification != record.verification:
        row.verification = record.verification
        if action := ANSWERED.get(record.verification):
            audit.write(action, row.public_id, organization_id=organization.id, data={"type": row.type})


def _forget(stripe_id: str | None) -> None:
    gone = delete(TaxId).where(TaxId.stripe_id == stripe_id).returning(TaxId.organization_id)
    owner = db.session.scalar(gone)
    if owner is not None:
        changed(db.session.get_one(Organization, owner), "tax_ids")


def _new(session: Session, organization_id: int, record: TaxIdRecord, public_id: str | None = None) -> bool:
    """Write Stripe's record into a row unless there is one."""
    values = {"type": record.type, "value": record.value, "verification": record.verification}
    row = {"public_id": public_id or ids.new("tax"), "organization_id": organization_id, "stripe_id": record.stripe_id}
    new = insert(TaxId).values(**row, **values).on_conflict_do_nothing(index_elements=[TaxId.stripe_id])
    return session.scalar(new.returning(TaxId.id)) is not None
