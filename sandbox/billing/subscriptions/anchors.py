"""The billing cycle anchor of a new subscription.

Source: Stripe's API reference (``billing_cycle_anchor_config`` is for months and years, and takes the next occurrence; an
anchor lies in the future, no later than the natural end of the first period).
Assumptions: a day that the next month does not have makes the anchor the next month that has it, so that shorter months
bill on their last day; of several items the longest period decides how late an anchor may be; without
``trial_settings.end_behavior.billing_cycle_anchor`` an anchor that was asked for stays when the trial ends.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.billing.subscriptions import items
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

LIMITS = {"day_of_month": (1, 31), "month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}


def choose(box: Sandbox, params: dict[str, Any], prices: list[Record], trial_end: int | None) -> int:
    """The anchor that parameters mean, in unix seconds."""
    now = box.clock.now()
    if "billing_cycle_anchor_config" in params:
        if "billing_cycle_anchor" in params:
            message = "You may only specify one of these parameters: billing_cycle_anchor, billing_cycle_anchor_config."
            raise invalid(message, "billing_cycle_anchor", "parameters_exclusive")
        return _next(now, params["billing_cycle_anchor_config"], prices)
    asked = params.get("billing_cycle_anchor")
    if asked is not None:
        _check(asked, now, prices, trial_end)
        return int(asked)
    stays = ((params.get("trial_settings") or {}).get("end_behavior") or {}).get("billing_cycle_anchor") == "unchanged"
    return now if stays else trial_end or now


def _check(asked: int, now: int, prices: list[Record], trial_end: int | None) -> None:
    if asked < now:
        raise invalid("billing_cycle_anchor cannot be in the past.", "billing_cycle_anchor")
    starts = trial_end or now
    if asked < starts:
        raise invalid("billing_cycle_anchor cannot be earlier than the end of the trial.", "billing_cycle_anchor")
    natural = max(items.period(price, starts, starts)[1] for price in prices)
    if asked > natural:
        message = f"billing_cycle_anchor cannot be later than next natural billing date ({natural}) for the price."
        raise invalid(message, "billing_cycle_anchor")


def _next(now: int, config: dict[str, int], prices: list[Record]) -> int:
    param = "billing_cycle_anchor_config"
    for name, value in config.items():
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise invalid(f"{name} must be between {least} and {most}.", f"{param}[{name}]")
    intervals = {price["recurring"]["interval"] for price in prices}
    if intervals - {"month", "year"}:
        raise invalid("billing_cycle_anchor_config is only valid with monthly and yearly prices.", param)
    if "month" in config and config["day_of_month"] > calendar.monthrange(2028, config["month"])[1]:
        raise invalid("That month never has this day.", f"{param}[day_of_month]")
    return next(instant for instant in _occurrences(now, config) if instant > now)


def _occurrences(now: int, config: dict[str, int]) -> list[int]:
    """The instants of a configuration from this month on; what it leaves open is as now."""
    start = datetime.fromtimestamp(now, UTC)
    time = {name: config.get(name, getattr(start, name)) for name in ("hour", "minute", "second")}
    found = []
    for step in range(12 * 9):  # leap days may be eight years apart
        year, index = divmod(start.year * 12 + start.month - 1 + step, 12)
        fits = config.get("month", index + 1) == index + 1
        if fits and config["day_of_month"] <= calendar.monthrange(year, index + 1)[1]:
            found.append(int(datetime(year, index + 1, config["day_of_month"], **time, tzinfo=UTC).timestamp()))
    return found
