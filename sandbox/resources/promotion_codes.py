"""Promotion codes: the words customers type, each standing for a coupon."""

from sandbox.crud import new_metadata, serve_retrieve, serve_update
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record, new_id


@operation("POST /v1/promotion_codes")
def create(call: Call) -> Record:
    promotion = call.params["promotion"]
    coupon = call.store.need("coupon", promotion.get("coupon", ""), "promotion[coupon]")
    code = call.get("code") or new_id("", 8)[1:].upper()
    _refuse_duplicate(call, code)
    restrictions = call.get("restrictions") or {}
    record = {
        **call.box.contract.blank("promotion_code"),
        "id": new_id("promo"),
        "active": call.get("active", True),
        "code": code,
        "created": call.box.clock.now(),
        "customer": call.get("customer"),
        "expires_at": call.get("expires_at"),
        "max_redemptions": call.get("max_redemptions"),
        "metadata": new_metadata(call.params),
        "promotion": {"type": "coupon", "coupon": coupon["id"]},
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    call.store.add(record)
    call.box.events.record("promotion_code.created", record)
    return record


def _refuse_duplicate(call: Call, code: str) -> None:
    """Active codes are unique whatever the case of their letters, per customer they are meant for."""
    for other in call.store.list("promotion_code"):
        same_scope = other["customer"] in (None, call.get("customer")) or call.get("customer") is None
        if other["active"] and same_scope and _reads(other, code):
            message = f"An active promotion code with `code: {code}` already exists."
            raise invalid(message, "code", "resource_already_exists")


def _reads(promotion: Record, code: str) -> bool:
    return bool(promotion["code"].casefold() == code.casefold())


def _is_of(promotion: Record, coupon: str) -> bool:
    return bool(promotion["promotion"]["coupon"] == coupon)


serve_retrieve("GET /v1/promotion_codes/{promotion_code}", "promotion_code")
serve_update("POST /v1/promotion_codes/{promotion_code}", "promotion_code", ("active",))
serve_list("GET /v1/promotion_codes", "promotion_code", code=_reads, coupon=_is_of)
