"""How a subscription would end, before it does: when, what stays to be paid, what comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.catalog.models import CancelPolicy, CancelRefund
from app.core import clock
from app.core.money import Money
from app.gateway import cancellations, invoices
from app.gateway.errors import GatewayRefused, GatewayUnavailable
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization

from . import giving_back
from .giving_back import Part
from .models import Subscription
from .states import Status

NOW = "now"
PREVIEW_LIVES = timedelta(minutes=5)
"""How long what ending at once gives back is good for."""


@dataclass(frozen=True)
class AtOnce:
    """What ending now gives back and still charges; `at` is the instant up to which it is reckoned."""

    at: datetime
    currency: str
    parts: tuple[Part, ...]
    owed_amount: int

    @property
    def refund(self) -> Money:
        return Money(sum(part.refund for part in self.parts), self.currency)

    @property
    def credit(self) -> Money:
        return Money(sum(part.credit for part in self.parts), self.currency)

    @property
    def owed(self) -> Money:
        return Money(self.owed_amount, self.currency)

    @property
    def seen(self) -> str:
        """What a form carries of it, and what must still hold when it comes back."""
        return f"{int(self.at.timestamp())}:{self.refund.amount}:{self.credit.amount}:{self.owed.amount}"


@dataclass(frozen=True)
class Ending:
    """`is_now` when nothing paid ahead is left to wait for; `open` is what stays unpaid then, None when nothing does.

    `at_once` is the other way, where the catalogue allows it.
    """

    subscription: Subscription
    is_now: bool
    open: Money | None
    at_once: AtOnce | None

    @property
    def seen(self) -> str:
        """What a form carries of it: the end, and of which price."""
        return _seen(self.is_now, self.subscription.current_period_end, self.subscription)


def _seen(is_now: bool, at: datetime, subscription: Subscription) -> str:
    return f"{NOW if is_now else int(at.timestamp())}:{subscription.price.public_id}"


def of(organization: Organization, subscription: Subscription) -> Ending:
    """What canceling would mean; changes nothing. Asks Stripe where a plan may end at once, and twice per invoice then."""
    is_now = ends_now(subscription.status, subscription)
    open_amount, unused = None, None
    if is_now and subscription.status != Status.PAUSED and subscription.latest_invoice:
        invoice = invoices.retrieve(subscription.latest_invoice)
        is_open = invoice.status == "open" and invoice.amount_remaining > 0
        open_amount = Money(invoice.amount_remaining, invoice.currency) if is_open else None
    elif not is_now and may_end_now(subscription):
        unused = _at_once_if_known(organization, subscription)
    return Ending(subscription, is_now, open_amount, unused)


def _at_once_if_known(organization: Organization, subscription: Subscription) -> AtOnce | None:
    """The other way is left out while nobody can say what it brings; the end of the period needs no answer."""
    try:
        return at_once(organization, subscription, clock.now().replace(microsecond=0))
    except GatewayUnavailable:
        return None


def ends_now(status: str, subscription: Subscription) -> bool:
    """Whether a cancellation has no paid time to wait for: payment is overdue, or the plan is paused."""
    if status == Status.PAUSED:
        return not subscription.is_pausing
    return status in {Status.PAST_DUE, Status.UNPAID}


def may_end_now(subscription: Subscription) -> bool:
    """Whether the catalogue lets a paid or free period be cut short."""
    return subscription.price.plan.cancel == CancelPolicy.IMMEDIATE


def at_once(organization: Organization, subscription: Subscription, at: datetime) -> AtOnce | None:
    """What ending now would mean, reckoned up to `at`; None when that is in no running period (any more)."""
    if subscription.status == Status.TRIALING:
        return AtOnce(at, subscription.price.currency, (), 0)
    try:
        unused = cancellations.unused(str(organization.stripe_customer_id), subscription.stripe_id, at)
    except GatewayRefused:
        return None
    way = subscription.price.plan.cancel_refund
    is_given_back = way != CancelRefund.NONE
    parts = giving_back.share(unused.parts, to_card=way == CancelRefund.REFUND) if is_given_back else ()
    return AtOnce(at, unused.currency, parts, unused.owed)


def is_fresh(at: datetime) -> bool:
    return timedelta(seconds=-2) <= clock.now() - at <= PREVIEW_LIVES


def is_as_seen(seen: str, record: SubscriptionRecord, subscription: Subscription) -> bool:
    """Whether Stripe's present `record` ends as a form has shown, and is still of that price; "" has shown nothing."""
    present = _seen(ends_now(record.status, subscription), record.current_period_end, subscription)
    return not seen or (seen == present and record.price == subscription.price.stripe_price_id)
