"""What must hold of money at every moment, whatever was done before. Works on plain API objects; answers what does not hold."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import stripe

Object = dict[str, Any]


def everything(list_call: Callable[[dict[str, Any]], stripe.ListObject[Any]], **filters: Any) -> list[Object]:
    """All objects of a list, oldest first."""
    found = list_call({"limit": 100, **filters}).auto_paging_iter()
    return [one.to_dict(for_json=True) for one in found][::-1]


def broken(client: stripe.StripeClient) -> list[str]:
    """Every sentence about an invoice, a charge, a credit note or a balance that is not true."""
    v1 = client.v1
    invoices = everything(v1.invoices.list)
    for invoice in invoices:
        if invoice["lines"]["has_more"]:
            invoice["lines"]["data"] = everything(lambda p, id=invoice["id"]: v1.invoices.line_items.list(id, p))[::-1]
    notes = everything(v1.credit_notes.list)
    return [
        *(problem for invoice in invoices for problem in of_invoice(invoice)),
        *numbering(invoices),
        *frozen(invoices, everything(v1.events.list, type="invoice.finalized")),
        *refunding(everything(v1.charges.list), everything(v1.refunds.list)),
        *crediting(invoices, notes),
        *balances(
            everything(v1.customers.list),
            lambda id: everything(lambda p: v1.customers.balance_transactions.list(id, p)),
        ),
    ]


def of_invoice(invoice: Object) -> list[str]:
    """Lines, discounts, taxes and credits make the total; what was paid and what remains make what is due."""
    lines = invoice["lines"]["data"]
    off = _total(invoice["total_discount_amounts"])
    pretax = invoice.get("total_pretax_credit_amounts") or []
    credits = _total([one for one in pretax if one["type"] == "credit_balance_transaction"])
    exclusive = sum(tax["amount"] for tax in invoice["total_taxes"] or [] if tax["tax_behavior"] == "exclusive")
    due = invoice["amount_due"] + invoice["pre_payment_credit_notes_amount"]
    settled = invoice["total"] + invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    is_final = invoice["status"] not in ("draft", "void")
    sentences = {
        "the lines make the subtotal": invoice["subtotal"] == sum(line["amount"] for line in lines),
        "discounts, credits and taxes lead to the total": invoice["total"]
        == invoice["subtotal"] - off - credits + exclusive,
        "the lines' discounts make the invoice's": off == sum(_total(line["discount_amounts"]) for line in lines),
        "the lines' taxes make the invoice's": _total(invoice["total_taxes"])
        == sum(_total(line["taxes"]) for line in lines),
        "paid and remaining make the due": invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
        or not is_final,
        "total and balance make the due": settled == due or not is_final,
        "nothing is owed below zero": invoice["amount_due"] >= 0 and invoice["amount_remaining"] >= 0,
        "nothing remains of a paid one": invoice["status"] != "paid" or invoice["amount_remaining"] == 0,
        "no line is discounted below zero": all(
            _total(line["discount_amounts"]) <= abs(line["amount"]) for line in lines
        ),
        "one currency": all(line["currency"] == invoice["currency"] for line in lines),
        "whole minor units": all(isinstance(line["amount"], int) for line in lines),
    }
    return [
        f"{invoice['id']} ({invoice['status']}): not true that {what}" for what, holds in sentences.items() if not holds
    ]


def numbering(invoices: list[Object]) -> list[str]:
    """A number is given once, and a customer's series has no gap."""
    series: dict[str, list[int]] = defaultdict(list)
    for invoice in invoices:
        if invoice["number"]:
            prefix, sequence = invoice["number"].rsplit("-", 1)
            series[prefix].append(int(sequence))
    return [
        f"{prefix}: {sorted(numbers)}"
        for prefix, numbers in series.items()
        if sorted(numbers) != [*range(1, len(numbers) + 1)]
    ]


def frozen(invoices: list[Object], finalized: list[Object]) -> list[str]:
    """The lines of a final invoice are those it was finalized with."""
    then = {event["data"]["object"]["id"]: _sums(event["data"]["object"]) for event in finalized}
    return [
        f"{one['id']} changed after it was final" for one in invoices if then.get(one["id"], _sums(one)) != _sums(one)
    ]


def refunding(charges: list[Object], refunds: list[Object]) -> list[str]:
    """No charge gives back more than it took."""
    back: dict[str, int] = defaultdict(int)
    for refund in refunds:
        if refund["status"] not in ("failed", "canceled"):
            back[refund["charge"]] += refund["amount"]
    return [
        f"{charge['id']}: refunds of {back[charge['id']]}, it says {charge['amount_refunded']} of {charge['amount']}"
        for charge in charges
        if not back[charge["id"]] == charge["amount_refunded"] <= charge["amount"]
    ]


def crediting(invoices: list[Object], notes: list[Object]) -> list[str]:
    """Credit notes never exceed their invoice, and the invoice knows their sum."""
    credited: dict[str, int] = defaultdict(int)
    for note in notes:
        if note["status"] == "issued":
            credited[note["invoice"]] += note["total"]
    return [
        f"{one['id']}: credit notes of {credited[one['id']]} on a total of {one['total']}"
        for one in invoices
        if credited[one["id"]] > max(one["total"], 0)
        or credited[one["id"]] != one["pre_payment_credit_notes_amount"] + one["post_payment_credit_notes_amount"]
    ]


def balances(customers: list[Object], transactions_of: Callable[[str], list[Object]]) -> list[str]:
    """A customer's balance is the sum of its transactions, each of which knows the sum so far."""
    problems = []
    for customer in customers:
        ending = 0
        for transaction in transactions_of(customer["id"]):
            ending += transaction["amount"]
            if transaction["ending_balance"] != ending:
                problems.append(f"{transaction['id']}: {transaction['ending_balance']} instead of {ending}")
        if customer["balance"] != ending:
            problems.append(f"{customer['id']}: balance {customer['balance']}, transactions {ending}")
    return problems


def _total(amounts: Iterable[Object] | None) -> int:
    return sum(one["amount"] for one in amounts or ())


def _sums(invoice: Object) -> tuple[int, int, list[tuple[str, int]]]:
    lines = sorted((line["id"], line["amount"]) for line in invoice["lines"]["data"][:10])
    return invoice["subtotal"], invoice["total"], lines
