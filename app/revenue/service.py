"""Keep the book: what a change of a subscription is to recurring revenue."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select

from app.core import clock
from app.core.extensions import db
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from .amounts import annual
from .models import Kind, Movement

CONCERNED = ("status", "price_id", "quantity", "discounts")


def note(before: Mapping[str, object], subscription: Subscription) -> None:
    """Write down what changed since the last line of this subscription, whose row the caller has locked.

    Costs nothing when it was only renewed; and nothing is noted before a subscription begins.
    """
    if subscription.began_at is None:
        return
    if before and all(before[name] == getattr(subscription, name) for name in CONCERNED):
        return
    last = _last(subscription)
    was, amount = (last.annual_amount if last else 0), annual(subscription)
    if last is not None and (last.status, was) == (subscription.status, amount):
        return
    at = _instant(subscription, before, last)
    db.session.add(
        Movement(
            organization_id=subscription.organization_id,
            subscription_id=subscription.id,
            at=max(at, last.at) if last else at,
            currency=subscription.price.currency,
            status=subscription.status,
            status_before=last.status if last else "",
            annual_amount=amount,
            annual_before=was,
            kind=_kind(subscription, was, amount),
        )
    )
    db.session.flush()


def _last(subscription: Subscription) -> Movement | None:
    mine = select(Movement).where(Movement.subscription_id == subscription.id)
    return db.session.scalar(mine.order_by(Movement.at.desc(), Movement.id.desc()).limit(1))


def _kind(subscription: Subscription, was: int, amount: int) -> Kind:
    if was == amount:
        return Kind.NONE
    if amount == 0:
        return Kind.CHURN
    if was == 0:
        paid = exists().where(Movement.organization_id == subscription.organization_id, Movement.annual_amount > 0)
        return Kind.REACTIVATION if db.session.scalar(select(paid)) else Kind.NEW
    return Kind.EXPANSION if amount > was else Kind.CONTRACTION


def _instant(subscription: Subscription, before: Mapping[str, object], last: Movement | None) -> datetime:
    """Stripe's own instant where it has one: an event may reach us long after."""
    if subscription.ended_at is not None:
        return subscription.ended_at
    if last is None:
        return subscription.started_at
    if subscription.is_trial_over and subscription.trial_end is not None:
        return subscription.trial_end
    if subscription.status == Status.PAUSED:
        return subscription.pauses_at or clock.now()
    if before.get("current_period_start") != subscription.current_period_start:
        return subscription.current_period_start
    return clock.now()
