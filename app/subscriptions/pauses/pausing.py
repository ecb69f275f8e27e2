"""A pause is only a wish of ours until an hour before the paid period ends; then Stripe is asked to pause.

Stripe pauses at once, not at the end of a period (https://docs.stripe.com/api/subscriptions/pause): so the wish waits as two
instants on our row and a task, and can be taken back until the task has run.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.audit import service as audit
from app.core import tasks
from app.core.errors import PortalError
from app.core.extensions import db
from app.gateway import intents, subscription_changes, subscriptions
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.subscriptions import notices, service
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

AHEAD = timedelta(hours=1)
"""How long before the end of the period Stripe is asked, so that no renewal comes first."""
BEGIN = "pause_subscription"
LONGEST_MONTHS = 12
REMINDED = timedelta(days=3)
"""How long before the return the customer is written to."""


class CannotPause(PortalError):
    """`code` says why: what must be done first."""

    status = 409
    code = "cannot_pause"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(_why_not(subscription))


class BadResumeDate(PortalError):
    """Before the pause begins, or further away than a pause may last."""

    status = 422
    code = "bad_resume_date"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(_("Choose a day from %(first)s to %(last)s.", first=first.isoformat(), last=last.isoformat()))


class CannotWithdraw(PortalError):
    status = 409
    code = "no_planned_pause"

    def __init__(self) -> None:
        super().__init__(_("There is no planned pause to take back. Look at your subscription before you go on."))


class StillBeingPaid(PortalError):
    """A change of plan is being paid at this moment; the pause is tried again when that is known."""

    status = 409
    code = "change_being_paid"

    def __init__(self) -> None:
        super().__init__("A change is being paid right now; the pause is tried again.")


def _why_not(subscription: Subscription) -> str:
    if subscription.is_pausing:
        return str(_("A pause is already planned. You can take it back on the subscription page."))
    if subscription.is_canceling:
        return str(_("The subscription is ending, so there is nothing to pause. Keep your plan first."))
    if subscription.scheduled_price is not None:
        return str(_("A change of plan is scheduled. Undo it first, then the plan can be paused."))
    if subscription.is_waiting:
        return str(_("A change of plan waits for its payment. Pay or discard it first."))
    if subscription.is_trialing:
        return str(_("A trial cannot be paused: nothing is charged before it ends, and you can cancel it at any time."))
    if subscription.is_past_due:
        return str(_("A payment is overdue. Pay it first, then the plan can be paused."))
    return str(_("This subscription cannot be paused as it is now."))


def first_day(subscription: Subscription, organization: Organization) -> date:
    """The first day on which a pause from the end of this period may end, in the organization's time zone."""
    zone = ZoneInfo(organization.timezone)
    return subscription.current_period_end.astimezone(zone).date() + timedelta(days=1)


def day_after(subscription: Subscription, organization: Organization, months: int) -> date:
    """The day on which a pause of so many months ends."""
    return months_after(first_day(subscription, organization) - timedelta(days=1), months)


