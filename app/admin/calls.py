"""Calls to Stripe as staff see them: those whose end is not known, and those left to a person."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import defer

from app.gateway.intents import OPEN, IntentState, StripeIntent
from app.upkeep.calls import can_be_asked_for

from . import lists
from .lists import Order, Page

ORDERS = {
    "oldest": Order(_l("Oldest first"), (StripeIntent.started_at, StripeIntent.key)),
    "newest": Order(_l("Newest first"), (StripeIntent.started_at, StripeIntent.key), descending=True),
}
OF_INTEREST = (*OPEN, IntentState.UNRESOLVED)
SHOWN = (*OF_INTEREST, IntentState.OVERTAKEN)


@dataclass(frozen=True)
class Filters:
    """`about` is a deed's key or the id of what it changes, and finds calls that are settled, too."""

    state: str = ""
    about: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a call, without what it said, and whether it can be looked into now."""
    chosen = select(StripeIntent, can_be_asked_for()).options(defer(StripeIntent.request, raiseload=True))
    return lists.page(chosen.where(*_conditions(filters)), order, StripeIntent.key, **around)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.about:
        conditions.append(or_(StripeIntent.key == filters.about, StripeIntent.subject == filters.about))
    if filters.state:
        conditions.append(StripeIntent.state == filters.state)
    elif not filters.about:
        conditions.append(StripeIntent.state.in_(OF_INTEREST))
    return conditions
