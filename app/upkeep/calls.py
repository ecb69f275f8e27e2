"""Calls to Stripe whose end nobody heard: how many there are, and having them looked into sooner."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from app.audit import service as audit
from app.core import clock
from app.core.extensions import db
from app.gateway import resolving
from app.gateway.intents import OPEN, IntentState, StripeIntent


@dataclass(frozen=True)
class Standing:
    """How many calls are open, since when (machine time), and how many are left to a person."""

    open: int
    open_since: datetime | None
    unresolved: int


def standing() -> Standing:
    """The calls in figures. One statement."""
    is_open, is_left = StripeIntent.state.in_(OPEN), StripeIntent.state == IntentState.UNRESOLVED
    figures = (
        func.count().filter(is_open),
        func.min(StripeIntent.started_at).filter(is_open),
        func.count().filter(is_left),
    )
    row = db.session.execute(select(*figures).where(is_open | is_left)).one()
    return Standing(*row)


def can_be_asked_for() -> ColumnElement[bool]:
    """Open, and no process is waiting for the answer any more."""
    is_over = (StripeIntent.state == IntentState.UNKNOWN) | (StripeIntent.retry_at <= clock.wall())
    return StripeIntent.state.in_(OPEN) & is_over


def look_again(keys: Collection[str]) -> int:
    """Have open calls looked into now instead of when their turn comes; answers how many.

    It is the same look as the next one by itself, under the call's own key: asked for twice it happens once.
    """
    chosen = select(StripeIntent.key, StripeIntent.tries).where(StripeIntent.key.in_(keys), can_be_asked_for())
    found = [(key, tries) for key, tries in db.session.execute(chosen) if resolving.ask_for(key, tries)]
    for key, tries in found:
        audit.write("intent.asked", key, data={"tries": tries})
    return len(found)
