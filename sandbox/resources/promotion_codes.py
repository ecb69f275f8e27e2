"""Promotion codes: the words customers type, each standing for a coupon.

A code is shown as inactive once it is expired or used up, or its coupon is. Assumption: it stays taken all the same, until
somebody deactivates it.
"""

import re
from typing import Any

from sandbox.billing.catalog.redemption import is_active, is_valid
from sandbox.crud import changed_fields, living_customer, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record, new_id

LETTERS = re.compile(r"[A-Za-z0-9-]{1,500}")


@operation("POST /v1/promotion_codes")
def create(call: Call) -> Record:
    refuse(call.params, ("customer_account",))
    coupon = _coupon(call)
    code = call.get("code") or new_id("", 8)[1:].upper()
    if not LETTERS.fullmatch(code):
        raise invalid("A promotion code has only letters, digits and hyphens.", "code")
    if call.get("active", True):
        _refuse_duplicate(call, code, call.get("customer"))
    _check(call, coupon)
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
        "restrictions": _restrictions(call.get("restrictions") or {}),
        "times_redeemed": 0,
    }
    call.store.add(record)
    call.box.events.record("promotion_code.created", record)
    return record


@operation("POST /v1/promotion_codes/{promotion_code}")
def update(call: Call) -> Record:
    promotion = call.store.need("promotion_code", call.id)
    with call.box.events.updating(promotion):
        changes = changed_fields(call.params, promotion, ("active",))
        if "restrictions" in call.params:
            given = call.params["restrictions"].get("currency_options") or {}
            options = {**promotion["restrictions"].get("currency_options", {}), **given}
            changes["restrictions"] = {**promotion["restrictions"], "currency_options": options}
        if changes.get("active") and not promotion["active"]:
            _check_reactivation(call, promotion)
        call.store.update(promotion, **changes)
    return promotion


@operation("GET /v1/promotion_codes")
def list_promotion_codes(call: Call) -> Page:
    refuse(call.params, ("customer_account",))
    special = {"code": _reads, "coupon": _is_of, "active": lambda one, wanted: is_active(call.box, one) == wanted}
    return page(call, call.store.list("promotion_code"), special)


def _coupon(call: Call) -> Record:
    id = call.params["promotion"].get("coupon", "")
    coupon = call.store.need("coupon", id, "promotion[coupon]")
    if coupon["_deleted"]:
        raise missing_resource("coupon", id, "promotion[coupon]")
    if not is_valid(call.box, coupon):
        raise invalid(f"Coupon {id} is used up or expired.", "promotion[coupon]", "coupon_expired")
    return coupon


def _check(call: Call, coupon: Record) -> None:
    if call.get("customer"):
        living_customer(call.box, call.params["customer"])
    expires, most = call.get("expires_at"), call.get("max_redemptions")
    if expires is not None and expires <= call.box.clock.now():
        raise invalid("expires_at must be a timestamp in the future.", "expires_at")
    if expires and coupon["redeem_by"] and expires > coupon["redeem_by"]:
        raise invalid("A promotion code cannot expire after its coupon.", "expires_at")
    if most is not None and most < 1:
        raise invalid("Invalid positive integer", "max_redemptions", "parameter_invalid_integer")
    if most and coupon["max_redemptions"] and most > coupon["max_redemptions"]:
        raise invalid("A promotion code cannot be redeemed more often than its coupon.", "max_redemptions")


def _restrictions(given: dict[str, Any]) -> dict[str, Any]:
    amount, currency = given.get("minimum_amount"), given.get("minimum_amount_currency")
    if (amount is None) != (currency is None):
        message = "minimum_amount and minimum_amount_currency go together."
        raise invalid(message, "restrictions[minimum_amount]")
    options = given.get("currency_options")
    return {
        **({"currency_options": options} if options else {}),
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": amount,
        "minimum_amount_currency": currency.lower() if currency else None,
    }


def _check_reactivation(call: Call, promotion: Record) -> None:
    if not is_active(call.box, {**promotion, "active": True}):
        raise invalid("This promotion code is expired or used up and cannot be active again.", "active")
    _refuse_duplicate(call, promotion["code"], promotion["customer"])


def _refuse_duplicate(call: Call, code: str, customer: str | None) -> None:
    """Active codes are unique whatever the case of their letters, per customer they are meant for."""
    for other in call.store.list("promotion_code"):
        same_scope = None in (customer, other["customer"]) or other["customer"] == customer
        if other["active"] and same_scope and _reads(other, code):
            message = f"An active promotion code with `code: {code}` already exists."
            raise invalid(message, "code", "resource_already_exists")


def _reads(promotion: Record, code: str) -> bool:
    return bool(promotion["code"].casefold() == code.casefold())


def _is_of(promotion: Record, coupon: str) -> bool:
    return bool(promotion["promotion"]["coupon"] == coupon)


serve_retrieve("GET /v1/promotion_codes/{promotion_code}", "promotion_code")
