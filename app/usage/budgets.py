"""What an organization sets itself: how much of a meter in a window, who hears of it when, and whether it stops there."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.audit import service as audit
from app.core import clock
from app.core.extensions import db
from app.organizations import service as organizations
from app.organizations.models import Organization

from .models import MeterBudget

LEVELS = (50, 80, 90, 100)
"""Percent of a budget at which people can be told."""
USUAL = (80, 100)


def of(organization: Organization, meter_key: str) -> MeterBudget | None:
    """The budget of a meter, or the one that was removed last; None where there never was one."""
    mine = MeterBudget.organization_id == organization.id, MeterBudget.meter_key == meter_key
    return db.session.scalar(select(MeterBudget).where(*mine))


def set_to(
    organization: Organization, meter_key: str, amount: Decimal, levels: Collection[int], *, stops: bool
) -> MeterBudget:
    """Want at most `amount` units in a window from now on; the same again changes nothing.

    Who wants to stop there is always told of it.
    """
    told = sorted({*levels, *((100,) if stops else ())})
    values: dict[str, Any] = {"amount": amount, "levels": told, "stops": stops, "removed_at": None}
    organizations.lock(organization)
    budget = of(organization, meter_key)
    if budget is None:
        budget = MeterBudget(organization_id=organization.id, meter_key=meter_key)
        db.session.add(budget)
    elif all(getattr(budget, name) == value for name, value in values.items()):
        return budget
    for name, value in values.items():
        setattr(budget, name, value)
    _note(organization, "usage.budget_set", meter_key, amount=f"{amount:f}", levels=told, stops=stops)
    return budget


def remove(organization: Organization, meter_key: str) -> None:
    """Want nothing any more; what it was is kept for the form. Nothing happens where there is no budget."""
    organizations.lock(organization)
    budget = of(organization, meter_key)
    if budget is None or budget.removed_at is not None:
        return
    budget.removed_at = clock.now()
    _note(organization, "usage.budget_removed", meter_key)


def _note(organization: Organization, action: str, meter_key: str, **data: object) -> None:
    facts = {"meter": meter_key, **data}
    audit.write(action, organization.public_id, organization_id=organization.id, data=facts)
