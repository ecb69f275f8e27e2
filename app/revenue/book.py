"""Reading the book line by line: how a subscription stood at an instant, and the lines behind a figure."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.invoices.models import Invoice, InvoiceStatus
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from .models import Kind, Movement


def stood(column: InstrumentedAttribute[Any], before: datetime | None = None) -> "ScalarSelect[Any]":
    """A column of the last line of a subscription, for a select of those; NULL where there was none `before` the instant."""
    lines = select(column).where(Movement.subscription_id == Subscription.id)
    if before is not None:
        lines = lines.where(Movement.at < before)
    return lines.order_by(Movement.at.desc(), Movement.id.desc()).limit(1).correlate(Subscription).scalar_subquery()


def lost(since: datetime) -> ColumnElement[bool]:
    """Lines by which those who paid something at the instant pay less or nothing, up to where they first left.

    So whoever comes and goes after it is not lost, and nobody is lost twice
    (https://help.chartmogul.com/hc/en-us/articles/203359321-Metric-Customer-Churn-rate).
    """
    return and_(Movement.at >= since, Movement.kind.in_({Kind.CHURN, Kind.CONTRACTION}), _paid(since), ~_left(since))


def churned(since: datetime) -> ColumnElement[bool]:
    """The lines of these by which they left: one for each customer."""
    return and_(Movement.kind == Kind.CHURN, lost(since))


def _paid(instant: datetime) -> ColumnElement[bool]:
    earlier = aliased(Movement)
    lines = select(earlier.annual_amount).where(earlier.subscription_id == Movement.subscription_id)
    lines = lines.where(earlier.at < instant).order_by(earlier.at.desc(), earlier.id.desc()).limit(1)
    return lines.scalar_subquery() > 0


def _left(since: datetime) -> ColumnElement[bool]:
    """Before the line, though after the instant."""
    earlier = aliased(Movement)
    is_before = tuple_(earlier.at, earlier.id) < tuple_(Movement.at, Movement.id)
    mine = and_(earlier.subscription_id == Movement.subscription_id, earlier.kind == Kind.CHURN)
    return exists().where(mine, earlier.at >= since, is_before)


def trial_ended() -> ColumnElement[bool]:
    return Movement.status_before == Status.TRIALING


def trial_converted() -> ColumnElement[bool]:
    """The first invoice after the trial is paid, and was over something.

    The status does not tell: Stripe calls a subscription active before that invoice is paid, and past due when it is not
    (https://docs.stripe.com/billing/subscriptions/trials).
    """
    is_paid = and_(Invoice.status == InvoiceStatus.PAID, Invoice.total_amount > 0)
    theirs = and_(Invoice.organization_id == Movement.organization_id, Invoice.issued_at >= Movement.at)
    first = select(is_paid).join(Subscription, Subscription.stripe_id == Invoice.subscription_stripe_id)
    first = first.where(theirs, Subscription.id == Movement.subscription_id)
    first = first.order_by(Invoice.issued_at, Invoice.id).limit(1).correlate(Movement)
    return and_(trial_ended(), first.scalar_subquery())
