"""Coupons."""

from sandbox.crud import deleted, new_metadata, serve_retrieve, serve_update
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record, new_id


@operation("POST /v1/coupons")
def create(call: Call) -> Record:
    _check(call)
    percent = call.get("percent_off")
    coupon = {
        **call.box.contract.blank("coupon"),
        "id": call.get("id") or new_id("", 8)[1:],
        "amount_off": call.get("amount_off"),
        "applies_to": call.get("applies_to"),
        "created": call.box.clock.now(),
        "currency": call.get("currency"),
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
    }
    call.store.add(coupon)
    call.box.events.record("coupon.created", coupon)
    return coupon


@operation("DELETE /v1/coupons/{coupon}")
def delete(call: Call) -> Plain:
    """A deleted coupon can no longer be redeemed; discounts made of it go on."""
    coupon = call.store.need("coupon", call.id)
    call.store.update(coupon, valid=False, max_redemptions=0, _deleted=True)
    call.box.events.record("coupon.deleted", coupon)
    return Plain(deleted(coupon))


def _check(call: Call) -> None:
    percent, amount = call.get("percent_off"), call.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must pass either percent_off or amount_off.", "percent_off", "parameter_missing")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100", "percent_off")
    if amount is not None and not call.get("currency"):
        raise invalid("You must pass currency when passing amount_off.", "currency", "parameter_missing")
    repeating = call.get("duration", "once") == "repeating"
    if repeating != ("duration_in_months" in call.params):
        raise invalid("duration_in_months goes with duration=repeating, and only with it.", "duration_in_months")
    if call.get("id") and call.store.get("coupon", call.params["id"]):
        raise invalid("Coupon already exists.", "id", "resource_already_exists")


serve_retrieve("GET /v1/coupons/{coupon}", "coupon")
serve_update("POST /v1/coupons/{coupon}", "coupon", ("name",))
serve_list("GET /v1/coupons", "coupon")
