"""The phases of a schedule: what parameters ask for, resolved to dates and checked.

A phase is kept as the API shows it, with tax rates as ids. Source: Stripe's API reference for subscription schedules.
Assumptions: a phase without end or duration lasts one period of its first price; all phases share one currency.
Simplification: thresholds, transfers and texts of invoices are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog import redemption
from sandbox.billing.subscriptions import items, periods
from sandbox.crud import new_metadata
from sandbox.errors import invalid, missing_resource, unsupported
from sandbox.scalars import LATEST
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Phase = dict[str, Any]

MOST = 10
"""The phases a request may bring."""
UNSUPPORTED = ("application_fee_percent", "billing_thresholds", "on_behalf_of", "transfer_data")
UNSUPPORTED_SETTINGS = ("account_tax_ids", "custom_fields", "description", "footer")
DISCOUNT = ("coupon", "discount", "promotion_code")


def build(
    box: Sandbox, given: list[dict[str, Any]], start: int, customer: Record, currency: str | None = None
) -> list[Phase]:
    """The phases of parameters, one after the other from ``start`` on (unix seconds).

    ``currency`` is that of the subscription, if there is one already.
    """
    if not given:
        raise invalid("Missing required param: phases.", "phases", "parameter_missing")
    if len(given) > MOST:
        raise invalid(f"A schedule takes at most {MOST} phases at once.", "phases")
    currency = currency or given[0].get("currency") or items.currency_for(box, given[0]["items"], customer)
    built: list[Phase] = []
    for index, wish in enumerate(given):
        _check_start(box, wish, f"phases[{index}]", start)
        phase = _build(box, wish, f"phases[{index}]", start, customer, currency)
        built.append(phase)
        start, currency = phase["end_date"], phase["currency"]
    return built


def _build(
    box: Sandbox, given: dict[str, Any], param: str, start: int, customer: Record, currency: str | None
) -> Phase:
    _refuse(box, given, param, customer)
    found, prices = _items(box, given["items"], f"{param}[items]", currency)
    end = _end(box, given, param, start, prices[0])
    return {
        **blank(prices[0]["currency"], start),
        **{name: given.get(name) for name in ("billing_cycle_anchor", "collection_method", "description")},
        "add_invoice_items": [
            _added(box, one, f"{param}[add_invoice_items][{place}]")
            for place, one in enumerate(given.get("add_invoice_items") or [])
        ],
        "automatic_tax": automatic_tax(given.get("automatic_tax")),
        "default_payment_method": given.get("default_payment_method"),
        "default_tax_rates": _rates(box, given.get("default_tax_rates")),
        "discounts": _discounts(box, given, param),
        "end_date": end,
        "invoice_settings": _invoice_settings(given.get("invoice_settings"), param),
        "items": found,
        # An empty value stays: it will remove the key from the subscription.
        "metadata": {key: value or "" for key, value in (given.get("metadata") or {}).items()},
        "proration_behavior": given.get("proration_behavior", "create_prorations"),
        "trial_end": _trial_end(box, given, param, start, end),
    }


def _items(
    box: Sandbox, given: list[dict[str, Any]], param: str, currency: str | None
) -> tuple[list[dict[str, Any]], list[Record]]:
    """The items of a phase and their prices."""
    found, prices = [], []
    for index, wish in enumerate(given):
        place = f"{param}[{index}]"
        price = items.wanted_price(box, wish, place, currency)
        currency = price["currency"]
        prices.append(price)
        quantity = items.quantity_of(price, wish, place)
        made = entry(price["id"], quantity, new_metadata(wish), wish.get("tax_rates"))
        found.append({**made, "discounts": _discounts(box, wish, place)})
    if not 1 <= len(found) <= items.MOST:
        raise invalid(f"A phase has between 1 and {items.MOST} items.", param)
    if len({price["id"] for price in prices}) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same price.", param)
    return found, prices


def automatic_tax(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """``automatic_tax`` of parameters as an object shows it."""
    if given is None:
        return None
    enabled = given["enabled"]
    return {"enabled": enabled, "disabled_reason": None, "liability": {"type": "self"} if enabled else None}


def _refuse(box: Sandbox, given: dict[str, Any], param: str, customer: Record) -> None:
    for name in UNSUPPORTED:
        if name in given:
            raise unsupported(f"{param}[{name}]")
    if "end_date" in given and "duration" in given:
        message = "You may only specify one of these parameters: end_date, duration."
        raise invalid(message, f"{param}[end_date]", "parameters_exclusive")
    id = given.get("default_payment_method")
    if id and box.store.need("payment_method", id, f"{param}[default_payment_method]")["customer"] != customer["id"]:
        raise missing_resource("payment_method", id, f"{param}[default_payment_method]")


def _check_start(box: Sandbox, given: dict[str, Any], param: str, start: int) -> None:
    wish = given.get("start_date", start)
    if (box.clock.now() if wish == "now" else wish) != start:
        raise invalid("Each phase starts when the one before it ends.", f"{param}[start_date]")


def _end(box: Sandbox, given: dict[str, Any], param: str, start: int, price: Record) -> int:
    end = box.clock.now() if given.get("end_date") == "now" else given.get("end_date")
    if end is None:
        lasts = given.get("duration") or price["recurring"]
        count = lasts.get("interval_count", 1)
        if count < 1:
            raise invalid("A phase lasts at least one interval.", f"{param}[duration][interval_count]")
        end = periods.add(start, lasts["interval"], count)
        if end > LATEST:
            raise invalid("A phase ends before the year 3000.", f"{param}[duration][interval_count]")
        return end
    if end <= start:
        raise invalid("The end date of a phase must be after its start date.", f"{param}[end_date]")
    return int(end)


def _trial_end(box: Sandbox, given: dict[str, Any], param: str, start: int, end: int) -> int | None:
    """Where the trial of a phase ends; ``trial`` makes all of it one."""
    wish = given.get("trial_end")
    at = box.clock.now() if wish == "now" else wish
    if at is not None and not start <= at <= end:
        raise invalid("The trial must end within its phase.", f"{param}[trial_end]")
    if given.get("trial") and at not in (None, end):
        raise invalid("With `trial` the trial ends with its phase.", f"{param}[trial_end]")
    at = end if given.get("trial") else at
    if at is not None and given.get("billing_cycle_anchor") == "phase_start":
        message = "A phase with a trial cannot set the billing cycle anchor to its start."
        raise invalid(message, f"{param}[billing_cycle_anchor]")
    return at


def _added(box: Sandbox, given: dict[str, Any], param: str) -> dict[str, Any]:
    if "price_data" in given:
        raise unsupported(f"{param}[price_data]")
    if "price" not in given:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    price = box.store.need("price", given["price"], f"{param}[price]")
    if price["type"] != "one_time":
        raise invalid("An invoice item takes a one-time price.", f"{param}[price]")
    period = {"start": {"type": "max_item_period_start"}, "end": {"type": "min_item_period_end"}}
    return {
        "discountable": given.get("discountable", True),
        "discounts": _discounts(box, given, param),
        "metadata": new_metadata(given),
        "period": given.get("period") or period,
        "price": price["id"],
        "quantity": given.get("quantity", 1),
        "tax_rates": _rates(box, given.get("tax_rates")),
    }


def _discounts(box: Sandbox, given: dict[str, Any], param: str) -> list[dict[str, Any]]:
    found = []
    for index, wish in enumerate(given.get("discounts") or []):
        redemption.look_up(box, wish, f"{param}[discounts][{index}]")
        found.append({**dict.fromkeys(DISCOUNT), **wish})
    return found


def _rates(box: Sandbox, ids: list[str] | None) -> list[str]:
    return [box.store.need("tax_rate", id, "tax_rates")["id"] for id in ids or []]


def _invoice_settings(given: dict[str, Any] | None, param: str) -> dict[str, Any] | None:
    if given is None:
        return None
    for name in UNSUPPORTED_SETTINGS:
        if name in given:
            raise unsupported(f"{param}[invoice_settings][{name}]")
    empty = dict.fromkeys((*UNSUPPORTED_SETTINGS, "days_until_due"))
    return {**empty, "days_until_due": given.get("days_until_due"), "issuer": {"type": "self"}}


def entry(price: str, quantity: int | None, metadata: dict[str, str], rates: list[str] | None) -> dict[str, Any]:
    """An item of a phase, without its discounts; ``price`` is an id."""
    return {
        "billing_thresholds": None,
        "metadata": metadata,
        "plan": price,
        "price": price,
        "quantity": quantity,
        "tax_rates": list(rates or []),
    }


def blank(currency: str, start: int) -> Phase:
    """What every phase has, before anybody said anything."""
    empty = ("application_fee_percent", "billing_cycle_anchor", "billing_thresholds", "invoice_settings")
    return {
        **dict.fromkeys((*empty, "on_behalf_of", "transfer_data", "trial_end")),
        "add_invoice_items": [],
        "currency": currency,
        "proration_behavior": "create_prorations",
        "start_date": start,
    }
