"""Which part of a period was billed: found from what a line says, and only where it brings out the line's amount.

Stripe prorates by the second and rounds each line to the minor unit (https://docs.stripe.com/billing/subscriptions/prorations),
but says nothing of the period it took a part of. The calendar does.
"""

import calendar
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

SECOND, HOUR, DAY = 1, 3600, 86400
UNITS = (DAY, HOUR, SECOND)
MONTHS = (1, 12, 3, 6)
LENGTHS = (30, 31, 28, 29, 365, 366, 7, 1)
"""Days of the periods that prices have, for what stops before its period does."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole`, both in units of `unit` seconds."""

    part: int
    whole: int
    unit: int

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.part, self.whole)


def rounded(amount: Fraction) -> int:
    """To the minor unit, half away from zero."""
    return int(math.copysign(1, amount)) * math.floor(abs(amount) + Fraction(1, 2))


def seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def of_whole(part: int, whole: int, cost: Fraction, amount: int, tolerance: int = 0) -> Share | None:
    """`part` of `whole` seconds in the largest unit in which that part of `cost` is the `amount`; None if it is not.

    `tolerance` in minor units is for the seconds alone: where Stripe rounded more than once.
    """
    for unit in UNITS:
        share = Share((part + unit // 2) // unit, max(whole // unit, 1), unit)
        if whole % unit or not 0 < share.part <= share.whole:
            continue
        if abs(rounded(cost * share.fraction) - amount) <= (tolerance if unit == SECOND else 0):
            return share
    return None


def of_price(start: datetime, end: datetime, cost: Fraction, amount: int) -> Share | None:
    """The share that `start` to `end` has of a period costing `cost`: of one that ends then, or else of any there is."""
    part = seconds(start, end)
    found = (of_whole(part, whole, cost, amount) for whole in _wholes(end))
    return next((share for share in found if share), None)


def _wholes(end: datetime) -> Iterator[int]:
    for months in MONTHS:
        for start in _starts(end, months):
            yield seconds(start, end)
    for days in LENGTHS:
        yield days * DAY


def _starts(end: datetime, months: int) -> Iterator[datetime]:
    """Where a period of so many months that ends then may have begun: to the end of a month lead several days."""
    year, month = divmod(end.year * 12 + end.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_month_end = end.day == calendar.monthrange(end.year, end.month)[1]
    for day in range(min(end.day, last), (last if is_month_end else min(end.day, last)) + 1):
        yield end.replace(year=year, month=month + 1, day=day)
