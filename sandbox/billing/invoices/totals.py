"""From lines to the sums of an invoice: discounts per line, then taxes on what is left, then the customer's balance.

Rounding: half up per line and tax rate. Assumption: what is taken off single lines counts among the discounts, and is in
the subtotal like what is taken off the whole. Taxes that are included in a price share what they are included in; a tax that comes
on top is a part of the price without those. Assumption: a customer who is exempt pays no tax by given rates either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import rounded
from sandbox.billing.invoices import discounts
from sandbox.billing.taxes import automatic_tax
from sandbox.billing.taxes.automatic_tax import EXEMPTIONS, UNTAXED, Assessment
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


@dataclass(frozen=True)
class Taxation:
    """How the lines of an invoice are taxed: by rates that were given, or automatically.

    A line's own rates win over both.
    """

    rates: list[str]
    reason: str = "not_available"
    assessment: Assessment | None = None

    @classmethod
    def of(cls, box: Sandbox, customer: Record, rates: list[str], *, automatic: bool) -> Taxation:
        """What applies to a customer; ``automatic`` tax is none while nobody knows where they are."""
        reason = EXEMPTIONS.get(customer["tax_exempt"], "not_available")
        return cls(rates, reason, automatic_tax.assess(box, customer) if automatic else None)

    def of_line(self, box: Sandbox, line: Record) -> list[dict[str, Any]]:
        """The ``taxes`` of a line whose discounts and credits are known."""
        if self.assessment and not line["_tax_rates"]:
            return _taxes(line, self.assessment.rates(box, inclusive=_behavior(box, line) == "inclusive"))
        rates = [box.store.need("tax_rate", id) for id in line["_tax_rates"] or self.rates]
        return _taxes(line, [(rate, self.reason) for rate in rates])


def apply(box: Sandbox, lines: list[Record], discount_ids: Iterable[str], taxation: Taxation) -> dict[str, Any]:
    """Put discounts and taxes on lines that have none yet; answers the invoice's sums that follow from the lines alone.

    A line's own discounts come first, then those of the invoice.
    """
    for line in lines:
        _take_off(box, line["_discounts"], [line])
    _take_off(box, discount_ids, lines)
    for line in lines:
        line["discounts"] = [one["discount"] for one in line["discount_amounts"]]
        line["pretax_credit_amounts"] = [
            pretax(one["amount"], discount=one["discount"]) for one in line["discount_amounts"]
        ]
        line["taxes"] = taxation.of_line(box, line)
    return sums(lines)


def tax_again(box: Sandbox, invoice: Record) -> None:
    """Tax the lines of a draft anew, as its customer is taxed now, and sum them up."""
    customer = box.store.need("customer", invoice["customer"])
    rates, automatic = invoice["default_tax_rates"], invoice["automatic_tax"]["enabled"]
    taxation = Taxation.of(box, customer, rates, automatic=automatic)
    lines = [box.store.need("line_item", id) for id in invoice["lines"]]
    for line in lines:
        box.store.update(line, taxes=taxation.of_line(box, line))
    total = sums(lines)
    box.store.update(invoice, **total, **settle(total["total"], customer["balance"]))


def _take_off(box: Sandbox, discount_ids: Iterable[str], lines: list[Record]) -> None:
    for discount in discounts.of(box, discount_ids):
        taken = discounts.spread(box, discount, lines)
        for line in lines:
            if amount := taken.get(line["id"]):
                line["discount_amounts"] = [*line["discount_amounts"], {"amount": amount, "discount": discount["id"]}]


def sums(lines: list[Record]) -> dict[str, Any]:
    """Subtotal, discounts, taxes and total of finished lines, in minor units."""
    subtotal = sum(line["amount"] for line in lines)
    off = _by_key((one["discount"], one["amount"]) for line in lines for one in line["discount_amounts"])
    taxes = _total_taxes(lines)
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    net = sum(taxable(line) for line in lines)
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": net + exclusive,
        "total_discount_amounts": [{"amount": amount, "discount": id} for id, amount in off.items()],
        "total_excluding_tax": net - inclusive,
        "total_pretax_credit_amounts": _total_pretax(lines),
        "total_taxes": taxes,
    }


def settle(total: int, balance: int) -> dict[str, int]:
    """How a total meets the customer's balance (negative: credit): what is due, and the balance after.

    A negative total becomes credit; a due amount takes what credit there is, or adds what the customer owes.
    """
    if total < 0:
        due, after = 0, balance + total
    else:
        due = max(0, total + balance)
        after = balance + total - due
    return {
        "starting_balance": balance,
        "ending_balance": after,
        "amount_due": due,
        "amount_remaining": due,
        "amount_paid": 0,
    }


def taxable(line: Record) -> int:
    """What of a line can be taxed: its amount after discounts and credits."""
    credits = (one for one in line["pretax_credit_amounts"] if one["type"] == "credit_balance_transaction")
    return discounts.remaining(line) - sum(int(one["amount"]) for one in credits)


def pretax(amount: int, *, discount: str | None = None, transaction: str | None = None) -> dict[str, Any]:
    """What is taken off before taxes: by a discount, otherwise by billing credits."""
    kind = "discount" if discount else "credit_balance_transaction"
    return {"amount": amount, "credit_balance_transaction": transaction, "discount": discount, "type": kind}


def _total_pretax(lines: list[Record]) -> list[dict[str, Any]]:
    """The same of all lines, with what one discount takes off in one entry."""
    found = [one for line in lines for one in line["pretax_credit_amounts"]]
    off = _by_key((one["discount"], one["amount"]) for one in found if one["discount"])
    return [pretax(amount, discount=id) for id, amount in off.items()] + [one for one in found if not one["discount"]]


def _behavior(box: Sandbox, line: Record) -> str:
    details = (line["pricing"] or {}).get("price_details")
    return str(box.store.need("price", details["price"])["tax_behavior"]) if details else "unspecified"


def _taxes(line: Record, rates: list[tuple[Record, str]]) -> list[dict[str, Any]]:
    base = taxable(line)
    whole = 1 + sum(_share(rate, reason) for rate, reason in rates if rate["inclusive"])
    included = {rate["id"]: rounded(base * _share(rate, reason) / whole) for rate, reason in rates if rate["inclusive"]}
    net = base - sum(included.values())
    return [_tax(rate, reason, net, included.get(rate["id"])) for rate, reason in rates]


def _share(rate: Record, reason: str) -> Decimal:
    return Decimal(0) if reason in UNTAXED else Decimal(str(rate["percentage"])) / 100


def _tax(rate: Record, reason: str, net: int, included: int | None) -> dict[str, Any]:
    return {
        "amount": rounded(net * _share(rate, reason)) if included is None else included,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": 0 if reason in UNTAXED else net,
        "type": "tax_rate_details",
    }


def _total_taxes(lines: list[Record]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        key = (tax["tax_rate_details"]["tax_rate"], tax["taxability_reason"])
        if key not in found:
            found[key] = dict(tax)
        else:
            found[key]["amount"] += tax["amount"]
            found[key]["taxable_amount"] += tax["taxable_amount"]
    return list(found.values())


def _by_key(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, amount in pairs:
        found[key] = found.get(key, 0) + amount
    return found
