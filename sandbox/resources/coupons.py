"""Coupons.

Assumptions: amounts in other currencies can be added and replaced later. Simplification: the id of a deleted coupon is not
free again.
"""

from typing import Any

from sandbox.crud import changed_fields, deleted, new_metadata
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record, new_id


@operation("POST /v1/coupons")
def create(call: Call) -> Record:
    _check(call)
    percent = call.get("percent_off")
    coupon = {
        **call.box.contract.blank("coupon"),
        "id": call.get("id") or new_id("", 8)[1:],
        "amount_off": call.get("amount_off"),
        "applies_to": _applies_to(call),
        "created": call.box.clock.now(),
        "currency": call.params["currency"].lower() if call.get("currency") else None,
        "currency_options": call.get("currency_options"),
        "duration": call.get("duration", "once"),
        "duration_in_months": call.get("duration_in_months"),
        "max_redemptions": call.get("max_redemptions"),
        "metadata": new_metadata(call.params),
        "name": call.get("name"),
        "percent_off": percent,
        "redeem_by": call.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
        "_deleted": False,
    }
    call.store.add(coupon)
    call.box.events.record("coupon.created", coupon)
    return coupon


@operation("DELETE /v1/coupons/{coupon}")
def delete(call: Call) -> Plain:
    """A deleted coupon can no longer be redeemed; discounts made of it go on."""
    coupon = _existing(call)
    call.store.update(coupon, valid=False, _deleted=True)
    call.box.events.record("coupon.deleted", coupon)
    return Plain(deleted(coupon))


@operation("GET /v1/coupons/{coupon}")
def retrieve(call: Call) -> Record:
    return _existing(call)


@operation("POST /v1/coupons/{coupon}")
def update(call: Call) -> Record:
    coupon = _existing(call)
    with call.box.events.updating(coupon):
        changes = changed_fields(call.params, coupon, ("name",))
        if "currency_options" in call.params:
            _check_options(coupon["percent_off"], call.params["currency_options"])
            changes["currency_options"] = {**(coupon["currency_options"] or {}), **call.params["currency_options"]}
        call.store.update(coupon, **changes)
    return coupon


@operation("GET /v1/coupons")
def list_coupons(call: Call) -> Page:
    return page(call, [one for one in call.store.list("coupon") if not one["_deleted"]])


def _existing(call: Call) -> Record:
    coupon = call.store.need("coupon", call.id)
    if coupon["_deleted"]:
        raise missing_resource("coupon", coupon["id"])
    return coupon


def _applies_to(call: Call) -> dict[str, Any] | None:
    given: dict[str, Any] | None = call.get("applies_to")
    for id in (given or {}).get("products", []):
        call.store.need("product", id, "applies_to[products]")
    return given


def _check_options(percent: float | None, options: dict[str, Any] | None) -> None:
    if options and percent is not None:
        raise invalid("currency_options goes with amount_off, and only with it.", "currency_options")


def _check(call: Call) -> None:
    percent, amount = call.get("percent_off"), call.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either percent_off or amount_off.", "percent_off", "parameter_missing")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100", "percent_off")
    if amount is not None and amount <= 0:
        raise invalid("Invalid positive integer", "amount_off", "parameter_invalid_integer")
    if amount is not None and not call.get("currency"):
        raise invalid("You must pass currency when passing amount_off.", "currency", "parameter_missing")
    repeating = call.get("duration", "once") == "repeating"
    if repeating != ("duration_in_months" in call.params):
        raise invalid("duration_in_months goes with duration=repeating, and only with it.", "duration_in_months")
    _check_options(percent, call.get("currency_options"))
    _check_redemptions(call)
    if call.get("id") and call.store.get("coupon", call.params["id"]):
        raise invalid("Coupon already exists.", "id", "resource_already_exists")


def _check_redemptions(call: Call) -> None:
    if call.get("redeem_by") is not None and call.params["redeem_by"] <= call.box.clock.now():
        raise invalid("redeem_by must be a timestamp in the future.", "redeem_by")
    for name in ("max_redemptions", "duration_in_months"):
        if call.get(name) is not None and call.params[name] < 1:
            raise invalid("Invalid positive integer", name, "parameter_invalid_integer")
