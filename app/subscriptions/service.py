"""What is known about a subscription: fetch it from Stripe, absorb the answer, and say what follows from a change."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import service as audit
from app.core import clock, ids, leases, tasks
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.hooks import Hooks
from app.core.logs import log
from app.gateway import previews
from app.gateway import subscriptions as gateway
from app.gateway.previews import PreviewRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization

from . import mirror, notices, steps, taken_codes, trial_notices, unused_time
from .explanations import lines
from .models import Subscription
from .states import LIVE, NOT_BEGUN, Status

Written = Callable[[Mapping[str, object], Subscription], None]
written: Hooks[Written] = Hooks()
"""Rooms above hear what a row held and what it holds now, in the transaction that writes it."""

LEASE_SECONDS = 45
"""Longer than Stripe's slowest answer."""


class SubscriptionNotFound(PortalError):
    status = 404
    code = "subscription_not_found"

    def __init__(self) -> None:
        super().__init__("There is no subscription to change.")


class SecondLiveSubscription(PortalError):
    """Stripe has two live subscriptions of one customer; a person must decide which one ends."""

    status = 409

    def __init__(self) -> None:
        super().__init__("This organization already has a live subscription.")


def latest(organization: Organization) -> Subscription | None:
    """The live subscription, or else the one that ended last; None for an organization that never had one."""
    return db.session.scalar(Subscription.latest_of(organization).execution_options(populate_existing=True))


def running(organization: Organization) -> Subscription:
    """The subscription the customer may act on. Raises SubscriptionNotFound."""
    subscription = latest(organization)
    if subscription is None or not subscription.is_running:
        raise SubscriptionNotFound()
    return subscription


def lease(organization: Organization) -> str:
    """The name of the lease that every deed on this organization's subscription holds."""
    return f"subscription:{organization.public_id}"


@contextmanager
def alone(organization: Organization) -> Iterator[None]:
    """One deed on this organization's subscription at a time; whoever waited reads it anew with `running`. Raises Busy."""
    with leases.hold(lease(organization), LEASE_SECONDS):
        yield


def sync(stripe_id: str) -> Subscription | None:
    """Fetch the truth and absorb it; None for a customer who is not ours. Raises SecondLiveSubscription, UnknownPrice."""
    record = gateway.retrieve(stripe_id)
    organization, live = _standing(record.customer)
    if organization is None:
        log.warning("subscription of an unknown customer", subscription=stripe_id)
        return None
    is_other = record.status in LIVE and live not in {None, stripe_id}
    others = [gateway.retrieve(str(live))] if is_other else []
    if any(other.status in LIVE for other in others):
        raise SecondLiveSubscription()
    for other in others:
        absorb(organization, other)
    return absorb(organization, record)


def _standing(customer: str) -> tuple[Organization | None, str | None]:
    """The customer's organization, and the Stripe id of what our tables take for its live subscription."""
    is_live = (Subscription.organization_id == Organization.id) & Subscription.status.in_(LIVE)
    both = select(Organization, Subscription.stripe_id).outerjoin(Subscription, is_live)
    found = db.session.execute(both.where(Organization.stripe_customer_id == customer)).first()
    return (None, None) if found is None else (found[0], found[1])


def refetch_others(organization: Organization, known: set[str]) -> list[SubscriptionRecord]:
    """Stripe's word on what our tables still take for live, but for those already `known` by their Stripe id.

    Events arrive in any order: one of them may have ended at Stripe before the other began.
    """
    others = select(Subscription.stripe_id).where(
        Subscription.organization_id == organization.id,
        Subscription.status.in_(LIVE),
        Subscription.stripe_id.not_in(known),
    )
    return [gateway.retrieve(stripe_id) for stripe_id in db.session.scalars(others).all()]


def absorb(organization: Organization, record: SubscriptionRecord) -> Subscription:
    """Write Stripe's answer into our row and record what follows from it: audit, mails, the next charge.

    Nothing if our row stands on a question asked later. Raises UnknownPrice, and NotFound for what is another customer's.
    """
    if record.customer != organization.stripe_customer_id:
        raise NotFound()
    # Locked and read anew: a page may have read it before it asked Stripe, and a worker changed it since.
    row = Subscription.of(organization).where(Subscription.stripe_id == record.stripe_id)
    row = row.with_for_update(of=Subscription).execution_options(populate_existing=True)
    known = db.session.scalars(row).one_or_none()
    prices = mirror.had(known) if known else {}
    if not prices.keys() >= mirror.wanted(record):
        prices = mirror.prices([record])
    values = mirror.values(record, prices)
    if known is None:
        first = {"public_id": ids.new("sub"), "organization_id": organization.id, "stripe_id": record.stripe_id}
        new = insert(Subscription).values(**first, **values, version=0, synced_at=record.asked_at)
        db.session.execute(new.on_conflict_do_nothing(index_elements=[Subscription.stripe_id]))
    subscription = known or db.session.scalars(row).one()
    if record.asked_at < subscription.synced_at:
        return subscription  # an answer that was long on its way
    before = {name: getattr(subscription, name) for name in values} if subscription.version else {}
    if before != values:
        _change(subscription, organization, before, values)
    subscription.synced_at = record.asked_at
    return subscription


