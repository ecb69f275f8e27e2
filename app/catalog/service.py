"""What the portal sells, read from memory: one cheap statement, or none, tells whether the copy is still right."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, event, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.hooks import Hooks

from . import snapshot
from .models import CatalogVersion, Price
from .tree import EMPTY, Catalog

VERSION = "catalog_version"

_copy = [EMPTY]  # one slot, replaced whole, so that the threads of a server need no lock


class NotForSale(PortalError):
    """Hidden, archived or free: the address was kept or made up."""

    status = 400
    code = "price_not_for_sale"

    def __init__(self) -> None:
        super().__init__(_("This price is no longer for sale. Choose a plan from the list."))


@dataclass(frozen=True)
class Holding:
    """What the organization on show has: filled in by the room that knows its subscription."""

    plan_key: str
    price_public_id: str
    paid_until: datetime | None
    """When what is paid for ends, and cheaper plans begin; None in a trial, where any plan begins at once."""
    trial_ends: datetime | None = None
    ends_at: datetime | None = None
    """When it ends without a renewal."""
    scheduled: str | None = None
    """The price, by its public id, that takes its place at `paid_until`."""
    waiting: str | None = None
    """The price that takes its place once it is paid."""
    is_owed: bool = False
    """The running period is not paid for, and nothing is changed before it is."""


holdings: Hooks[Callable[[], Holding | None]] = Hooks()
"""Rooms above add a function that looks at the current organization; the first answer counts."""


def holding() -> Holding | None:
    """What the current organization is subscribed to; None on Free and for visitors."""
    return next((found for ask in holdings if (found := ask()) is not None), None)


currencies_kept: Hooks[Callable[[], str | None]] = Hooks()
"""Rooms above add a function that knows which currency the current organization is billed in; the first answer counts."""


def currency_kept() -> str | None:
    """The one currency the current organization can buy in; None for visitors and before a first purchase."""
    return next((found for ask in currencies_kept if (found := ask()) is not None), None)


def sellable(public_id: str) -> Price:
    """The price with its plan, for checkout. Raises NotFound, and NotForSale for what is hidden, archived or free."""
    # PostgreSQL takes no NUL.
    price = db.session.scalar(Price.by_public_id(public_id)) if public_id.isprintable() else None
    if price is None:
        raise NotFound()
    if not price.is_for_sale:
        raise NotForSale()
    return price


def current() -> Catalog:
    """The whole catalogue; empty when none is loaded. At most one statement per transaction while it does not change."""
    known = db.session.info
    if VERSION not in known:
        known[VERSION] = db.session.scalar(select(CatalogVersion.version))
    version: str | None = known[VERSION]
    if version is None:
        return EMPTY
    copy = _copy[0]
    if copy.version != version:
        copy = _copy[0] = snapshot.read(version)
    return copy


def version_column() -> ColumnElement[str | None]:
    """The version as a column of another statement, whose answer is handed to `trust`: then `current` asks nothing itself."""
    return select(CatalogVersion.version).scalar_subquery()


def trust(version: str | None) -> None:
    """For the rest of this transaction the catalogue has this version."""
    db.session.info[VERSION] = version


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(VERSION, None)