def last_day(subscription: Subscription, organization: Organization) -> date:
    return day_after(subscription, organization, LONGEST_MONTHS)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def plan(organization: Organization, resume_on: date | None, token: str) -> Subscription:
    """Wish for a pause from the end of the paid period until `resume_on`, a day of theirs, or with no end.

    Nothing changes at Stripe yet. `token` is the form's one-use token. Raises CannotPause, BadResumeDate, IntentSpent.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        if not subscription.can_pause:
            raise CannotPause(subscription)
        key = f"{subscription.public_id}:{token}"
        if tasks.is_known(BEGIN, key):
            raise intents.IntentSpent()
        first, last = first_day(subscription, organization), last_day(subscription, organization)
        if resume_on is not None and not first <= resume_on <= last:
            raise BadResumeDate(first, last)
        subscription.pauses_at = subscription.current_period_end
        subscription.resumes_at = _instant(resume_on, organization) if resume_on else None
        _write(subscription, organization, "pause_planned")
        payload = _payload(subscription) | {"token": token}
        run_at = subscription.pauses_at - AHEAD
        tasks.record(BEGIN, key, payload, run_at=run_at)
        return subscription


def withdraw(organization: Organization, token: str) -> Subscription:
    """Take the wish back, also in the hour in which Stripe has paused already. Raises CannotWithdraw after that."""
    with service.alone(organization):
        subscription = service.running(organization)
        if not subscription.is_pausing:
            raise CannotWithdraw()
        if subscription.status == Status.PAUSED:
            key = f"subscription-resume:{subscription.public_id}:{token}"
            subscription = service.absorb(
                organization, subscription_changes.resume_unchanged(key, subscription.stripe_id)
            )
        subscription.pauses_at = subscription.resumes_at = None
        _write(subscription, organization, "pause_withdrawn")
        return subscription


def begin(subscription_id: int, pauses_at: datetime, token: str) -> None:
    """Ask Stripe to pause, unless the wish was taken back or something else is coming; by then an hour is left.

    A change that still waits for its payment is given up; paid at the last moment, it is the new plan that pauses.
    Heard of too late, after the renewal, it pauses all the same and the renewed period is credited in full: nobody
    pays for a pause.
    """
    organization = _organization_of(subscription_id)
    with service.alone(organization):
        subscription = service.latest(organization)
        if subscription is None or subscription.id != subscription_id or subscription.pauses_at != pauses_at:
            return
        key = f"subscription-pause:{subscription.public_id}:{token}"
        subscription = service.absorb(organization, _pause(key, _cleared(key, subscription.stripe_id), pauses_at))
        if subscription.returns_at is not None:
            key, payload = f"{subscription.public_id}:{subscription.returns_at:%Y-%m-%dT%H:%M}", _payload(subscription)
            tasks.record("remind_of_return", key, payload, run_at=subscription.returns_at - REMINDED)
            tasks.record("resume_subscription", key, payload, run_at=subscription.returns_at)


def _cleared(key: str, stripe_id: str) -> SubscriptionRecord:
    """Without a waiting change, and without a schedule that changes nothing, which Stripe would refuse to pause."""
    record = subscriptions.retrieve(stripe_id)
    if record.pending_price and record.latest_invoice and not record.cancel_at:
        record = subscription_changes.discard_pending(f"{key}:discard", stripe_id, record.latest_invoice)
        if record.pending_price:
            raise StillBeingPaid()
    if record.schedule and record.scheduled_price is None:
        record = subscription_changes.release_schedule(f"{key}:release", stripe_id, record.schedule)
    return record


def _pause(key: str, record: SubscriptionRecord, pauses_at: datetime) -> SubscriptionRecord:
    """`record` as it is when it ends, changes, or counts from another day by now."""
    is_plain = record.status == Status.ACTIVE and not (record.cancel_at or record.schedule)
    has_renewed = record.current_period_start >= pauses_at
    if not is_plain or not (has_renewed or record.current_period_end == pauses_at):
        return record
    return subscription_changes.pause(key, record.stripe_id, credit_period=has_renewed)


def remind_of_return(subscription_id: int, pauses_at: datetime) -> None:
    """Write that the plan comes back, and is charged, in a few days; nothing if it no longer will."""
    organization = _organization_of(subscription_id)
    subscription = service.latest(organization)
    if subscription is not None and subscription.returns_at and subscription.pauses_at == pauses_at:
        notices.tell("return_near", subscription, organization)


def _organization_of(subscription_id: int) -> Organization:
    return db.session.get_one(Organization, db.session.get_one(Subscription, subscription_id).organization_id)


def _instant(day: date, organization: Organization) -> datetime:
    """The beginning of that day where the organization is."""
    return datetime.combine(day, time(), ZoneInfo(organization.timezone)).astimezone(UTC)


def _payload(subscription: Subscription) -> dict[str, Any]:
    assert subscription.pauses_at is not None
    return {"subscription": subscription.id, "pauses_at": subscription.pauses_at.isoformat()}


def _write(subscription: Subscription, organization: Organization, action: str) -> None:
    db.session.flush()
    audit.write(f"subscription.{action}", subscription.public_id, organization_id=organization.id)
    notices.tell(action, subscription, organization)
