"""What an event must be to count."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from flask_babel import gettext as _

from app.catalog.tree import Catalog, Meter
from app.core.setting_kinds import LATE_USAGE_DAYS

from .refusals import EventsRefused, Problem

AHEAD = timedelta(minutes=5)
"""How far clocks may differ; Stripe's meters take no more either (https://docs.stripe.com/api/billing/meter-event/create)."""
LATE = timedelta(days=LATE_USAGE_DAYS)
"""How long after it happened an event still counts into a window that is over."""
DIGITS, DECIMALS = 15, 12
MOST = Decimal(10**DIGITS)
"""What Stripe's meters take of a value: fifteen digits before the point and twelve behind it."""
LONGEST_ID = 200
FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
"""What is said to be older is a clock that was never set; close to the year 1 a day has no beginning in some zones."""


class NewEvent(NamedTuple):
    """`event_id` is the sender's, unique within the organization. `occurred_at` is UTC; None is now."""

    event_id: str
    meter: str
    quantity: Decimal
    occurred_at: datetime | None = None


def meters_of(known: Catalog, keys: Iterable[str]) -> dict[str, Meter]:
    """Those that count among the meters of these keys."""
    found = ((key, known.meter(key)) for key in keys)
    return {key: meter for key, meter in found if meter is not None and meter.archived_at is None}


def is_whole(meter: Meter) -> bool:
    """A meter without a unit of measure counts whole things."""
    return not meter.unit


def check(events: Sequence[NewEvent], meters: dict[str, Meter], now: datetime) -> None:
    """Whether each may count at all; whether its window still takes it is seen when it is placed. Raises EventsRefused."""
    if problems := list(_problems(events, meters, now)):
        raise EventsRefused(problems)


def _problems(events: Sequence[NewEvent], meters: dict[str, Meter], now: datetime) -> Iterator[Problem]:
    latest = now + AHEAD
    for index, (event_id, meter_key, quantity, occurred_at) in enumerate(events):
        meter = meters.get(meter_key)
        if not event_id or len(event_id) > LONGEST_ID or not event_id.isprintable():
            yield Problem(
                index, "id", "invalid_id", _("An id has 1 to %(most)s printable characters.", most=LONGEST_ID)
            )
        if meter is None:
            yield Problem(index, "meter", "unknown_meter", _("There is no such meter."))
        elif refusal := quantity_problem(meter, quantity):
            yield Problem(index, "quantity", *refusal)
        if occurred_at is not None and occurred_at > latest:
            yield Problem(index, "occurred_at", "in_the_future", _("This has not happened yet; check your clock."))
        if occurred_at is not None and occurred_at < FIRST_INSTANT:
            yield Problem(index, "occurred_at", "window_closed", _("This happened too long ago to be counted still."))


def quantity_problem(meter: Meter, quantity: Decimal) -> tuple[str, str] | None:
    """What is wrong with a quantity of this meter: a stable word and a sentence. None if it can be counted."""
    exponent = quantity.as_tuple().exponent  # a nought may have any, and is written out with it
    if not isinstance(exponent, int) or exponent > DIGITS or quantity >= MOST:
        return "quantity_too_large", _("A quantity has at most fifteen digits before the point.")
    if quantity < 0:
        return "negative_quantity", _("A quantity cannot be less than nothing.")
    if exponent < 0 and is_whole(meter) and quantity != quantity.to_integral_value():
        return "fractional_quantity", _("This meter counts whole things.")
    if exponent < -DECIMALS:
        return "too_many_decimals", _("A quantity has at most %(most)s decimals.", most=DECIMALS)
    return None
