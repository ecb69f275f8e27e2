"""What other rooms show of a subscription: the banner of every page, and which plan is the current one."""

from datetime import datetime, timedelta

from flask import url_for
from flask_babel import gettext as _

from app.catalog.service import Holding
from app.core import clock, i18n
from app.core.pages import Banner
from app.organizations.context import current_membership
from app.organizations.models import Role

from .context import current_subscription
from .models import Subscription
from .purchases import offers
from .states import PortalState, Status

TRIAL_NOTICE = timedelta(days=3)


def of_subscription() -> Banner | None:
    """The one thing about the subscription that needs the reader, if there is one."""
    subscription = current_subscription()
    if subscription is None:
        return None
    state = subscription.portal_state
    if state in {PortalState.PAST_DUE, PortalState.RESTRICTED}:
        text = _("The last payment for %(plan)s failed.", plan=subscription.price.plan.name)
        return Banner("past_due", "danger", text, *_way_to_pay(subscription))
    if state == PortalState.CANCELING:
        return _ending(subscription)
    if subscription.is_incomplete and subscription.can_buy_again:
        text = _("Your payment for %(plan)s was not finished. Nothing was charged.", plan=subscription.price.plan.name)
        url = url_for("checkout.show", public_id=subscription.price.public_id)
        return Banner("upgrade_waiting", "warning", text, _("Finish your payment"), url)
    if state == PortalState.TRIALING and subscription.trial_end:
        return _trial_ending(subscription, subscription.trial_end)
    return None


def _trial_ending(subscription: Subscription, at: datetime) -> Banner | None:
    """In its last days: what its end brings, and the way to a card where there is none."""
    if at - clock.now() > TRIAL_NOTICE:
        return None
    coming = subscription.coming
    ends, amount = i18n.moment(at), i18n.money(coming.amount if coming else subscription.amount)
    if subscription.default_payment_method:
        text = _("Your trial ends on %(date)s. Then %(amount)s is charged to your card.", date=ends, amount=amount)
        return Banner("trial_ending", "info", text, _("See subscription"), url_for("subscriptions.show"))
    text = {
        "pause": _("Your trial ends on %(date)s. Without a card your plan pauses then.", date=ends),
        "create_invoice": _(
            "Your trial ends on %(date)s. Then you get an invoice for %(amount)s.", date=ends, amount=amount
        ),
    }.get(
        str(subscription.without_card), _("Your trial ends on %(date)s. Without a card your plan ends too.", date=ends)
    )
    return Banner("trial_ending", "info", text, _("Add card"), url_for("payment_methods.add"))


def of_pause() -> Banner | None:
    """That a pause has begun, and the way back."""
    subscription = current_subscription()
    if subscription is None or subscription.portal_state != PortalState.PAUSED:
        return None
    if subscription.is_trial_over and not subscription.default_payment_method:
        text = _("Your trial has ended and %(plan)s is paused.", plan=subscription.price.plan.name)
        return Banner("paused", "info", text, _("Add card and go on"), url_for("continuation.show"))
    text = _("%(plan)s is paused. Nothing is charged.", plan=subscription.price.plan.name)
    if subscription.returns_at:
        day = i18n.day(subscription.returns_at)
        text = _("%(plan)s is paused until %(date)s. Nothing is charged.", plan=subscription.price.plan.name, date=day)
    return Banner("paused", "info", text, _("Resume"), url_for("subscription_pause.resume"))


def _way_to_pay(subscription: Subscription) -> tuple[str, str]:
    """The latest invoice is the one that was not paid; who may not pay sees the list."""
    if subscription.latest_invoice and current_membership.may(Role.BILLING):
        return _("Pay now"), url_for("pay.by_stripe_id", stripe_id=subscription.latest_invoice)
    return _("See invoices"), url_for("invoices.index")


def of_change() -> Banner | None:
    """That a change waits for its payment, or comes with the next period."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_running:
        return None
    url, present = url_for("subscriptions.show"), subscription.price.plan.name
    if subscription.pending_price is not None:
        wanted = subscription.pending_price.plan.name
        text = _(
            "Your change to %(plan)s waits for its payment. You keep %(old)s until then.", plan=wanted, old=present
        )
        if wanted == present:  # another interval, or other seats
            text = _(
                "Your change of %(plan)s waits for its payment. Until then your plan stays as it is.", plan=present
            )
        return Banner("upgrade_waiting", "warning", text, _("Pay or discard it"), url)
    if subscription.scheduled_price is not None and subscription.scheduled_at is not None:
        wanted, day = subscription.scheduled_price.plan.name, i18n.day(subscription.scheduled_at)
        text = _("%(old)s changes to %(plan)s on %(date)s.", old=present, plan=wanted, date=day)
        if wanted == present:
            text = _("%(plan)s changes on %(date)s.", plan=present, date=day)
        return Banner("change_pending", "info", text, _("See the change"), url)
    return None


def _ending(subscription: Subscription) -> Banner:
    ends = i18n.moment(subscription.cancel_at) if subscription.cancel_at else ""
    text = _("%(plan)s ends on %(date)s.", plan=subscription.price.plan.name, date=ends)
    return Banner("change_pending", "info", text, _("Keep my plan"), url_for("subscriptions.show"))


def holding() -> Holding | None:
    """What the current organization holds, for the plans page."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_running:
        return None
    scheduled, waiting = subscription.scheduled_price, subscription.pending_price
    return Holding(
        price_public_id=subscription.price.public_id,
        plan_key=subscription.price.plan.key,
        paid_until=None if subscription.is_trialing else subscription.current_period_end,
        trial_ends=subscription.trial_end if subscription.is_trialing else None,
        ends_at=subscription.cancel_at,
        scheduled=scheduled.public_id if scheduled else None,
        waiting=waiting.public_id if waiting else None,
        is_owed=subscription.status in {Status.PAST_DUE, Status.UNPAID},
    )


def currency_kept() -> str | None:
    """What the current organization is billed in since its first subscription, for the plans page."""
    subscription = current_subscription()
    if subscription is None:
        return None
    begun = subscription.began_at is not None
    return subscription.price.currency if begun else offers.currency_of(subscription.organization_id)
