"""Starting a subscription.

Assumptions: a pending setup intent is made when nothing is due and no card could be used later; the first invoice is
finalized at once; ``error_if_incomplete`` leaves nothing behind, no events either; with ``proration_behavior`` none the time
until the anchor is free.
Simplification: billing mode is always ``flexible``; backdating, thresholds, transfers and prebilling are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import added_items, discounts, invoices, lines, pending, proration_lines
from sandbox.billing.payments import collection, intents, methods
from sandbox.billing.subscriptions import anchors, endings, items, subscription_checks, subscription_record, trials
from sandbox.billing.subscriptions.items import Planned
from sandbox.billing.taxes import tax_wishes
from sandbox.crud import new_metadata
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def create(box: Sandbox, params: dict[str, Any]) -> Record:
    """Start a subscription as ``POST /v1/subscriptions`` asks, first invoice and first payment included."""
    subscription = prepare(box, params)
    tax_wishes.check(box, params, box.store.need("customer", subscription["customer"]))
    invoice = first_invoice(box, subscription)
    _set_first_status(box, subscription, invoice)
    box.events.record("customer.subscription.created", subscription)
    if invoice:
        invoices.announce(box, invoice)
        if invoice["collection_method"] == "send_invoice":
            box.store.update(invoice, automatically_finalizes_at=box.clock.now() + invoices.DRAFT_FOR)
        else:
            _collect_first(box, subscription, invoice, params.get("payment_behavior", "allow_incomplete"), params)
    _ask_for_card(box, subscription)
    return subscription


def prepare(box: Sandbox, params: dict[str, Any]) -> Record:
    """Check the parameters and store the subscription with its items and discounts; no invoice, no event."""
    subscription_checks.check(params)
    customer = box.store.need("customer", params["customer"], "customer")
    if params.get("default_payment_method"):
        subscription_checks.check_method(box, params["default_payment_method"], customer)
    currency = params.get("currency") or items.currency_for(box, params["items"], customer)
    prices = subscription_checks.prices(box, params, currency)
    subscription_checks.check_customer(box, customer, prices[0]["currency"])
    trial_end = trials.wished_end(box, params, (price["id"] for price in prices)) or None
    anchor = anchors.choose(box, params, prices, trial_end)
    subscription = box.store.add(subscription_record.build(box, params, customer, prices[0], anchor, trial_end))
    planned = [
        _plan(params["items"][index], f"items[{index}]", price, anchor, box.clock.now(), trial_end)
        for index, price in enumerate(prices)
    ]
    placed = items.put(box, subscription, planned)
    for index, (item, given) in enumerate(zip(placed, params["items"], strict=True)):
        discounts.replace(box, item, given.get("discounts") or [], f"items[{index}][discounts]")
    used = discounts.redeem(box, params.get("discounts") or [], subscription)
    box.store.update(subscription, discounts=used)
    if params.get("cancel_at_period_end") or params.get("cancel_at") is not None:
        endings.schedule(box, subscription, params)
    if customer["currency"] is None:
        box.store.update(customer, currency=subscription["currency"])
    added_items.add(box, subscription, params.get("add_invoice_items"))
    return subscription


def first_invoice(box: Sandbox, subscription: Record) -> Record | None:
    """The draft of the first invoice; None when there are only metered items, which bill afterwards."""
    added = pending.drawn(box, subscription)
    drawn = []
    for item in items.of(box, subscription):
        price, _ = lines.priced(box, item)
        if not items.is_metered(price):
            drawn.append(_first_line(box, subscription, item))
    if not drawn and not any(line["subscription"] == subscription["id"] for line in added):
        return None
    drawn = [*added, *drawn]
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, billing_reason="subscription_create")
    for id, debits in items.debits_of(drawn).items():
        box.store.update(box.store.need("subscription_item", id), _debits=debits)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice


def _plan(given: dict[str, Any], param: str, price: Record, anchor: int, now: int, trial_end: int | None) -> Planned:
    return {
        "id": new_id("si", 14),
        "price": price["id"],
        "quantity": items.quantity_of(price, given, param),
        "metadata": new_metadata(given),
        "tax_rates": given.get("tax_rates") or [],
        "discounts": [],
        "current_period_start": now,
        "current_period_end": trial_end or items.period(price, anchor, now)[1],
        "debits": [],
    }


def _first_line(box: Sandbox, subscription: Record, item: Record) -> Record:
    start, end = item["current_period_start"], item["current_period_end"]
    if subscription["trial_end"]:
        return lines.for_trial(box, item, start, end)
    anchor, limit = subscription["billing_cycle_anchor"], subscription["cancel_at"]
    free = subscription["_first_period"] == "none"
    return proration_lines.for_stretch(box, item, anchor, start, limit, free=free)


def _set_first_status(box: Sandbox, subscription: Record, invoice: Record | None) -> None:
    if subscription["trial_end"]:
        status = "trialing"
    elif invoice is None or invoice["amount_due"] < invoices.SMALLEST_CHARGE:
        status = "active"
    else:
        status = "incomplete" if invoice["collection_method"] == "charge_automatically" else "active"
    box.store.update(subscription, status=status)


def _collect_first(box: Sandbox, subscription: Record, invoice: Record, behavior: str, params: dict[str, Any]) -> None:
    invoices.finalize(box, invoice)
    discounts.use_up(box, subscription, invoice)
    if invoice["status"] == "paid" or behavior == "default_incomplete":
        return
    problem = collection.pay(box, invoice, None, off_session=bool(params.get("off_session")))
    if problem and (behavior == "error_if_incomplete" or problem.status != 402):
        problem.keep = False
        raise problem


def _ask_for_card(box: Sandbox, subscription: Record) -> None:
    """Nothing is due, and later there would be nothing to charge: offer a setup intent."""
    if subscription["status"] == "incomplete" or subscription["collection_method"] != "charge_automatically":
        return
    customer = box.store.need("customer", subscription["customer"])
    if methods.find_default(box, subscription["default_payment_method"], customer):
        return
    intent = intents.new_setup(box, customer["id"])
    box.store.update(subscription, pending_setup_intent=intent["id"])
