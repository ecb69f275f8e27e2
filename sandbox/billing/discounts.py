"""Coupons at work: which may be used, what they take off each line, when they are used up.

A discount spreads over the lines it applies to in proportion to their amounts, so each line knows its net price.
Assumptions: several discounts apply one after the other, in the given order; a ``once`` discount is used up by the first
invoice it takes something off; ``repeating`` counts calendar months from the discount's start.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing import items, periods
from sandbox.billing.pricing import rounded
from sandbox.billing.shares import allocate
from sandbox.errors import invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


OWNERS = {"subscription": "subscription", "invoice": "invoice", "invoiceitem": "invoice_item"}
"""The types that have discounts, and the field of a discount that names its owner."""


def redeem(box: Sandbox, wishes: list[dict[str, Any]], owner: Record) -> list[str]:
    """Turn ``discounts`` parameters into discounts of their owner and answer their ids.

    ``owner`` is a subscription (which has its items), an invoice or an invoice item.

    Codes and coupons that cannot be used (expired, used up, for somebody else…) are refused with a 400.
    """
    made = []
    for index, wish in enumerate(wishes):
        if "discount" in wish:
            made.append(box.store.need("discount", wish["discount"], f"discounts[{index}][discount]")["id"])
            continue
        coupon, promotion = _choose(box, wish, owner, f"discounts[{index}]")
        made.append(_create(box, coupon, promotion, owner)["id"])
    return made


def of(box: Sandbox, ids: Iterable[str]) -> list[Record]:
    """The discounts of these ids that have not ended."""
    found = [box.store.get("discount", id) for id in ids]
    return [one for one in found if one and (one["end"] is None or one["end"] > box.clock.now())]


def coupon_of(box: Sandbox, discount: Record) -> Record:
    return box.store.need("coupon", discount["source"]["coupon"])


def spread(box: Sandbox, discount: Record, lines: list[Record]) -> dict[str, int]:
    """What a discount takes off each of these lines, by line id, in minor units."""
    coupon = coupon_of(box, discount)
    products = (coupon["applies_to"] or {}).get("products")
    left = {line["id"]: remaining(line) for line in lines if _applies(line, products)}
    if coupon["percent_off"] is not None:
        share = Decimal(str(coupon["percent_off"])) / 100
        return {id: rounded(amount * share) for id, amount in left.items()}
    return allocate(_amount_off(coupon, lines), left)


def remaining(line: Record) -> int:
    """A line's amount after the discounts it has so far."""
    taken = sum(int(one["amount"]) for one in line["discount_amounts"])
    return int(line["amount"]) - taken


def use_up(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """After an invoice: drop ``once`` discounts that took something off it, and those whose months are over."""
    taken = [one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]]
    spent = {id for id in taken if coupon_of(box, box.store.need("discount", id))["duration"] == "once"}
    kept = [one["id"] for one in of(box, subscription["discounts"]) if one["id"] not in spent]
    if kept != subscription["discounts"]:
        box.store.update(subscription, discounts=kept)


def _choose(box: Sandbox, wish: dict[str, Any], owner: Record, param: str) -> tuple[Record, Record | None]:
    promotion = None
    if "promotion_code" in wish:
        param = f"{param}[promotion_code]"
        promotion = box.store.need("promotion_code", wish["promotion_code"], param)
        _check_promotion(box, promotion, owner, param)
        coupon = box.store.need("coupon", promotion["promotion"]["coupon"], param)
    else:
        param = f"{param}[coupon]"
        coupon = box.store.need("coupon", wish.get("coupon", ""), param)
    if not is_valid(box, coupon):
        raise invalid(f"Coupon {coupon['id']} is used up or expired, and cannot be applied.", param, "coupon_expired")
    return coupon, promotion


def is_valid(box: Sandbox, coupon: Record) -> bool:
    """Whether a coupon can still be redeemed."""
    in_time = coupon["redeem_by"] is None or coupon["redeem_by"] > box.clock.now()
    return in_time and (coupon["max_redemptions"] is None or coupon["times_redeemed"] < coupon["max_redemptions"])


def _check_promotion(box: Sandbox, promotion: Record, owner: Record, param: str) -> None:
    expires, most = promotion["expires_at"], promotion["max_redemptions"]
    if not promotion["active"] or (expires and expires <= box.clock.now()):
        raise invalid("This promotion code is expired or inactive.", param, "promotion_code_expired")
    if most is not None and promotion["times_redeemed"] >= most:
        raise invalid("This promotion code has been fully redeemed.", param)
    if promotion["customer"] not in (None, owner["customer"]):
        message = "This promotion code cannot be redeemed by this customer."
        raise invalid(message, param, "promotion_code_customer_mismatch")
    _check_restrictions(box, promotion["restrictions"], owner, param)


def _check_restrictions(box: Sandbox, restrictions: dict[str, Any], owner: Record, param: str) -> None:
    paid = (one for one in box.store.of("invoice", "customer", owner["customer"]) if one["amount_paid"] > 0)
    if restrictions["first_time_transaction"] and any(paid):
        raise invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param,
            "customer_has_prior_transactions",
        )
    least = restrictions["minimum_amount"]
    if least is not None and _worth(box, owner) < least:
        raise invalid(
            "This promotion code cannot be redeemed: the purchase does not reach the code's minimum amount.",
            param,
            "promotion_code_minimum_amount_not_met",
        )


def _worth(box: Sandbox, owner: Record) -> int:
    if owner["object"] == "subscription":
        return items.worth(box, owner)
    return int(owner["amount"] if owner["object"] == "invoiceitem" else owner["subtotal"])


def _create(box: Sandbox, coupon: Record, promotion: Record | None, owner: Record) -> Record:
    now = box.clock.now()
    months = coupon["duration_in_months"] if coupon["duration"] == "repeating" else None
    for counted in filter(None, (coupon, promotion)):
        box.store.update(counted, times_redeemed=counted["times_redeemed"] + 1)
    box.store.update(coupon, valid=is_valid(box, coupon))
    discount = {
        **box.contract.blank("discount"),
        "id": new_id("di"),
        "customer": owner["customer"],
        "end": periods.add(now, "month", months) if months else None,
        "promotion_code": promotion["id"] if promotion else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        OWNERS[owner["object"]]: owner["id"],
    }
    box.store.add(discount)
    box.events.record("customer.discount.created", discount)
    return discount


def _applies(line: Record, products: list[str] | None) -> bool:
    if not line["discountable"] or line["amount"] <= 0:
        return False
    details = (line["pricing"] or {}).get("price_details") or {}
    return products is None or details.get("product") in products


def _amount_off(coupon: Record, lines: list[Record]) -> int:
    currency = lines[0]["currency"] if lines else coupon["currency"]
    if currency == coupon["currency"]:
        return int(coupon["amount_off"])
    other = (coupon["currency_options"] or {}).get(currency)
    if other is None:
        raise invalid(f"Coupon {coupon['id']} has no amount in {currency}.", "discounts", "coupon_currency_mismatch")
    return int(other["amount_off"])
