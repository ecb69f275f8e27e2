"""Money for time that was paid and not used: promised before the end, given back after it, once per subscription.

The promise is written on a connection of its own before Stripe is asked to end the subscription. Whoever then learns of the
end (the page, an event, a later look) records the task that keeps it, so that no crash in between loses it.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import service as audit
from app.core import clock, i18n, tasks
from app.core.extensions import Model, db
from app.core.logs import log
from app.core.money import Money
from app.core.pages import public_url
from app.core.transactions import apart
from app.gateway import cancellations, customers, intents
from app.gateway.errors import GatewayRefused
from app.organizations import service as organizations
from app.organizations.models import Organization

from .ending import AtOnce
from .giving_back import Part
from .models import Subscription

MEMO = "Unused time after cancellation"
PROMISE_HOLDS = timedelta(hours=1)
"""An end that comes later is another one: the one this was promised for never happened."""


class UnusedTime(Model):
    """One per subscription; amounts in minor units of `currency`, instants business time. `parts` are by invoice."""

    __tablename__ = "unused_time"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), unique=True)
    currency: Mapped[str]
    refund_amount: Mapped[int]
    credit_amount: Mapped[int]
    parts: Mapped[list[Any]]
    promised_at: Mapped[datetime]
    given_back_at: Mapped[datetime | None]

    @property
    def refund(self) -> Money:
        return Money(self.refund_amount, self.currency)

    @property
    def credit(self) -> Money:
        return Money(self.credit_amount, self.currency)


def promise(subscription: Subscription, at_once: AtOnce) -> None:
    """Remember what the end that comes next gives back; a promise for an end that did not come is replaced."""
    values = {
        "currency": at_once.currency,
        "refund_amount": at_once.refund.amount,
        "credit_amount": at_once.credit.amount,
        "parts": [asdict(part) for part in at_once.parts],
        "promised_at": clock.now(),
    }
    row = insert(UnusedTime).values(subscription_id=subscription.id, **values)
    open_ = UnusedTime.given_back_at.is_(None)
    with apart() as session:
        session.execute(row.on_conflict_do_update(index_elements=["subscription_id"], set_=values, where=open_))


def of(subscription: Subscription) -> UnusedTime | None:
    """What the end of this subscription gives back, or gave."""
    found = db.session.scalar(select(UnusedTime).where(UnusedTime.subscription_id == subscription.id))
    if found is None or subscription.ended_at is None or not found.parts:
        return None
    return found if abs(subscription.ended_at - found.promised_at) <= PROMISE_HOLDS else None


def subscription_ended(subscription: Subscription) -> None:
    """Record that what was promised for this end is due now."""
    if of(subscription) is not None:
        tasks.record("give_unused_back", subscription.public_id, {"subscription": subscription.id})


def give_back(subscription_id: int) -> None:
    """Keep the promise: a credit note for each invoice, to the card or to the balance. Once, however often it is called.

    What was given before a crash is not given again. An invoice that gives nothing back any more, say because its payment
    was refunded or disputed since, keeps no promise from being kept: its part goes to the balance.
    """
    subscription = db.session.get_one(Subscription, subscription_id)
    promised = of(subscription)
    if promised is None or promised.given_back_at is not None:
        return
    organization = db.session.get_one(Organization, subscription.organization_id)
    customer, currency = str(organization.stripe_customer_id), promised.currency
    refunded = credited = 0
    for part in (Part(**each) for each in promised.parts):
        refund = _give(f"unused-time:{subscription.public_id}:{part.invoice}", part, customer, currency)
        refunded, credited = refunded + refund, credited + part.amount - refund
    promised.refund_amount, promised.credit_amount = refunded, credited
    promised.given_back_at = clock.now()
    _tell(subscription, promised)


def _give(key: str, part: Part, customer: str, currency: str) -> int:
    """Give a part back; answers what of it went to the card, in minor units."""
    to_balance = f"{key}:balance"
    if not intents.was_tried(to_balance):
        try:
            cancellations.give_back(key, part.invoice, refund=part.refund, credit=part.credit, memo=MEMO)
            return part.refund
        except GatewayRefused as refused:
            log.warning("unused time goes to the balance", invoice=part.invoice, code=refused.code)
    customers.give_credit(to_balance, customer, Money(part.amount, currency), MEMO)
    return 0


def _tell(subscription: Subscription, promised: UnusedTime) -> None:
    organization = db.session.get_one(Organization, subscription.organization_id)
    for action, amount in (("refunded", promised.refund), ("credited", promised.credit)):
        if amount.amount:
            data = {"amount": amount.amount, "currency": amount.currency}
            audit.write(
                f"subscription.unused_{action}", subscription.public_id, organization_id=organization.id, data=data
            )
    with i18n.using(organization.locale, organization.timezone):
        context = {
            "refund": i18n.money(promised.refund) if promised.refund.amount else None,
            "credit": i18n.money(promised.credit) if promised.credit.amount else None,
            "invoices_url": public_url("invoices.index"),
        }
    mail = {"template": "unused_returned", "to": organizations.billing_emails(organization), "context": context}
    tasks.record("send_mail", f"unused_returned:{subscription.public_id}", mail, queue="mail")
