"""Usage that was reported after its period, while the invoice for it is a draft: it is on the invoice when that is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.invoices import drafts, lines
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

MEASURED = ("amount", "description", "pricing", "quantity", "quantity_decimal", "subtotal")
"""What a meter decides about a line."""


def measure_again(box: Sandbox, invoice: Record) -> None:
    """Bring the usage lines of a draft, and then its sums, up to date."""
    old = drafts.lines_of(box, invoice)
    new = [line for same in _periods(old) for line in _measured(box, same)]
    if [_seen(line) for line in new] == [_seen(line) for line in old]:
        return
    kept = {line["id"] for line in new}
    for line in old:
        if line["id"] not in kept:
            box.store.remove(line)
    for line in new:
        stored = box.store.get("line_item", line["id"])
        if stored:
            box.store.update(stored, **_seen(line))
        else:
            box.store.add(line)
    box.store.update(invoice, lines=[line["id"] for line in new])
    drafts.recalculate(box, invoice)


def _periods(found: list[Record]) -> list[list[Record]]:
    """The lines, with those for the same usage (one per tier) together."""
    together: dict[str, list[Record]] = {}
    for line in found:
        details = (line["parent"] or {}).get("subscription_item_details") or {}
        key = f"{details['subscription_item']} {line['period']}" if line["_usage"] else line["id"]
        together.setdefault(key, []).append(line)
    return list(together.values())


def _measured(box: Sandbox, same: list[Record]) -> list[Record]:
    """What the lines for the same usage would be if they were drawn now."""
    line = same[0]
    if not line["_usage"]:
        return same
    id = line["parent"]["subscription_item_details"]["subscription_item"]
    item = {
        **(box.store.get("subscription_item", id) or {}),
        "id": id,
        "metadata": line["metadata"],
        "price": line["pricing"]["price_details"]["price"],
        "subscription": line["subscription"],
        "tax_rates": line["_tax_rates"],
    }
    drawn = lines.split([lines.for_usage(box, item, line["period"]["start"], line["period"]["end"])])
    return [
        {**line, "id": same[place]["id"] if place < len(same) else part["id"], **_seen(part)}
        for place, part in enumerate(drawn)
    ]


def _seen(line: Record) -> Record:
    return {name: line[name] for name in MEASURED}
