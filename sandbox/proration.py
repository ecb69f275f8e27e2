"""Money for a part of a period: per second, rounded half away from zero to the minor unit, once per amount.

Flexible billing credits what was *originally debited*, net of its discounts, whatever the price says today; a debit for
the rest of a period is that part of the new price. Assumption: Stripe rounds each line for itself.
"""

from decimal import Decimal

from sandbox.billing.catalog.pricing import rounded


def share(amount: int, start: int, end: int, whole_start: int, whole_end: int) -> int:
    """The part of ``amount`` (minor units, for ``[whole_start, whole_end)``) that falls on ``[start, end)``."""
    if whole_end <= whole_start:
        return amount
    return rounded(Decimal(amount) * (end - start) / (whole_end - whole_start))


def credit(amount: int, at: int, start: int, end: int) -> int:
    """What to give back of a debit for ``[start, end)`` that ends at ``at``: zero or negative."""
    return -share(amount, max(at, start), end, start, end) if at < end else 0
