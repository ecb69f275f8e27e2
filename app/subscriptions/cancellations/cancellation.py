"""Leaving, at the end of what is paid or at once, and taking it back until the last minute."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask_babel import gettext as _

from app.core.errors import PortalError
from app.gateway import cancellations, intents, subscriptions
from app.gateway import subscription_changes as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.subscriptions import ending, service, unused_time
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING, Status


class CannotCancel(PortalError):
    status = 409
    code = "cannot_cancel"

    def __init__(self) -> None:
        super().__init__(_("This subscription is already ending. You can keep it from its page."))


class CannotEndNow(PortalError):
    status = 409
    code = "cannot_end_now"

    def __init__(self) -> None:
        super().__init__(_("This plan ends with its paid period, not at once. Nothing was changed."))


class CannotKeep(PortalError):
    status = 409
    code = "cannot_keep"

    def __init__(self) -> None:
        super().__init__(_("There is no cancellation to take back. Choose a plan to start again."))


class EndMoved(PortalError):
    """What the page showed is no longer what would happen; nothing was canceled. What is so now is absorbed already."""

    status = 409
    code = "end_moved"

    def __init__(self) -> None:
        super().__init__(
            _("Your subscription has changed since you opened the page. Nothing was canceled; look again.")
        )


@dataclass(frozen=True)
class Reason:
    """`feedback` is one of Stripe's eight words."""

    feedback: str
    comment: str


def cancel(organization: Organization, reason: Reason, *, seen: str, token: str) -> Subscription:
    """Cancel at the end of what is paid, or now where nothing is; `token` is the form's one-use token.

    `seen` is the end that was shown, as `Ending.seen` has it, or "". What was planned besides goes: a change that is
    scheduled, one that waits for its payment, a pause. Raises CannotCancel, EndMoved, IntentSpent.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-cancel:{subscription.public_id}:{token}"
        if intents.outcome(key):
            record = subscriptions.retrieve(subscription.stripe_id)
        elif subscription.can_cancel:
            record = _clear(key, organization, _look(organization, subscription, seen))
            record = _cancel(key, subscription, record, reason)
        else:
            raise CannotCancel()
        subscription = service.absorb(organization, _go_on(key, subscription, record))
        if subscription.can_cancel:
            raise intents.IntentSpent()  # an old page, and the plan was kept since
        return subscription


def _look(organization: Organization, subscription: Subscription, seen: str) -> SubscriptionRecord:
    """Stripe's present answer, if the end is still the one that was shown. Raises EndMoved."""
    record = subscriptions.retrieve(subscription.stripe_id)
    is_open = record.status in RUNNING and record.cancel_at is None
    if not is_open or not ending.is_as_seen(seen, record, subscription):
        service.absorb(organization, record)
        raise EndMoved()
    return record


def _clear(key: str, organization: Organization, record: SubscriptionRecord) -> SubscriptionRecord:
    """Drop what a schedule or a waiting change would still do to it. Raises EndMoved for one paid meanwhile."""
    stripe_id = record.stripe_id
    if record.schedule:
        record = gateway.release_schedule(f"{key}:release", stripe_id, record.schedule)
    if record.pending_price and record.latest_invoice:
        price = record.price
        record = gateway.discard_pending(f"{key}:discard", stripe_id, record.latest_invoice)
        if record.pending_price or record.price != price:
            service.absorb(organization, record)
            raise EndMoved()
    return record


def _cancel(key: str, subscription: Subscription, record: SubscriptionRecord, reason: Reason) -> SubscriptionRecord:
    why = {"feedback": reason.feedback, "comment": reason.comment}
    if ending.ends_now(record.status, subscription):
        return cancellations.cancel_now(key, record.stripe_id, bill=False, **why)
    return gateway.cancel_at_period_end(key, record.stripe_id, **why)


def _go_on(key: str, subscription: Subscription, record: SubscriptionRecord) -> SubscriptionRecord:
    """What a pause has stopped in its last paid hour goes on to its end; only after the end is set, or it would renew."""
    if record.status == Status.PAUSED and record.cancel_at and subscription.is_pausing:
        return gateway.resume_unchanged(f"{key}:resume", record.stripe_id)
    return record


def end_now(organization: Organization, reason: Reason, *, seen: str, token: str) -> Subscription:
    """End at once, for what was shown (`AtOnce.seen`), once per `token`; what comes back is on its way after it.

    Raises CannotEndNow where the catalogue does not allow it, EndMoved when amounts are too old or no longer so.
    """
    with service.alone(organization):
        subscription = service.latest(organization)
        if subscription is None:
            raise service.SubscriptionNotFound()
        key = f"subscription-end:{subscription.public_id}:{token}"
        if intents.outcome(key):
            return service.absorb(organization, subscriptions.retrieve(subscription.stripe_id))
        subscription = service.running(organization)
        if not ending.may_end_now(subscription):
            raise CannotEndNow()
        record = _look(organization, subscription, "")
        if ending.ends_now(record.status, subscription):
            service.absorb(organization, record)
            raise EndMoved()  # nothing is paid ahead: it ends by the other form, which promises nothing
        shown = _as_shown(organization, subscription, seen)
        record = _clear(key, organization, record)
        unused_time.promise(subscription, shown)
        why = {"feedback": reason.feedback, "comment": reason.comment}
        ended = cancellations.cancel_now(key, record.stripe_id, bill=not subscription.is_trialing, **why)
        return service.absorb(organization, ended)


def _as_shown(organization: Organization, subscription: Subscription, seen: str) -> ending.AtOnce:
    at = datetime.fromtimestamp(int(seen.split(":")[0]), UTC)
    present = ending.at_once(organization, subscription, at) if ending.is_fresh(at) else None
    if present is None or present.seen != seen:
        raise EndMoved()
    return present


def keep(organization: Organization, *, token: str) -> Subscription:
    """Undo a cancellation that has not happened yet. Raises CannotKeep, IntentSpent."""
    with service.alone(organization):
        subscription = service.running(organization)
        if not subscription.can_keep:
            raise CannotKeep()
        try:
            record = gateway.keep(f"subscription-keep:{subscription.public_id}:{token}", subscription.stripe_id)
        except GatewayRefused as error:  # it ended in the last second
            raise CannotKeep() from error
        subscription = service.absorb(organization, record)
        if subscription.is_canceling:
            raise intents.IntentSpent()  # an old page, and it was canceled again since
        return subscription
