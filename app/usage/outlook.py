"""Where a meter is heading: what it will show when its window ends, should things go on as they do, and what that costs."""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal

from app.catalog.models import Aggregation
from app.core.money import Money

from .checking import is_whole
from .standing import Standing

EARLY = 20
"""Before a twentieth of the window has passed nothing is foretold: one busy hour would be a busy month."""
CENT = Decimal("0.01")


def projected(standing: Standing, now: datetime) -> Standing | None:
    """The same meter at the end of its window, rounded up; None where nothing can be foretold.

    A level or a peak is no sum, so that it has no course; a window without an end is never over.
    """
    if standing.meter.aggregation != Aggregation.SUM or standing.resets_at is None or not standing.used:
        return None
    whole, gone = standing.resets_at - standing.begins_at, now - standing.begins_at
    if gone * EARLY < whole or now >= standing.resets_at:
        return None
    course = Decimal(int(whole.total_seconds())) / Decimal(int(gone.total_seconds()))
    step = Decimal(1) if is_whole(standing.meter) else CENT
    used = (standing.used * course).quantize(step, ROUND_UP)
    return replace(standing, used=max(used, standing.used))


def reached_at(standing: Standing, amount: Decimal, now: datetime) -> datetime | None:
    """When it comes to `amount` at the pace so far; None where nothing is foretold, and where that is not ahead in this window."""
    if standing.used >= amount or projected(standing, now) is None:
        return None
    at = standing.begins_at + (now - standing.begins_at) * float(amount / standing.used)
    return at if standing.resets_at is None or at < standing.resets_at else None


def overage(standing: Standing) -> Money | None:
    """What the use beyond the included amount costs, before tax, rounded as Stripe rounds a line; None without any."""
    price = standing.overage_price
    if price is None or not standing.beyond:
        return None
    amount = (standing.beyond * price.unit_amount).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(int(amount), price.currency)
