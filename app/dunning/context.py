"""The case of the invoice that the current organization's plan waits for, read at most once per request."""

from collections.abc import Mapping
from datetime import datetime

from flask import g

from app.core.extensions import db
from app.invoices.models import Invoice

from .models import DunningCase, Mode


def remember(cases: Mapping[int, DunningCase | None]) -> None:
    """These were read for the page, by the id of their invoice; None for one that was never followed."""
    _known().update(cases)


def case_of(invoice: Invoice) -> DunningCase | None:
    known = _known()
    if invoice.id not in known:
        known[invoice.id] = db.session.scalar(DunningCase.of(invoice))
    return known[invoice.id]


def _known() -> dict[int, DunningCase | None]:
    known: dict[int, DunningCase | None] = g.setdefault("dunning_cases", {})
    return known


def next_attempt_at(invoice: Invoice) -> datetime | None:
    """When an unpaid invoice is charged again by itself: as we plan it, or else as Stripe does; None if it is not."""
    case = case_of(invoice) if invoice.is_failed_renewal else None
    if case is None or (case.mode == Mode.STRIPE and case.charged_again_at):
        return invoice.next_payment_attempt_at
    return case.charged_again_at
