"""What the customer is told by mail when a subscription changes; each sentence once, by its key."""

from collections.abc import Callable
from typing import Any

from app.core import i18n, tasks
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from .models import Subscription


def tell(action: str, subscription: Subscription, organization: Organization) -> None:
    """Record the mail that belongs to a step of the timeline, if it has one."""
    if action in _MAILS:
        template, moment = _MAILS[action]
        key = f"{template}:{subscription.public_id}:{moment(subscription)}"
        with i18n.using(organization.locale, organization.timezone):
            context = _context(subscription)
        mail: dict[str, Any] = {
            "template": template,
            "to": organizations.billing_emails(organization),
            "context": context,
        }
        if action == "return_near" and subscription.resumes_at:
            mail["stale_at"] = subscription.resumes_at.isoformat()
        tasks.record("send_mail", key, mail, queue="mail")


_MAILS: dict[str, tuple[str, Callable[[Subscription], str]]] = {
    "started": ("welcome", lambda s: "start"),
    "trial_started": ("welcome", lambda s: "start"),
    "plan_changed": ("subscription_changed", lambda s: str(s.version)),
    "change_scheduled": ("change_scheduled", lambda s: str(s.version)),
    "pause_planned": ("subscription_paused", lambda s: f"{s.pauses_at:%Y-%m-%dT%H:%M}:{s.resumes_at or 'open'}"),
    "return_near": ("return_near", lambda s: f"{s.resumes_at:%Y-%m-%dT%H:%M}"),
    "return_failed": ("return_failed", lambda s: f"{s.resumes_at:%Y-%m-%dT%H:%M}"),
    "cancellation_withdrawn": ("subscription_kept", lambda s: str(s.version)),
    "ended": ("subscription_ended", lambda s: "end"),
    "trial_ended": ("subscription_ended", lambda s: "end"),
    "trial_paused": ("trial_paused", lambda s: f"{s.trial_end:%Y-%m-%dT%H:%M}"),
    "cancellation_scheduled": ("subscription_canceled", lambda s: f"{s.cancel_at:%Y-%m-%dT%H:%M}:{s.version}"),
}


def _context(subscription: Subscription) -> dict[str, str | None]:
    return {
        "plan": subscription.price.plan.name,
        "price": i18n.money(subscription.amount),
        "interval": subscription.price.interval,
        "next_plan": subscription.scheduled_price.plan.name if subscription.scheduled_price else None,
        "next_price": i18n.money(subscription.scheduled_amount) if subscription.scheduled_amount else None,
        "next_interval": subscription.scheduled_price.interval if subscription.scheduled_price else None,
        "changes_at": i18n.moment(subscription.scheduled_at) if subscription.scheduled_at else None,
        "renews_at": i18n.day(subscription.current_period_end),
        "trial_end": i18n.day(subscription.trial_end) if subscription.is_trialing and subscription.trial_end else None,
        "without_card": None if subscription.default_payment_method else subscription.without_card,
        "ends_at": i18n.moment(subscription.cancel_at) if subscription.cancel_at else None,
        "pauses_at": i18n.moment(subscription.pauses_at) if subscription.pauses_at else None,
        "resumes_at": i18n.day(subscription.resumes_at) if subscription.resumes_at else None,
        "ended_at": i18n.moment(subscription.ended_at) if subscription.ended_at else None,
        "again_url": public_url("resubscription.show"),
        "resume_url": public_url("subscription_pause.resume"),
        "continue_url": public_url("continuation.show"),
        "overview_url": public_url("overview.index"),
        "subscription_url": public_url("subscriptions.show"),
    }
