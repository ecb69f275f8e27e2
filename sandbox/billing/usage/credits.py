"""Billing credits: grants, what invoices take of them, and a transaction for each change.

Stripe's rules: credits pay for lines with a metered price when an invoice is finalized, after discounts and before taxes;
of several grants the one with the smallest ``priority`` comes first, then the one that expires earliest, a promotional one
before a paid one, the one effective earliest, the oldest. Voiding an invoice gives them back; a grant that has expired
meanwhile expires again at once.
Assumptions: lines are paid in the order of the invoice; a grant that is not effective yet is in the ledger and not
available; a grant whose credits all came back counts as unused. Simplification: credit notes give no credits back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import totals
from sandbox.errors import invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

GRANT, TRANSACTION = "billing.credit_grant", "billing.credit_balance_transaction"


def grant(box: Sandbox, record: Record) -> Record:
    """Store a new grant, and the credit that it is."""
    value = record["amount"]["monetary"]["value"]
    stored = box.store.add({**record, "_left": 0, "_expired": False})
    box.events.record("billing.credit_grant.created", stored)
    _book(box, stored, value, "credits_granted", record["effective_at"])
    return stored


def expire(box: Sandbox, grant: Record) -> None:
    """What is left of a grant is gone."""
    box.store.update(grant, _expired=True)
    if grant["_left"]:
        _book(box, grant, -grant["_left"], "credits_expired")


def void(box: Sandbox, grant: Record) -> None:
    """Take back a grant that paid for nothing; others are refused."""
    need_live(grant)
    if is_used(grant):
        raise invalid("This credit grant cannot be voided because it has been applied to an invoice.")
    with box.events.updating(grant):
        box.store.update(grant, voided_at=box.clock.now(), updated=box.clock.now())
    _book(box, grant, -grant["_left"], "credits_voided")


def need_live(grant: Record) -> None:
    """Refuse what cannot be done to a grant that is over."""
    if grant["voided_at"] is not None or grant["_expired"]:
        state = "voided" if grant["voided_at"] is not None else "expired"
        raise invalid(f"This credit grant has already been {state}.")


def is_used(grant: Record) -> bool:
    return bool(grant["_left"] < grant["amount"]["monetary"]["value"])


def available(box: Sandbox, grant: Record) -> int:
    """What of a grant an invoice could take now, in minor units."""
    now, expires = box.clock.now(), grant["expires_at"]
    usable = grant["effective_at"] <= now and (expires is None or expires > now) and not grant["_expired"]
    return int(grant["_left"]) if usable else 0


def apply(box: Sandbox, invoice: Record, *, booked: bool = True) -> None:
    """Let the customer's grants pay for the metered lines of a draft; ``booked`` False shows it without transactions."""
    grants = sorted(_grants(box, invoice), key=_rank)
    if not grants:
        return
    lines = [box.store.need("line_item", id) for id in invoice["lines"]]
    paid = [_pay(box, line, one, booked) for line in lines for one in grants if _covers(box, one, line)]
    if any(paid):
        totals.tax_again(box, invoice)


def reinstate(box: Sandbox, invoice: Record) -> None:
    """An invoice was voided: give back the credits that paid for it."""
    for id in invoice["lines"]:
        for credit in box.store.need("line_item", id)["pretax_credit_amounts"]:
            if not credit["credit_balance_transaction"]:
                continue
            transaction = box.store.need(TRANSACTION, credit["credit_balance_transaction"])
            grant = box.store.need(GRANT, transaction["credit_grant"])
            where = {"invoice": invoice["id"], "invoice_line_item": id}
            _book(box, grant, credit["amount"], "credits_application_invoice_voided", where=where)
            if grant["_expired"]:
                expire(box, grant)


def balances(box: Sandbox, grants: Iterable[Record]) -> list[dict[str, Any]]:
    """The available and the ledger balance of grants, one entry per currency."""
    found: dict[str, list[int]] = {}
    for one in grants:
        sums = found.setdefault(one["amount"]["monetary"]["currency"], [0, 0])
        sums[0] += available(box, one)
        sums[1] += one["_left"]
    return [
        {"available_balance": _monetary(sums[0], currency), "ledger_balance": _monetary(sums[1], currency)}
        for currency, sums in found.items()
    ]


def _grants(box: Sandbox, invoice: Record) -> list[Record]:
    found = box.store.of(GRANT, "customer", invoice["customer"])
    return [
        one for one in found if one["amount"]["monetary"]["currency"] == invoice["currency"] and available(box, one) > 0
    ]


def _rank(grant: Record) -> tuple[Any, ...]:
    expires = math.inf if grant["expires_at"] is None else grant["expires_at"]
    return grant["priority"], expires, grant["category"] != "promotional", grant["effective_at"], grant["created"]


def _covers(box: Sandbox, grant: Record, line: Record) -> bool:
    """Whether a grant may pay for a line, whatever is left of either."""
    details = (line["pricing"] or {}).get("price_details")
    if not details or (line["parent"] or {}).get("type") != "subscription_item_details":
        return False
    prices = grant["applicability_config"]["scope"]["prices"]
    if prices:
        return any(one["id"] == details["price"] for one in prices)
    return bool((box.store.need("price", details["price"])["recurring"] or {}).get("meter"))


def _pay(box: Sandbox, line: Record, grant: Record, booked: bool) -> int:
    amount = min(totals.taxable(line), int(grant["_left"]))
    if amount <= 0:
        return 0
    transaction = None
    if booked:
        where = {"invoice": line["invoice"], "invoice_line_item": line["id"]}
        transaction = _book(box, grant, -amount, "credits_applied", where=where)["id"]
    else:
        box.store.update(grant, _left=grant["_left"] - amount)
    credit = totals.pretax(amount, transaction=transaction)
    box.store.update(line, pretax_credit_amounts=[*line["pretax_credit_amounts"], credit])
    return amount


def _book(
    box: Sandbox,
    grant: Record,
    change: int,
    kind: str,
    effective_at: int | None = None,
    where: dict[str, str] | None = None,
) -> Record:
    """Change what is left of a grant by ``change`` minor units and write down why."""
    box.store.update(grant, _left=grant["_left"] + change)
    side = "credit" if change > 0 else "debit"
    details: dict[str, Any] = {"amount": _monetary(abs(change), grant["amount"]["monetary"]["currency"]), "type": kind}
    reason = "credits_application_invoice_voided" if side == "credit" else "credits_applied"
    details[reason] = where
    transaction = {
        **box.contract.blank(TRANSACTION),
        "id": new_id("cbtxn"),
        "created": box.clock.now(),
        "credit_grant": grant["id"],
        "effective_at": effective_at or box.clock.now(),
        "type": side,
        side: details,
        "_customer": grant["customer"],
    }
    box.store.add(transaction)
    box.events.record("billing.credit_balance_transaction.created", transaction)
    return transaction


def _monetary(value: int, currency: str) -> dict[str, Any]:
    return {"type": "monetary", "monetary": {"currency": currency, "value": value}}
