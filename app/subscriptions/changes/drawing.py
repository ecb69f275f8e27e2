"""Draw the sheet of a change: ask Stripe what it would bill, now and at its first renewal."""

from datetime import datetime, timedelta

from app.core import clock
from app.gateway import previews
from app.gateway.previews import PreviewRecord
from app.organizations.models import Organization
from app.subscriptions.explanations import lines
from app.subscriptions.explanations.lines import Line
from app.subscriptions.models import Subscription

from . import change_notes, fit, renewals
from .sheet import Sheet, Way
from .wish import Wish

CLOCKS_DIFFER = timedelta(seconds=2)
"""Two processes hear of business time in whole seconds, each for itself."""


def draw(organization: Organization, wish: Wish, at: datetime | None = None) -> Sheet:
    """The sheet as of now, or prorated by the instant `at`; two calls to Stripe at most."""
    subscription = wish.subscription
    fits = fit.of(subscription, wish.old, wish.plan, wish.quantity, is_dearer=wish.is_larger_plan)
    at = (at or _now(subscription)) if wish.way is Way.NOW else wish.takes_effect_at
    invoice = _invoice(organization, wish, at) if wish.way is Way.NOW else None
    renews_at = wish.takes_effect_at
    if invoice and wish.restarts:
        renews_at = max(line.period_end for line in invoice.lines)
    recurring = None if subscription.is_canceling else _recurring(organization, wish, invoice, renews_at)
    return Sheet(
        subscription=subscription,
        price=wish.price,
        plan=wish.plan,
        quantity=wish.quantity,
        way=wish.way,
        at=at,
        renews_at=renews_at,
        invoice=invoice,
        recurring=recurring,
        lines=_lines(organization, invoice),
        renewal_lines=_lines(organization, recurring),
        fit=fits,
        notes=tuple(change_notes.of(wish, invoice)),
        renewals=renewals.said(wish, recurring, renews_at) if recurring else "",
    )


def _lines(organization: Organization, preview: PreviewRecord | None) -> tuple[Line, ...]:
    return tuple(lines.of(organization, preview.lines, preview.currency)) if preview else ()


def _now(subscription: Subscription) -> datetime:
    """In whole seconds, as Stripe counts; not before the running period began."""
    return max(clock.now().replace(microsecond=0), subscription.current_period_start)


def _invoice(organization: Organization, wish: Wish, at: datetime) -> PreviewRecord:
    return previews.change(
        str(organization.stripe_customer_id),
        wish.subscription.stripe_id,
        item=str(wish.subscription.item),
        price=wish.price.stripe_price_id,
        quantity=wish.quantity,
        proration_date=at,
        restart=wish.restarts,
    )


def _recurring(
    organization: Organization, wish: Wish, invoice: PreviewRecord | None, renews_at: datetime
) -> PreviewRecord:
    """The first ordinary renewal. A preview of the subscription itself would have what is scheduled for it come first."""
    customer, price = str(organization.stripe_customer_id), wish.price.stripe_price_id
    left = _discounts_left(wish.subscription, invoice, renews_at)
    if wish.subscription.scheduled_price_id is not None:
        return previews.afresh(customer, price=price, quantity=wish.quantity, discounts=left)
    return previews.recurring(
        customer,
        wish.subscription.stripe_id,
        item=str(wish.subscription.item),
        price=price,
        quantity=wish.quantity,
        restart=wish.restarts and wish.way is Way.NOW,
        discounts=left if len(left) < len(wish.subscription.discounts) else None,
    )


def _discounts_left(subscription: Subscription, invoice: PreviewRecord | None, renews_at: datetime) -> list[str]:
    """Those that are neither over by the renewal nor used up by the invoice of the change."""
    used = invoice.discounts if invoice else ()
    return [
        discount["id"]
        for discount in subscription.discounts
        if not (discount["duration"] == "once" and discount["id"] in used)
        and not (discount["ends_at"] and datetime.fromisoformat(discount["ends_at"]) <= renews_at)
    ]
