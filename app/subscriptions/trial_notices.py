"""What follows from a trial: its owner is told before it ends, and its card is not good for another one."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.audit import service as audit
from app.core import i18n, tasks
from app.core.extensions import db
from app.core.pages import public_url
from app.core.tasks import Task
from app.gateway import customers, payment_methods, previews
from app.organizations import service as organizations
from app.organizations.models import Organization

from .models import Subscription

NOTICE = timedelta(days=3)
SHORT_NOTICE = timedelta(days=1)
SHORT = timedelta(days=7)
"""A trial of up to so many days is short."""


def notice(subscription: Subscription) -> timedelta:
    """How long before its end a trial is said to end."""
    assert subscription.trial_end is not None
    return SHORT_NOTICE if subscription.trial_end - subscription.started_at <= SHORT else NOTICE


def absorbed(before: dict[str, object], subscription: Subscription) -> None:
    """Record what a trial still asks for, after its row changed from `before`: a reminder for its end, its card's mark.

    Who takes a cancellation back is reminded again, because the first reminder may have come and gone meanwhile.
    """
    if not subscription.is_trialing or subscription.trial_end is None:
        return
    payload: dict[str, Any] = {"subscription": subscription.id, "trial_end": subscription.trial_end.isoformat()}
    key = f"{subscription.public_id}:{subscription.trial_end:%Y-%m-%dT%H:%M}"
    if before.get("cancel_at") and not subscription.cancel_at:
        key += f":{subscription.version}"
    tasks.record("remind_of_trial_end", key, payload, run_at=subscription.trial_end - notice(subscription))
    card = subscription.default_payment_method
    if card and card != before.get("default_payment_method"):
        payload = {"subscription": subscription.id, "card": card}
        tasks.record("remember_trial_card", f"{subscription.public_id}:{card}", payload)


def remind(subscription_id: int, trial_end: datetime) -> None:
    """Write that the trial ends soon, once for each end; nothing if it was canceled, converted or ends another day."""
    subscription = db.session.get_one(Subscription, subscription_id)
    organization = db.session.get_one(Organization, subscription.organization_id)
    loaded = Subscription.of(organization).where(Subscription.id == subscription_id)
    subscription = db.session.scalars(loaded.execution_options(populate_existing=True)).one()
    key = f"trial_ending:{subscription.public_id}:{trial_end:%Y-%m-%dT%H:%M}"
    is_due = subscription.is_trialing and subscription.trial_end == trial_end and subscription.cancel_at is None
    if not is_due or db.session.scalar(select(Task.id).where(Task.kind == "send_mail", Task.key == key)):
        return
    context = _context(organization, subscription, trial_end)
    mail = {
        "template": "trial_ending",
        "to": organizations.billing_emails(organization),
        "context": context,
        "stale_at": trial_end.isoformat(),
    }
    tasks.record("send_mail", key, mail, queue="mail")
    audit.write("subscription.trial_reminded", subscription.public_id, organization_id=organization.id)


def _context(organization: Organization, subscription: Subscription, trial_end: datetime) -> dict[str, str | None]:
    """What the mail says; the amount is Stripe's of this moment, with tax and discounts."""
    customer = str(organization.stripe_customer_id)
    charge = previews.next_charge(customer, subscription.stripe_id)
    card = subscription.default_payment_method or customers.retrieve(customer).default_payment_method
    label = payment_methods.retrieve(card).label if card else None
    with i18n.using(organization.locale, organization.timezone):
        return {
            "plan": subscription.price.plan.name,
            "amount": i18n.money(charge.money(charge.amount_due)),
            "day": i18n.day(trial_end),
            "moment": i18n.moment(trial_end),
            "card": label,
            "without_card": subscription.without_card,
            "subscription_url": public_url("subscriptions.show"),
            "add_url": public_url("payment_methods.add"),
        }
