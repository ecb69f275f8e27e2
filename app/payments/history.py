"""What was paid and what failed, for invoices and otherwise: newest first, page by page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, Select, select, tuple_
from sqlalchemy.orm import contains_eager

from app.core.extensions import db
from app.organizations.models import Organization

from .models import Attempt, Payment

PER_PAGE = 25


@dataclass(frozen=True)
class Page:
    """`newer` and `older` are the public ids to go on from, None where the list ends."""

    attempts: list[Attempt]
    newer: str | None
    older: str | None


def page(organization: Organization, *, older_than: str | None = None, newer_than: str | None = None) -> Page:
    """The newest tries of a card, each with its payment, or those next to the one that is named. One statement."""
    place = tuple_(Attempt.made_at, Attempt.id)
    mine = _of(organization)
    if newer_than:
        mine = mine.where(place > _place_of(organization, newer_than)).order_by(Attempt.made_at, Attempt.id)
    else:
        if older_than:
            mine = mine.where(place < _place_of(organization, older_than))
        mine = mine.order_by(Attempt.made_at.desc(), Attempt.id.desc())
    found = list(db.session.scalars(mine.limit(PER_PAGE + 1)))
    more, shown = len(found) > PER_PAGE, found[:PER_PAGE]
    if newer_than:
        return _page(shown[::-1], has_newer=more, has_older=True)
    return _page(shown, has_newer=bool(older_than), has_older=more)


def _of(organization: Organization) -> "Select[Attempt]":
    mine = select(Attempt).join(Payment, Payment.id == Attempt.payment_id).options(contains_eager(Attempt.payment))
    return mine.where(Attempt.organization_id == organization.id)


def _page(attempts: list[Attempt], *, has_newer: bool, has_older: bool) -> Page:
    if not attempts:
        return Page([], None, None)
    return Page(attempts, attempts[0].public_id if has_newer else None, attempts[-1].public_id if has_older else None)


def _place_of(organization: Organization, public_id: str) -> "ScalarSelect[Any]":
    place = select(Attempt.made_at, Attempt.id)
    mine = place.where(Attempt.organization_id == organization.id, Attempt.public_id == public_id)
    return mine.scalar_subquery()
