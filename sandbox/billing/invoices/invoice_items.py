"""Invoice items made by hand: what they cost, whom they wait for, and the draft that shows them.

An item without an invoice is pending. One of a subscription waits for that subscription's next invoice, any other for the
next invoice of whichever subscription of the customer, or for one made by hand that includes what is pending.
Assumption: everything a customer is billed for is in one currency. Simplification: an invoice may have any number of items.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import discounts, drafts, invoice_outcomes, item_amounts
from sandbox.billing.subscriptions import endings
from sandbox.crud import changed_fields, new_metadata, refuse
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = ("customer_account", "invoicing_rules", "tax_behavior", "tax_code")
PLAIN = ("description", "discountable", "period")


def create(box: Sandbox, params: dict[str, Any]) -> Record:
    """Store the item that ``POST /v1/invoiceitems`` asks for; with ``invoice`` it is on that draft at once."""
    invoice, subscription, customer = _owners(box, params)
    if invoice is None:
        return add(box, params, customer, subscription)
    with drafts.editing(box, invoice):
        item = add(box, params, customer, subscription, invoice)
        drafts.show(box, invoice, [item])
    return item


def add(
    box: Sandbox,
    params: dict[str, Any],
    customer: Record,
    subscription: Record | None = None,
    invoice: Record | None = None,
) -> Record:
    """Store an item of these owners and tell of it; the invoice does not show it yet."""
    refuse(params, UNSUPPORTED)
    currency = _currency(box, params, customer, subscription or invoice)
    money = item_amounts.of(box, params, currency)
    now = box.clock.now()
    owner = subscription["id"] if subscription else None
    item = {
        **box.contract.blank("invoiceitem"),
        **money,
        "id": new_id("ii"),
        "currency": currency,
        "customer": customer["id"],
        "date": now,
        "description": params.get("description") or item_amounts.description(box, money),
        "discountable": params.get("discountable", money["amount"] >= 0),
        "discounts": [],
        "invoice": invoice["id"] if invoice else None,
        "metadata": new_metadata(params),
        "parent": _parent(owner),
        "period": _period(params, {"start": now, "end": now}),
        "proration": False,
        "tax_rates": tax_rates(box, params.get("tax_rates")),
        "_made_for": invoice["id"] if invoice else None,
        "_subscription": owner,
    }
    item["net_amount"] = None if item["discountable"] else item["amount"]
    box.store.add(item)
    box.store.update(item, discounts=discounts.redeem(box, params.get("discounts") or [], item))
    if customer["currency"] is None:
        box.store.update(customer, currency=currency)
    box.events.record("invoiceitem.created", item)
    return item


def change(box: Sandbox, item: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/invoiceitems/…``, and let the draft that shows the item follow."""
    invoice = _draft_of(box, item)
    if invoice is None:
        alter(box, item, params)
        return
    with drafts.editing(box, invoice):
        alter(box, item, params)
        drafts.show_again(box, item)


def alter(box: Sandbox, item: Record, params: dict[str, Any]) -> None:
    """Change an item itself."""
    refuse(params, UNSUPPORTED)
    if item["proration"] and params.get("discountable"):
        raise invalid("Prorations cannot be discountable.", "discountable")
    changes = {**changed_fields(params, item, PLAIN), **item_amounts.changed(box, params, item)}
    changes["period"] = _period(params, item["period"])
    if "tax_rates" in params:
        changes["tax_rates"] = tax_rates(box, params["tax_rates"])
    if "discounts" in params:
        changes["discounts"] = discounts.redeem(box, params["discounts"] or [], item)
    after = {**item, **changes}
    box.store.update(item, **changes, net_amount=None if after["discountable"] else after["amount"])


def delete(box: Sandbox, item: Record) -> None:
    """Remove an item, from its draft too."""
    invoice = _draft_of(box, item)
    if invoice:
        with drafts.editing(box, invoice):
            drafts.drop(box, invoice, [drafts.line_of(box, item)])
            discard(box, item)
    else:
        discard(box, item)


def discard(box: Sandbox, item: Record) -> None:
    """Remove an item that no invoice shows any more."""
    box.store.remove(item)
    box.events.record("invoiceitem.deleted", item)


def waiting(box: Sandbox, customer: str, currency: str) -> list[Record]:
    """All pending items of a customer in a currency, oldest first."""
    found = box.store.of("invoiceitem", "customer", customer)
    return [one for one in found if one["invoice"] is None and one["currency"] == currency]


def tax_rates(box: Sandbox, ids: Iterable[str] | None) -> list[str]:
    """The tax rates that a parameter names."""
    return [box.store.need("tax_rate", id, f"tax_rates[{index}]")["id"] for index, id in enumerate(ids or [])]


def _owners(box: Sandbox, params: dict[str, Any]) -> tuple[Record | None, Record | None, Record]:
    """Invoice, subscription and customer that the parameters name, which must belong together."""
    invoice = box.store.need("invoice", params["invoice"], "invoice") if params.get("invoice") else None
    subscription = None
    if params.get("subscription"):
        subscription = box.store.need("subscription", params["subscription"], "subscription")
        if subscription["status"] in endings.OVER:
            raise invalid("You cannot add an invoice item to a subscription that is canceled.", "subscription")
    id = params.get("customer") or (invoice or {}).get("customer")
    if not id:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = box.store.need("customer", id, "customer")
    if customer["_deleted"]:
        raise missing_resource("customer", id, "customer")
    for owner in filter(None, (invoice, subscription)):
        if owner["customer"] != customer["id"]:
            raise invalid(f"The {owner['object']} belongs to another customer.", owner["object"])
    return invoice, subscription, customer


def _currency(box: Sandbox, params: dict[str, Any], customer: Record, owner: Record | None) -> str:
    billed = owner["currency"] if owner else customer["currency"]
    named = params.get("currency") or (params.get("price_data") or {}).get("currency")
    price = box.store.get("price", (params.get("pricing") or {}).get("price", ""))
    currency = str(named or billed or (price or {}).get("currency") or "").lower()
    if not currency:
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    if billed and currency != billed:
        where = f"This {owner['object']} is" if owner else "This customer is billed"
        raise invalid(f"You cannot combine currencies on a single customer. {where} in {billed}.", "currency")
    return currency


def _draft_of(box: Sandbox, item: Record) -> Record | None:
    """The draft that shows an item; None while it is pending, and a 400 when its invoice is final."""
    if item["invoice"] is None:
        return None
    invoice = box.store.need("invoice", item["invoice"])
    invoice_outcomes.need_draft(invoice)
    return invoice


def _period(params: dict[str, Any], default: dict[str, int]) -> dict[str, int]:
    period: dict[str, int] = params.get("period") or default
    if period["end"] < period["start"]:
        raise invalid("The end of a period must not be before its start.", "period[end]")
    return period


def _parent(subscription: str | None) -> dict[str, Any] | None:
    if subscription is None:
        return None
    details = {"subscription": subscription, "subscription_item": None}
    return {"type": "subscription_details", "subscription_details": details}
