"""Does the portal show what is at Stripe? Compared field by field (oracle O4), by SQL and Stripe's own API, not by the portal."""

from datetime import datetime
from typing import Any

from faults.house import House

Facts = dict[str, dict[str, Any]]
"""By Stripe id: the fields of an object as both sides can say them."""

SUBSCRIPTIONS = """
    SELECT s.stripe_id, s.status, p.stripe_price_id AS price, s.quantity, s.current_period_end, s.cancel_at, s.ended_at,
           s.trial_end, s.default_payment_method, s.latest_invoice
    FROM subscriptions s JOIN prices p ON p.id = s.price_id WHERE s.status NOT LIKE 'incomplete%'"""
INVOICES = """
    SELECT stripe_id, status, number, currency, total_amount, due_amount, paid_amount, remaining_amount FROM invoices"""
PAYMENTS = "SELECT stripe_id, status, amount, currency FROM payments"
ATTEMPTS = "SELECT stripe_id, status, amount, refunded_amount FROM payment_attempts"
CARDS = "SELECT stripe_id, brand, last4, exp_month, exp_year, is_default FROM payment_methods"
CUSTOMERS = "SELECT stripe_customer_id FROM organizations WHERE stripe_customer_id IS NOT NULL"


def differences(house: House) -> list[str]:
    """One sentence per field that differs, or object that one side lacks."""
    ours = {customer for (customer,) in house.rows(CUSTOMERS)}
    pairs = {
        "subscription": (_rows(house, SUBSCRIPTIONS), _subscriptions(house, ours)),
        "invoice": (_rows(house, INVOICES), _invoices(house, ours)),
        "payment": (_rows(house, PAYMENTS), _payments(house, ours)),
        "attempt": (_rows(house, ATTEMPTS), _attempts(house, ours)),
        "card": (_rows(house, CARDS), _cards(house, ours)),
    }
    return [sentence for kind, (here, there) in pairs.items() for sentence in _compare(kind, here, there)]


def _compare(kind: str, here: Facts, there: Facts) -> list[str]:
    found = [f"{kind} {one} is not mirrored" for one in sorted(set(there) - set(here))]
    found += [f"{kind} {one} is not at Stripe" for one in sorted(set(here) - set(there))]
    for one in sorted(set(here) & set(there)):
        for name, theirs in there[one].items():
            if here[one][name] != theirs:
                found.append(f"{kind} {one}: {name} is {here[one][name]} here and {theirs} at Stripe")
    return found


def _rows(house: House, sql: str) -> Facts:
    return {row.pop("stripe_id"): {name: _plain(value) for name, value in row.items()} for row in house.dicts(sql)}


def _plain(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _subscriptions(house: House, ours: set[str]) -> Facts:
    found: Facts = {}
    for one in house.stripe("subscriptions", status="all"):
        item = one["items"]["data"][0]
        end = item["current_period_end"]
        found[one["id"]] = {
            "status": one["status"],
            "price": item["price"]["id"],
            "quantity": item.get("quantity") or 1,
            "current_period_end": end,
            "cancel_at": one["cancel_at"] or (end if one["cancel_at_period_end"] else None),
            "ended_at": one["ended_at"],
            "trial_end": one["trial_end"],
            "default_payment_method": one["default_payment_method"],
            "latest_invoice": one["latest_invoice"],
        }
        if one["customer"] not in ours or one["status"] in ("incomplete", "incomplete_expired"):
            del found[one["id"]]
    return found


def _invoices(house: House, ours: set[str]) -> Facts:
    return {
        one["id"]: {
            "status": one["status"],
            "number": one["number"],
            "currency": one["currency"],
            "total_amount": one["total"],
            "due_amount": one["amount_due"],
            "paid_amount": one["amount_paid"],
            "remaining_amount": one["amount_remaining"],
        }
        for one in house.stripe("invoices")
        if one["customer"] in ours and one["status"] != "draft"
    }


def _payments(house: House, ours: set[str]) -> Facts:
    fields = ("status", "amount", "currency")
    intents = house.stripe("payment_intents")
    return {one["id"]: {name: one[name] for name in fields} for one in intents if one["customer"] in ours}


def _attempts(house: House, ours: set[str]) -> Facts:
    return {
        one["id"]: {"status": one["status"], "amount": one["amount"], "refunded_amount": one["amount_refunded"]}
        for one in house.stripe("charges")
        if one["customer"] in ours
    }


def _cards(house: House, ours: set[str]) -> Facts:
    found: Facts = {}
    for customer in house.stripe("customers"):
        default = customer["invoice_settings"]["default_payment_method"]
        for one in house.stripe("payment_methods", customer=customer["id"]) if customer["id"] in ours else ():
            card = {name: one["card"][name] for name in ("brand", "last4", "exp_month", "exp_year")}
            found[one["id"]] = card | {"is_default": one["id"] == default}
    return found
