"""The lines of a credit note: what of each invoice line is credited, and the discounts and taxes that go with it.

What is left of an invoice line is what its earlier credit notes did not take. A note takes a part of that, and the same
part of its discounts, credits and taxes; who takes all that is left takes exactly what is left, whatever was rounded before.
Assumptions: the ``amount`` of an invoice line is before discounts and taxes on top; an amount for the whole note is spread
over the invoice's lines in proportion to what is left of each. As at Stripe a line is credited either by quantity or by
amount. Simplification: tax amounts that were worked out elsewhere are refused.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import rounded
from sandbox.billing.catalog.shares import allocate
from sandbox.billing.invoices import drafts
from sandbox.billing.invoices.totals import Taxation
from sandbox.crud import new_metadata, refuse
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PARTS = ("discount_amounts", "pretax_credit_amounts", "taxes")
"""What of a line comes as a list of amounts."""
ONLY_CUSTOM = ("description", "tax_rates", "unit_amount", "unit_amount_decimal")
ONLY_INVOICED = ("amount", "invoice_line_item")


def of_params(box: Sandbox, invoice: Record, notes: list[Record], given: list[dict[str, Any]]) -> list[Record]:
    """The lines that the parameters ask for; ``notes`` are the invoice's earlier ones that count."""
    left = _left(box, invoice, notes)
    made = []
    for index, wish in enumerate(given):
        place = f"lines[{index}]"
        refuse({f"{place}[{name}]": None for name in wish}, (f"{place}[tax_amounts]",))
        if wish["type"] == "custom_line_item":
            made.append(_custom(box, invoice, wish, place))
        else:
            made.append(_invoiced(box, left, wish, place))
    return made


def of_amount(box: Sandbox, invoice: Record, notes: list[Record], total: int) -> list[Record]:
    """Lines that come to ``total`` minor units, taxes included."""
    left = _left(box, invoice, notes)
    open_lines = {id: _total(line) for id, line in left.items() if _total(line) > 0}
    made = []
    for id, share in allocate(total, open_lines).items():
        if share:
            made.append(_spread(box, left[id], share, open_lines[id]))
    return made


def _left(box: Sandbox, invoice: Record, notes: list[Record]) -> dict[str, Record]:
    """The invoice's lines, less what earlier notes took of them."""
    left = {line["id"]: {**line, "_by": None} for line in drafts.lines_of(box, invoice)}
    for id in (id for note in notes for id in note["lines"]):
        taken = box.store.need("credit_note_line_item", id)
        line = left.get(taken["invoice_line_item"] or "")
        if line:
            line["amount"] -= taken["amount"]
            line["quantity"] = (line["quantity"] or 0) - (taken["quantity"] or 0)
            line["_by"] = "amount" if taken["quantity"] is None else "quantity"
            for part in PARTS:
                line[part] = [_less(mine, other) for mine, other in zip(line[part], taken[part], strict=True)]
    return left


