"""Reading the book line by line: how a subscription stood at an instant, and the lines of a period."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from .amounts import COUNTED
from .models import Movement


def stood(column: InstrumentedAttribute[Any], before: datetime | None = None) -> "ScalarSelect[Any]":
    """A column of the last line of a subscription, for a select of those; NULL where there was none `before` the instant."""
    lines = select(column).where(Movement.subscription_id == Subscription.id)
    if before is not None:
        lines = lines.where(Movement.at < before)
    return lines.order_by(Movement.at.desc(), Movement.id.desc()).limit(1).correlate(Subscription).scalar_subquery()


def trial_ended() -> ColumnElement[bool]:
    return Movement.status_before == Status.TRIALING


def trial_converted() -> ColumnElement[bool]:
    return and_(trial_ended(), Movement.status.in_(COUNTED))
