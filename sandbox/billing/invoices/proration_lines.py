"""Prorations as lines of a shortened period, and as pending items when the end of a subscription moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import proration
from sandbox.billing.invoices import lines, pending
from sandbox.billing.subscriptions import items
from sandbox.billing.subscriptions.items import Debit, Planned
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def for_stretch(
    box: Sandbox, item: Record, anchor: int, start: int, limit: int | None, *, free: bool = False
) -> Record:
    """The line of a licensed item from ``start`` to the end of its period, or to the ``limit`` if that comes first.

    A whole period costs the whole price, less of it that part; a ``free`` one nothing.
    """
    price, _ = lines.priced(box, item)
    whole_start, whole_end = items.period(price, anchor, start)
    end = min(whole_end, limit or whole_end)
    line = lines.for_period(box, item, start, end)
    if (start, end) == (whole_start, whole_end):
        return line
    amount = 0 if free else proration.share(line["amount"], start, end, whole_start, whole_end)
    return {**line, "amount": amount, "subtotal": amount}


def settle_until(box: Sandbox, subscription: Record, planned: Planned) -> list[Debit]:
    """Let what was asked for an item end with its subscription, or with its period; answers the debits that remain.

    What was asked beyond that is credited, what is not asked for yet up to there is debited.
    """
    until = min(planned["current_period_end"], subscription["cancel_at"] or planned["current_period_end"])
    debits: list[Debit] = planned["debits"]
    covered = max((debit["end"] for debit in debits), default=until)
    if covered > until:
        pending.credit(box, subscription, planned, until)
        return [cut for debit in debits if (cut := _cut(debit, until))["end"] > cut["start"]]
    if covered < until:
        price, _ = lines.priced(box, planned, subscription["currency"])
        whole = items.period(price, subscription["billing_cycle_anchor"], covered)
        return [*debits, pending.as_debit(pending.debit(box, subscription, planned, covered, until, whole))]
    return debits


def _cut(debit: Debit, until: int) -> Debit:
    taken = proration.credit(debit["amount"], until, debit["start"], debit["end"])
    return {**debit, "amount": debit["amount"] + taken, "end": min(debit["end"], until)}