def _less(mine: dict[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    less = {**mine, "amount": mine["amount"] - taken["amount"]}
    return (
        {**less, "taxable_amount": mine["taxable_amount"] - taken["taxable_amount"]}
        if "taxable_amount" in mine
        else less
    )


def _invoiced(box: Sandbox, left: dict[str, Record], wish: dict[str, Any], place: str) -> Record:
    for name in ONLY_CUSTOM:
        if name in wish:
            raise invalid(f"`{name}` is for lines of the type custom_line_item.", f"{place}[{name}]")
    id = wish.get("invoice_line_item", "")
    if id not in left:
        raise missing_resource("line_item", id, f"{place}[invoice_line_item]")
    line, by = left[id], "quantity" if "quantity" in wish else "amount"
    if ("amount" in wish) == ("quantity" in wish):
        raise invalid("You must pass either amount or quantity for an invoice line item.", f"{place}[amount]")
    if line["_by"] not in (None, by):
        message = f"The invoice line item was credited by {line['_by']}, so it can only be credited that way."
        raise invalid(message, f"{place}[{by}]")
    if not 0 < wish[by] <= (line[by] or 0):
        raise invalid(f"Only {line[by] or 0} of the invoice line item can still be credited.", f"{place}[{by}]")
    made = _scaled(box, line, Decimal(wish[by]) / line[by])
    made |= {"metadata": new_metadata(wish), "quantity": wish.get("quantity")}
    left[id] = _after(line, made, by)
    return made


def _after(line: Record, made: Record, by: str) -> Record:
    parts = {part: [_less(*pair) for pair in zip(line[part], made[part], strict=True)] for part in PARTS}
    quantity = (line["quantity"] or 0) - (made["quantity"] or 0)
    return {**line, **parts, "amount": line["amount"] - made["amount"], "quantity": quantity, "_by": by}


def _custom(box: Sandbox, invoice: Record, wish: dict[str, Any], place: str) -> Record:
    for name in ONLY_INVOICED:
        if name in wish:
            raise invalid(f"`{name}` is for lines of the type invoice_line_item.", f"{place}[{name}]")
    if invoice["automatic_tax"]["enabled"]:
        raise invalid("An invoice with automatic tax has no custom lines in its credit notes.", f"{place}[type]")
    unit = wish.get("unit_amount_decimal", wish.get("unit_amount"))
    if unit is None or ("unit_amount" in wish and "unit_amount_decimal" in wish):
        raise invalid("You must pass either unit_amount or unit_amount_decimal.", f"{place}[unit_amount]")
    quantity = wish.get("quantity", 1)
    amount = rounded(Decimal(unit) * quantity)
    if amount <= 0:
        raise invalid("A credit note line item must be for a positive amount.", f"{place}[unit_amount]")
    rates = [box.store.need("tax_rate", id, f"{place}[tax_rates]")["id"] for id in wish.get("tax_rates") or []]
    line = {
        **_blank(box),
        "amount": amount,
        "description": wish.get("description"),
        "metadata": new_metadata(wish),
        "quantity": quantity,
        "tax_rates": rates,
        "type": "custom_line_item",
        "unit_amount": wish.get("unit_amount"),
        "unit_amount_decimal": f"{Decimal(unit).normalize():f}",
    }
    return {**line, "taxes": Taxation(rates).of_line(box, {**line, "_tax_rates": rates})}


def _spread(box: Sandbox, line: Record, share: int, whole: int) -> Record:
    """The part of a line that comes to ``share`` of its total; what rounding leaves is in the amount."""
    made = _scaled(box, line, Decimal(share) / whole)
    return {**made, "amount": made["amount"] + share - _total(made)}


def _scaled(box: Sandbox, line: Record, factor: Decimal) -> Record:
    discounts = [_part(one, factor) for one in line["discount_amounts"]]
    return {
        **_blank(box),
        "amount": rounded(line["amount"] * factor),
        "description": line["description"],
        "discount_amount": sum(one["amount"] for one in discounts),
        "discount_amounts": discounts,
        "invoice_line_item": line["id"],
        "pretax_credit_amounts": [_part(one, factor) for one in line["pretax_credit_amounts"]],
        "tax_rates": [tax["tax_rate_details"]["tax_rate"] for tax in line["taxes"]],
        "taxes": [_part(one, factor) for one in line["taxes"]],
        "type": "invoice_line_item",
        "unit_amount_decimal": (line["pricing"] or {}).get("unit_amount_decimal"),
    }


def _part(one: dict[str, Any], factor: Decimal) -> dict[str, Any]:
    amounts = {name: rounded(one[name] * factor) for name in ("amount", "taxable_amount") if one.get(name) is not None}
    return {**one, **amounts}


def _blank(box: Sandbox) -> Record:
    return {
        **box.contract.blank("credit_note_line_item"),
        "id": new_id("cnli"),
        "discount_amount": 0,
        "discount_amounts": [],
        "metadata": {},
        "pretax_credit_amounts": [],
        "tax_rates": [],
        "taxes": [],
    }


def _total(line: Record) -> int:
    """What a line comes to after discounts and credits, with the taxes on top."""
    taxes = sum(tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == "exclusive")
    return int(line["amount"] - sum(one["amount"] for one in _taken(line)) + taxes)


def _taken(line: Record) -> list[dict[str, Any]]:
    credits = [one for one in line["pretax_credit_amounts"] if one["type"] == "credit_balance_transaction"]
    return [*line["discount_amounts"], *credits]
