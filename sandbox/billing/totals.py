"""From lines to the sums of an invoice: discounts per line, then taxes on what is left, then the customer's balance.

Rounding: half up per line and tax rate. Simplification: automatic tax is accepted and finds no tax to collect.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing import discounts
from sandbox.billing.pricing import rounded
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def apply(box: Sandbox, lines: list[Record], discount_ids: Iterable[str], tax_rates: list[str]) -> dict[str, Any]:
    """Put discounts and taxes on new lines; answers the invoice's sums that follow from the lines alone.

    ``tax_rates`` apply to the lines that have none of their own.
    """
    for discount in discounts.of(box, discount_ids):
        for id, amount in discounts.spread(box, discount, lines).items():
            if amount:
                line = next(one for one in lines if one["id"] == id)
                line["discount_amounts"] = [*line["discount_amounts"], {"amount": amount, "discount": discount["id"]}]
    for line in lines:
        line["discounts"] = [one["discount"] for one in line["discount_amounts"]]
        line["taxes"] = [_tax(box, line, rate) for rate in line["_tax_rates"] or tax_rates]
    return sums(lines)


def sums(lines: list[Record]) -> dict[str, Any]:
    """Subtotal, discounts, taxes and total of finished lines, in minor units."""
    subtotal = sum(line["amount"] for line in lines)
    off = _by_key((one["discount"], one["amount"]) for line in lines for one in line["discount_amounts"])
    taxes = _total_taxes(lines)
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    net = subtotal - sum(off.values())
    return {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": net + exclusive,
        "total_discount_amounts": [{"amount": amount, "discount": id} for id, amount in off.items()],
        "total_excluding_tax": net - inclusive,
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


def _tax(box: Sandbox, line: Record, rate_id: str) -> dict[str, Any]:
    rate = box.store.need("tax_rate", rate_id)
    base = discounts.remaining(line)
    share = Decimal(str(rate["percentage"])) / 100
    inclusive = rate["inclusive"]
    amount = rounded(base - base / (1 + share) if inclusive else base * share)
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate_id},
        "taxability_reason": "not_available",
        "taxable_amount": base - amount if inclusive else base,
        "type": "tax_rate_details",
    }


def _total_taxes(lines: list[Record]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for tax in (tax for line in lines for tax in line["taxes"]):
        rate = tax["tax_rate_details"]["tax_rate"]
        if rate not in found:
            found[rate] = dict(tax)
        else:
            found[rate]["amount"] += tax["amount"]
            found[rate]["taxable_amount"] += tax["taxable_amount"]
    return list(found.values())


def _by_key(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, amount in pairs:
        found[key] = found.get(key, 0) + amount
    return found
