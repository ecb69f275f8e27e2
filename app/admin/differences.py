"""Differences from Stripe as staff see them: which there are, of whom, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select

from app.core.drift import Kind
from app.core.errors import NotFound
from app.core.extensions import db
from app.organizations.models import Organization
from app.reconciliation.mirrors import MIRRORS
from app.reconciliation.models import Difference, Round, Scope, State

from . import lists
from .lists import Order, Page

ROUNDS = 5

ORDERS = {
    "newest": Order(_l("Newest first"), (Difference.id,), descending=True),
    "oldest": Order(_l("Oldest first"), (Difference.id,)),
}
STATES = {
    State.OPEN: (_l("Open"), "danger"),
    State.REPAIRED: (_l("Repaired"), "success"),
    State.GONE: (_l("Gone by itself"), "success"),
    State.IGNORED: (_l("Ignored"), "quiet"),
}
"""How a state reads, and the tone of its mark."""
KINDS = {
    Kind.MISSING_HERE: _l("missing here"),
    Kind.MISSING_THERE: _l("missing at Stripe"),
    Kind.DIFFERS: _l("differs"),
}
SCOPES = {Scope.RECENT: _l("Recent objects"), Scope.FULL: _l("All objects")}
SEVERITIES = {"serious": _l("Serious"), "minor": _l("Minor")}
"""Serious is what may make money, a status or access wrong."""
TYPES = {name: name for name in MIRRORS}


@dataclass(frozen=True)
class Filters:
    """`about` is the Stripe id of an object."""

    state: str = ""
    severity: str = ""
    type: str = ""
    about: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a difference, and the name of its organization."""
    return lists.page(_with_organization().where(*_conditions(filters)), order, Difference.public_id, **around)


def get(public_id: str) -> tuple[Difference, str | None]:
    """A difference, and the name of its organization. Raises NotFound."""
    found = _with_organization().where(Difference.public_id == public_id)
    row = db.session.execute(found).first() if public_id.isprintable() else None
    if row is None:
        raise NotFound()
    return row[0], row[1]


def left() -> tuple[int, int]:
    """How many are open, and how many of them are serious."""
    serious = func.count().filter(Difference.is_serious)
    row = db.session.execute(select(func.count(), serious).where(Difference.state == State.OPEN)).one()
    return row[0], row[1]


def rounds() -> Sequence[Round]:
    """The latest, newest first."""
    return db.session.scalars(select(Round).order_by(Round.id.desc()).limit(ROUNDS)).all()


def _with_organization() -> "Select[*tuple[Any, ...]]":
    return select(Difference, Organization.name).outerjoin(Organization, Organization.id == Difference.organization_id)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        conditions.append(Difference.state == filters.state)
    if filters.severity:
        conditions.append(Difference.is_serious.is_(filters.severity == "serious"))
    if filters.type:
        conditions.append(Difference.object_type == filters.type)
    if filters.about:
        conditions.append(Difference.stripe_id == filters.about)
    return conditions