def _change(
    subscription: Subscription, organization: Organization, before: dict[str, object], values: dict[str, object]
) -> None:
    for name, value in values.items():
        setattr(subscription, name, value)
    subscription.version += 1
    if subscription.is_running or (not before and subscription.status not in NOT_BEGUN):
        subscription.began_at = subscription.began_at or subscription.started_at
    if subscription.status == Status.PAST_DUE:
        # Our clock may be read a moment before Stripe's is turned, and what failed is never older than its period.
        heard_at = max(clock.now(), subscription.current_period_start)
        subscription.past_due_since = subscription.past_due_since or heard_at
    else:
        subscription.past_due_since = None
    if subscription.status == Status.PAUSED:
        subscription.next_charge = None
    if before.get("price_id", subscription.price_id) != subscription.price_id:
        is_renewed = before["current_period_start"] != subscription.current_period_start
        subscription.price_since = subscription.current_period_start if is_renewed else clock.now()
    _forget_pause(subscription, before)
    db.session.flush()
    if any(before.get(name) != values[name] for name in mirror.PRICES):
        db.session.refresh(subscription, list(mirror.PRICES.values()))
    for action in steps.between(before, subscription):
        at = steps.instant(action, subscription)
        data = steps.details(action, subscription)
        audit.write(f"subscription.{action}", subscription.public_id, organization_id=organization.id, data=data, at=at)
        notices.tell(action, subscription, organization)
        if action == "ended":
            unused_time.subscription_ended(subscription)
    trial_notices.absorbed(before, subscription)
    for hear in written:
        hear(before, subscription)
    taken_codes.remember(subscription)
    refresh = {"subscription": subscription.id, "version": subscription.version}
    tasks.record("refresh_next_charge", f"{subscription.public_id}:{subscription.version}", refresh)


def _forget_pause(subscription: Subscription, before: dict[str, object]) -> None:
    """A pause is over once the subscription runs again, and is not begun when something else comes first."""
    has_returned = before.get("status") == Status.PAUSED and subscription.status != Status.PAUSED
    if subscription.pauses_at is None or not (has_returned or subscription.has_moot_pause):
        return
    subscription.pauses_at = subscription.resumes_at = None
    if not has_returned:
        audit.write("subscription.pause_dropped", subscription.public_id, organization_id=subscription.organization_id)


def refresh_next_charge(subscription_id: int, version: int) -> None:
    """Ask Stripe what comes next and keep the answer for the pages; nothing for one that ends.

    Nothing either once the subscription has left `version`: each has its own task, and the last one shall have its say.
    """
    subscription = db.session.get_one(Subscription, subscription_id)
    organization = db.session.get_one(Organization, subscription.organization_id)
    if subscription.version != version:
        return
    if not subscription.is_running or subscription.is_canceling or subscription.status == Status.PAUSED:
        subscription.next_charge = None
        return
    preview = previews.next_charge(str(organization.stripe_customer_id), subscription.stripe_id)
    charge = _charge(organization, subscription, preview)
    db.session.refresh(subscription, ["version"], with_for_update=True)
    if subscription.version == version:
        subscription.next_charge = charge


def look_at_next_charge(subscription: Subscription, at: datetime) -> None:
    """Have Stripe asked again at an instant, once for each: the next charge grows although the subscription stays as it is."""
    refresh = {"subscription": subscription.id, "version": subscription.version}
    key = f"{subscription.public_id}:{subscription.version}:{at.isoformat()}"
    tasks.record("refresh_next_charge", key, refresh, run_at=at)


def keep_next_charge(organization: Organization, subscription: Subscription, preview: PreviewRecord) -> None:
    """What a deed has just made of the next charge, until the task that asks Stripe again has its say."""
    subscription.next_charge = _charge(organization, subscription, preview)


def _charge(organization: Organization, subscription: Subscription, preview: PreviewRecord) -> dict[str, Any]:
    described = lines.of(organization, preview.lines, preview.currency)
    return {
        "basis": subscription.charge_basis,
        "as_of": clock.now().isoformat(),
        "amount": preview.amount_due,
        "currency": preview.currency,
        "at": subscription.current_period_end.isoformat(),
        "lines": [lines.stored(line) for line in described],
    }
