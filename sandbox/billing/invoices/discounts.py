"""Discounts at work: given and taken away, what they take off each line, when they are used up.

A discount spreads over the lines it applies to in proportion to their amounts, so each line knows its net price; a line
that takes a debit on the same invoice back is charged what the discount takes off that.
Assumptions: several discounts apply one after the other, in the given order; a ``once`` discount is used up by the first
invoice it takes something off; ``repeating`` counts calendar months from the discount's start; a discount that is over,
used up or replaced is told of as ``customer.discount.deleted``; a coupon without an amount in an invoice's currency takes
nothing off.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import rounded
from sandbox.billing.catalog.redemption import amount_off, choose, customer_of, is_valid, look_up
from sandbox.billing.catalog.shares import allocate
from sandbox.billing.subscriptions import periods
from sandbox.errors import ApiError, missing_resource
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


OWNERS = {
    "customer": "customer",
    "invoice": "invoice",
    "invoiceitem": "invoice_item",
    "subscription": "subscription",
    "subscription_item": "subscription_item",
}
"""The types that have discounts, and the field of a discount that names its owner."""


def redeem(box: Sandbox, wishes: list[dict[str, Any]], owner: Record, param: str = "discounts") -> list[str]:
    """Turn ``discounts`` parameters into discounts of their owner and answer their ids.

    ``owner`` is a subscription (which has its items) or one of them, a customer, an invoice or an invoice item.

    Codes and coupons that cannot be used (expired, used up, for somebody else…) are refused with a 400.
    """
    made = []
    for index, wish in enumerate(wishes):
        place = f"{param}[{index}]"
        if "discount" in wish:
            look_up(box, wish, place)
            made.append(_own(box, wish["discount"], owner, f"{place}[discount]"))
            continue
        coupon, promotion = choose(box, wish, owner, place)
        made.append(_create(box, coupon, promotion, owner)["id"])
    return made


def can_have(box: Sandbox, wish: dict[str, Any], owner: Record) -> bool:
    """Whether an owner could have that discount now."""
    try:
        if "discount" in wish:
            _own(box, wish["discount"], owner, "discount")
            return bool(of(box, [wish["discount"]]))
        choose(box, wish, owner, "discount")
    except ApiError:
        return False
    return True


def replace(box: Sandbox, owner: Record, wishes: list[dict[str, Any]], param: str = "discounts") -> None:
    """Let a subscription, or one of its items, have these discounts and no others."""
    before = list(owner["discounts"])
    after = redeem(box, wishes, owner, param)
    box.store.update(owner, discounts=after)
    for id in before:
        if id not in after:
            _end(box, box.store.need("discount", id))


def give(box: Sandbox, customer: Record, wish: dict[str, Any]) -> Record:
    """Let a customer have one discount for all subscriptions that have none of their own."""
    coupon, promotion = choose(box, wish, customer, "discount")
    before = customer["discount"]
    with box.events.updating(customer):
        discount = _create(box, coupon, promotion, customer, told=before is None)
        if before:
            box.store.update(box.store.need("discount", before), _over=True)
            box.events.record("customer.discount.updated", discount)
        box.store.update(customer, discount=discount["id"])
    return discount


def drop(box: Sandbox, discount: Record) -> None:
    """Take a discount from whoever has it, and tell of that."""
    owner = owner_of(box, discount)
    if owner is None:
        _end(box, discount)
        return
    with box.events.updating(_told_of(box, owner)):
        _take(box, discount, owner)


def owner_of(box: Sandbox, discount: Record) -> Record | None:
    """Who was given a discount; None when that is gone."""
    kinds = ((kind, field) for kind, field in OWNERS.items() if kind != "customer")
    kind, field = next(((kind, field) for kind, field in kinds if discount[field]), ("customer", "customer"))
    return box.store.get(kind, discount[field])


def inherited(box: Sandbox, customer: Record, own: Iterable[str]) -> list[str]:
    """The discounts of an invoice: its subscription's own or, when there are none, its customer's."""
    return list(own) or [one["id"] for one in of(box, filter(None, [customer["discount"]]))]


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
    return allocate(amount_off(coupon, lines[0]["currency"]) or 0, left) if sum(left.values()) > 0 else {}


def remaining(line: Record) -> int:
    """A line's amount after the discounts it has so far."""
    taken = sum(int(one["amount"]) for one in line["discount_amounts"])
    return int(line["amount"]) - taken


def use_up(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """After an invoice: drop ``once`` discounts that took something off it, and those whose months are over."""
    taken = {one["discount"] for one in invoice["total_discount_amounts"] if one["amount"]}
    customer = box.store.need("customer", subscription["customer"])
    for owner in (subscription, *(box.store.need("subscription_item", id) for id in subscription["items"])):
        for discount in _spent(box, owner["discounts"], taken):
            _take(box, discount, owner)
    for discount in _spent(box, filter(None, [customer["discount"]]), taken):
        drop(box, discount)


def _spent(box: Sandbox, ids: Iterable[str], taken: set[str]) -> list[Record]:
    """Those of the discounts that an invoice used up, or that are over anyway."""
    found = [box.store.need("discount", id) for id in ids]
    running = [one["id"] for one in of(box, (one["id"] for one in found))]
    once = [one["id"] for one in found if one["id"] in taken and coupon_of(box, one)["duration"] == "once"]
    return [one for one in found if one["id"] in once or one["id"] not in running]


def _take(box: Sandbox, discount: Record, owner: Record) -> None:
    if owner["object"] == "customer":
        left = None if owner["discount"] == discount["id"] else owner["discount"]
        box.store.update(owner, discount=left)
    else:
        box.store.update(owner, discounts=[id for id in owner["discounts"] if id != discount["id"]])
    _end(box, discount)


def _create(box: Sandbox, coupon: Record, promotion: Record | None, owner: Record, *, told: bool = True) -> Record:
    now = box.clock.now()
    months = coupon["duration_in_months"] if coupon["duration"] == "repeating" else None
    for counted in filter(None, (coupon, promotion)):
        box.store.update(counted, times_redeemed=counted["times_redeemed"] + 1)
    box.store.update(coupon, valid=is_valid(box, coupon))
    discount = {
        **box.contract.blank("discount"),
        "id": new_id("di"),
        "end": periods.add(now, "month", months) if months else None,
        "promotion_code": promotion["id"] if promotion else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": now,
        OWNERS[owner["object"]]: owner["id"],
        "customer": customer_of(box, owner),
        "_over": False,
    }
    box.store.add(discount)
    if told:
        box.events.record("customer.discount.created", discount)
    return discount


def _own(box: Sandbox, id: str, owner: Record, param: str) -> str:
    discount = box.store.need("discount", id, param)
    if discount["customer"] != customer_of(box, owner):
        raise missing_resource("discount", id, param)
    return id


def _end(box: Sandbox, discount: Record) -> None:
    if not discount["_over"]:
        box.store.update(discount, _over=True)
        box.events.record("customer.discount.deleted", discount)


def _told_of(box: Sandbox, owner: Record) -> Record:
    """The object whose update tells of a change of an owner's discounts."""
    return box.store.need("subscription", owner["subscription"]) if owner["object"] == "subscription_item" else owner


def _applies(line: Record, products: list[str] | None) -> bool:
    if not line["discountable"] or (line["amount"] <= 0 and not line["_reverses"]):
        return False
    details = (line["pricing"] or {}).get("price_details") or {}
    return products is None or details.get("product") in products
