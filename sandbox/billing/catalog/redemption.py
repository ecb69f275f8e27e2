"""Coupons and promotion codes when somebody wants to use one: found, and refused when they may not.

A used up or expired coupon has the code ``coupon_expired``, an unknown one ``resource_missing``. Assumptions: a deleted
coupon is unknown; what is wrong with a promotion code has no code of its own, its parameter and its sentence say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.subscriptions import items
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def look_up(box: Sandbox, wish: dict[str, Any], param: str) -> None:
    """Refuse a wish that names nothing which can be redeemed, whoever it is for."""
    _refuse_several(wish, param)
    if "discount" in wish:
        box.store.need("discount", wish["discount"], f"{param}[discount]")
    else:
        _find(box, wish, param)


def choose(box: Sandbox, wish: dict[str, Any], owner: Record, param: str) -> tuple[Record, Record | None]:
    """The coupon, and the promotion code if one was named, for an owner of discounts who may use them."""
    _refuse_several(wish, param)
    coupon, promotion = _find(box, wish, param)
    if promotion:
        _check_promotion(box, promotion, owner, f"{param}[promotion_code]")
    currency = owner.get("currency")
    if currency and coupon["amount_off"] is not None and amount_off(coupon, currency) is None:
        raise invalid(f"The coupon {coupon['id']} has no amount in {currency}.", param)
    return coupon, promotion


def amount_off(coupon: Record, currency: str) -> int | None:
    """What a coupon of an amount takes off in that currency, in minor units; None if it has none in it."""
    if currency == coupon["currency"]:
        return int(coupon["amount_off"])
    option = (coupon["currency_options"] or {}).get(currency)
    return int(option["amount_off"]) if option else None


def is_valid(box: Sandbox, coupon: Record) -> bool:
    """Whether a coupon can still be redeemed."""
    in_time = coupon["redeem_by"] is None or coupon["redeem_by"] > box.clock.now()
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return in_time and not used_up and not coupon["_deleted"]


def is_active(box: Sandbox, promotion: Record) -> bool:
    """Whether a promotion code can still be redeemed by somebody."""
    in_time = promotion["expires_at"] is None or promotion["expires_at"] > box.clock.now()
    coupon = box.store.need("coupon", promotion["promotion"]["coupon"])
    return bool(promotion["active"]) and in_time and not _is_used_up(promotion) and is_valid(box, coupon)


def _refuse_several(wish: dict[str, Any], param: str) -> None:
    if len(wish) != 1:
        raise invalid("You must pass exactly one of coupon, discount and promotion_code.", param)


def _find(box: Sandbox, wish: dict[str, Any], param: str) -> tuple[Record, Record | None]:
    promotion = None
    if "promotion_code" in wish:
        param = f"{param}[promotion_code]"
        promotion = box.store.need("promotion_code", wish["promotion_code"], param)
        coupon = box.store.need("coupon", promotion["promotion"]["coupon"], param)
    else:
        param = f"{param}[coupon]"
        coupon = box.store.need("coupon", wish["coupon"], param)
    if coupon["_deleted"]:
        raise missing_resource("coupon", coupon["id"], param)
    if promotion:
        _check_state(box, promotion, param)
    if not is_valid(box, coupon):
        raise invalid(f"Coupon {coupon['id']} is used up or expired, and cannot be applied.", param, "coupon_expired")
    return coupon, promotion


def _check_state(box: Sandbox, promotion: Record, param: str) -> None:
    expires = promotion["expires_at"]
    if not promotion["active"] or (expires and expires <= box.clock.now()):
        raise invalid("This promotion code is expired or inactive.", param)
    if _is_used_up(promotion):
        raise invalid("This promotion code has been fully redeemed.", param)


def _is_used_up(promotion: Record) -> bool:
    most = promotion["max_redemptions"]
    return most is not None and promotion["times_redeemed"] >= most


def _check_promotion(box: Sandbox, promotion: Record, owner: Record, param: str) -> None:
    if promotion["customer"] not in (None, customer_of(box, owner)):
        raise invalid("This promotion code cannot be redeemed by this customer.", param)
    restrictions = promotion["restrictions"]
    paid = (one for one in box.store.of("invoice", "customer", customer_of(box, owner)) if one["amount_paid"] > 0)
    if restrictions["first_time_transaction"] and any(paid):
        raise invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.", param
        )
    if restrictions["minimum_amount"] is not None:
        _check_minimum(box, restrictions, owner, param)


def _check_minimum(box: Sandbox, restrictions: dict[str, Any], owner: Record, param: str) -> None:
    cannot = "This promotion code cannot be redeemed"
    if owner["object"] == "customer":
        raise invalid(f"{cannot} on a customer because it uses the `minimum_amount` restriction.", param)
    currency = _currency_of(box, owner)
    least = restrictions["minimum_amount"]
    if currency != restrictions["minimum_amount_currency"]:
        option = restrictions.get("currency_options", {}).get(currency)
        if option is None:
            raise invalid(f"{cannot}: its minimum amount is not in {currency}.", param)
        least = option["minimum_amount"]
    if _worth(box, owner) < least:
        raise invalid(f"{cannot}: the purchase does not reach the code's minimum amount.", param)


def customer_of(box: Sandbox, owner: Record) -> str:
    """The customer of an owner of discounts."""
    if owner["object"] == "customer":
        return str(owner["id"])
    return str(_whole(box, owner)["customer"])


def _whole(box: Sandbox, owner: Record) -> Record:
    return box.store.need("subscription", owner["subscription"]) if owner["object"] == "subscription_item" else owner


def _currency_of(box: Sandbox, owner: Record) -> str:
    return str(_whole(box, owner)["currency"])


def _worth(box: Sandbox, owner: Record) -> int:
    if owner["object"] in ("subscription", "subscription_item"):
        return items.worth(box, _whole(box, owner))
    return int(owner["amount"] if owner["object"] == "invoiceitem" else owner["subtotal"])
