"""Starting a subscription.

Assumptions: a pending setup intent is made when nothing is due and no card could be used later; the first invoice is
finalized at once; ``error_if_incomplete`` leaves nothing behind, no events either.
Simplification: billing mode is always ``flexible``; thresholds, transfers, backdating and one-off items are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing import (
    collection,
    discounts,
    endings,
    intents,
    invoices,
    items,
    lines,
    methods,
    pending,
    proration_lines,
    subscription_record,
    tax_wishes,
)
from sandbox.billing.items import Planned
from sandbox.crud import refuse_others
from sandbox.errors import invalid, unsupported
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SUPPORTED = (
    *(
        "automatic_tax",
        "billing_cycle_anchor",
        "billing_mode",
        "cancel_at",
        "cancel_at_period_end",
        "collection_method",
    ),
    *("currency", "customer", "days_until_due", "default_payment_method", "default_tax_rates", "description"),
    *("discounts", "items", "metadata", "off_session", "payment_behavior", "payment_settings", "proration_behavior"),
    *("trial_end", "trial_from_plan", "trial_period_days", "trial_settings"),
)
DAY = 86400


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
    _check(params)
    customer = box.store.need("customer", params["customer"], "customer")
    if customer["_deleted"]:
        raise invalid(f"No such customer: '{customer['id']}'", "customer", "resource_missing")
    if params.get("default_payment_method"):
        _check_method(box, params["default_payment_method"], customer)
    prices = _prices(box, params, params.get("currency") or items.currency_for(box, params["items"], customer))
    _check_currency(box, customer, prices[0]["currency"])
    now = box.clock.now()
    trial_end = _trial_end(box, params, now)
    anchor = params.get("billing_cycle_anchor") or trial_end or now
    if anchor < now:
        raise invalid("billing_cycle_anchor cannot be in the past.", "billing_cycle_anchor")
    subscription = box.store.add(subscription_record.build(box, params, customer, prices[0], anchor, trial_end))
    planned = [
        _plan(params["items"][index], f"items[{index}]", price, anchor, now, trial_end)
        for index, price in enumerate(prices)
    ]
    items.put(box, subscription, planned)
    used = discounts.redeem(box, params.get("discounts") or [], subscription)
    box.store.update(subscription, discounts=used)
    if params.get("cancel_at_period_end"):
        end = min(item["current_period_end"] for item in items.of(box, subscription))
        box.store.update(subscription, cancel_at=end, canceled_at=now)
    if customer["currency"] is None:
        box.store.update(customer, currency=subscription["currency"])
    return subscription


def first_invoice(box: Sandbox, subscription: Record) -> Record | None:
    """The draft of the first invoice; None when there are only metered items, which bill afterwards."""
    drawn = []
    for item in items.of(box, subscription):
        price, _ = lines.priced(box, item)
        if not items.is_metered(price):
            drawn.append(_first_line(box, subscription, item, price))
    if not drawn:
        return None
    drawn = [*pending.drawn(box, subscription), *drawn]
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, billing_reason="subscription_create")
    for id, debits in items.debits_of(drawn).items():
        box.store.update(box.store.need("subscription_item", id), _debits=debits)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice


def _check(params: dict[str, Any]) -> None:
    refuse_others(params, SUPPORTED)
    for name in ("customer", "items"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if len(params["items"]) > items.MOST:
        raise invalid(f"A subscription may have at most {items.MOST} items.", "items")
    if (params.get("billing_mode") or {}).get("type", "flexible") != "flexible":
        raise unsupported("billing_mode[type]")
    if params.get("payment_behavior") == "pending_if_incomplete":
        message = "Creating a subscription with `payment_behavior` set to `pending_if_incomplete` is not supported."
        raise invalid(message, "payment_behavior")
    if "trial_end" in params and "trial_period_days" in params:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", "trial_end")


def _check_method(box: Sandbox, id: str, customer: Record) -> None:
    method = box.store.need("payment_method", id, "default_payment_method")
    if method["customer"] != customer["id"]:
        raise invalid(
            "The customer does not have a payment method with the ID "
            + id
            + ". The payment method must be attached to "
            "the customer.",
            "default_payment_method",
            "resource_missing",
        )


def _check_currency(box: Sandbox, customer: Record, currency: str) -> None:
    for other in box.store.of("subscription", "customer", customer["id"]):
        if other["status"] not in endings.OVER and other["currency"] != currency:
            message = (
                "You cannot combine currencies on a single customer. This customer has an active subscription with "
                f"currency {other['currency']}."
            )
            raise invalid(message, "items")


def _prices(box: Sandbox, params: dict[str, Any], currency: str | None) -> list[Record]:
    found: list[Record] = []
    for index, given in enumerate(params["items"]):
        price = items.wanted_price(box, given, f"items[{index}]", currency or (found[0]["currency"] if found else None))
        if price in found:
            message = f"Cannot add multiple subscription items with the same price: {price['id']}"
            raise invalid(message, f"items[{index}][price]")
        found.append(price)
    return found


def _trial_end(box: Sandbox, params: dict[str, Any], now: int) -> int | None:
    if params.get("trial_period_days"):
        return now + int(params["trial_period_days"]) * DAY
    end = params.get("trial_end")
    if end in (None, "now"):
        return None
    if end <= now:
        raise invalid("trial_end must be in the future.", "trial_end")
    return int(end)


def _plan(given: dict[str, Any], param: str, price: Record, anchor: int, now: int, trial_end: int | None) -> Planned:
    return {
        "id": new_id("si", 14),
        "price": price["id"],
        "quantity": items.quantity_of(price, given, param),
        "metadata": given.get("metadata") or {},
        "tax_rates": given.get("tax_rates") or [],
        "current_period_start": now,
        "current_period_end": trial_end or items.period(price, anchor, now)[1],
        "debits": [],
    }


def _first_line(box: Sandbox, subscription: Record, item: Record, price: Record) -> Record:
    start, end = item["current_period_start"], item["current_period_end"]
    if subscription["trial_end"]:
        return lines.for_trial(box, item, start, end)
    whole_start, whole_end = items.period(price, subscription["billing_cycle_anchor"], start)
    if whole_start == start:
        return lines.for_period(box, item, start, end)
    return proration_lines.partial_period(box, item, whole_start, whole_end)


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
