"""What a price is made of: its amounts, tiers, currency options and recurrence, checked and put into a record.

Source: Stripe's API reference for prices. Assumptions: an inline price is stored inactive; tiers want a recurring price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog import price_tiers
from sandbox.billing.catalog.price_amounts import NO_AMOUNT, unit_amounts
from sandbox.crud import new_metadata
from sandbox.errors import invalid, unsupported
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""How many of an interval make the longest billing period, three years."""


def create(box: Sandbox, params: dict[str, Any], product: Record, *, active: bool = True) -> Record:
    """Store a price of ``PriceCreateParams`` (or the part of them that an inline price takes) and tell of it."""
    price = box.store.add(build(box, params, product, active=active))
    box.events.record("price.created", price)
    return price


def inline(box: Sandbox, data: dict[str, Any], param: str) -> Record:
    """The price of a ``price_data`` hash, for this use only."""
    product = box.store.need("product", data["product"], f"{param}[product]")
    return create(box, data, product, active=False)


def build(box: Sandbox, params: dict[str, Any], product: Record, *, active: bool) -> Record:
    """The record, not stored yet."""
    if "custom_unit_amount" in params:
        raise unsupported("custom_unit_amount")
    currency = params["currency"]
    scheme = params.get("billing_scheme", "per_unit")
    recurring = _recurring(box, params.get("recurring"))
    tiered = scheme == "tiered"
    _check_scheme(params, tiered=tiered, recurs=recurring is not None)
    main = {
        **(NO_AMOUNT if tiered else unit_amounts(params, "", required=True)),
        "tiers": price_tiers.build(params["tiers"], "tiers") if tiered else None,
    }
    return {
        **box.contract.blank("price"),
        **main,
        "id": new_id("price"),
        "active": params.get("active", active),
        "billing_scheme": scheme,
        "created": box.clock.now(),
        "currency": currency,
        "currency_options": options(params.get("currency_options"), _shown_option(main, params), currency),
        "metadata": new_metadata(params),
        "nickname": params.get("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": params.get("tiers_mode"),
        "transform_quantity": _transform(params.get("transform_quantity")),
        "type": "recurring" if recurring else "one_time",
    }


def options(given: dict[str, Any] | None, main: dict[str, Any], currency: str) -> dict[str, dict[str, Any]]:
    """``currency_options`` of a price: the main currency's, then the others."""
    found = {currency: main}
    for name, option in (given or {}).items():
        param = f"currency_options[{name}]"
        if "custom_unit_amount" in option:
            raise unsupported(f"{param}[custom_unit_amount]")
        if name == currency:
            raise invalid(f"The price already has amounts in {currency}: it is its own currency.", param)
        found[name] = {
            "custom_unit_amount": None,
            "tax_behavior": option.get("tax_behavior", main["tax_behavior"]),
            **_option_amounts(option, main, param),
        }
    return found


def _option_amounts(option: dict[str, Any], main: dict[str, Any], param: str) -> dict[str, Any]:
    if main["tiers"] is None:
        if "tiers" in option:
            raise invalid("Only a tiered price has tiers in its currency options.", f"{param}[tiers]")
        return {"tiers": None, **unit_amounts(option, param, required=True)}
    tiers = price_tiers.build(option.get("tiers") or [], f"{param}[tiers]")
    if [tier["up_to"] for tier in tiers] != [tier["up_to"] for tier in main["tiers"]]:
        raise invalid("The tiers of a currency option must have the price's own `up_to`.", f"{param}[tiers]")
    return {"tiers": tiers, **NO_AMOUNT}


def _shown_option(main: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    return {**main, "custom_unit_amount": None, "tax_behavior": params.get("tax_behavior", "unspecified")}


def _check_scheme(params: dict[str, Any], *, tiered: bool, recurs: bool) -> None:
    if not tiered:
        for name in ("tiers", "tiers_mode"):
            if name in params:
                raise invalid(f"`{name}` goes with `billing_scheme=tiered`, and only with it.", name)
        return
    for name in ("unit_amount", "unit_amount_decimal", "transform_quantity"):
        if name in params:
            raise invalid(f"You cannot combine `{name}` with `billing_scheme=tiered`.", name)
    for name in ("tiers", "tiers_mode"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if not recurs:
        raise invalid("`billing_scheme=tiered` is for recurring prices.", "billing_scheme")


def _recurring(box: Sandbox, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    meter, usage = given.get("meter"), given.get("usage_type", "licensed")
    if meter:
        box.store.need("billing.meter", meter, "recurring[meter]")
        if usage != "metered":
            raise invalid("A meter goes with `usage_type=metered`, and only with it.", "recurring[meter]")
    elif usage == "metered":
        raise invalid("You must specify a meter for a metered price.", "recurring[meter]", "parameter_missing")
    count = given.get("interval_count", 1)
    if not 1 <= count <= LONGEST[given["interval"]]:
        message = "Invalid interval_count: a billing period is at least one interval and at most three years."
        raise invalid(message, "recurring[interval_count]")
    return {
        "interval": given["interval"],
        "interval_count": count,
        "meter": meter,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": usage,
    }


def _transform(given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given and Decimal(given["divide_by"]) < 1:
        raise invalid("Invalid divide_by: it must be at least 1.", "transform_quantity[divide_by]")
    return given
